//! The cookie by which a browser is known again. Each link has its own.

use chatgpt_oauth::links::{LINK_REMEMBERED, LinkId, LinkSecret};
use http::header::{self, HeaderMap, HeaderValue};

use super::public_url::PublicUrl;

/// How much of the id of the link is in the name.
const ID: usize = 16;

/// The name of the cookie of a link. With the prefix `__Host-` no other host can set it; by
/// `http`, on loopback, a browser does not take that prefix.
fn name(url: &PublicUrl, link: &LinkId) -> String {
    let prefix = if url.is_https() { "__Host-" } else { "" };
    format!("{prefix}connect-{}", &link.as_str()[..ID])
}

/// What the browser has as the cookie of a link.
pub(super) fn read(url: &PublicUrl, link: &LinkId, headers: &HeaderMap) -> Option<LinkSecret> {
    let name = name(url, link);
    let values = headers.get_all(header::COOKIE).iter();
    let mut pairs = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(known, _)| *known == name)?;
    value.parse().ok()
}

/// The header that gives the browser the cookie of a link, which outlives the page.
pub(super) fn set(url: &PublicUrl, link: &LinkId, browser: &LinkSecret) -> Option<HeaderValue> {
    let (name, secret) = (name(url, link), browser.reveal());
    let secure = if url.is_https() { "; Secure" } else { "" };
    let cookie = format!(
        "{name}={secret}; Path=/; Max-Age={LINK_REMEMBERED}; HttpOnly; SameSite=Strict{secure}"
    );
    let mut value = HeaderValue::try_from(cookie).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_by_the_cookie_of_this_link_alone() {
        let url: PublicUrl = "https://a.example".parse().unwrap();
        let [link, other, browser] = [(); 3].map(|()| LinkSecret::generate().unwrap());
        let set = set(&url, &link.id(), &browser).unwrap();
        let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        assert!(pair.starts_with("__Host-connect-"), "{pair}");
        let headers = |cookies: String| -> HeaderMap {
            [(header::COOKIE, cookies.parse().unwrap())]
                .into_iter()
                .collect()
        };
        let known = headers(format!("a=b; {pair}; c"));
        let read_again = read(&url, &link.id(), &known).unwrap();
        assert_eq!(read_again.reveal(), browser.reveal());
        assert!(read(&url, &other.id(), &known).is_none());
        assert!(read(&url, &link.id(), &headers(format!("{pair}x"))).is_none());
    }
}
