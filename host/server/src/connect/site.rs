//! Where a request of a browser comes from.

use http::header::{self, HeaderMap};

use super::public_url::PublicUrl;

/// Whether a form of this page has sent a request.
///
/// A browser says so in `sec-fetch-site`, which no page can set. In `origin` it writes `null`,
/// because the page sends no referrer. A browser that knows neither header is refused.
pub(super) fn is_own_form(headers: &HeaderMap, url: &PublicUrl) -> bool {
    let origin = text(headers, header::ORIGIN.as_str());
    let is_own = origin == Some(url.origin());
    match text(headers, "sec-fetch-site") {
        Some(site) => site == "same-origin" && (is_own || matches!(origin, None | Some("null"))),
        None => is_own,
    }
}

/// Whether the request follows a link of another site. A browser then leaves out cookies with
/// `SameSite=Strict`.
pub(super) fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    matches!(
        text(headers, "sec-fetch-site"),
        Some("cross-site" | "same-site")
    )
}

/// The only value of a header.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    match values.next() {
        None => Some(value.to_str().unwrap_or("?")),
        Some(_) => Some("?"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults: G49
    #[test]
    fn a_form_of_this_page_is_known_by_what_no_page_can_set() {
        let url: PublicUrl = "https://a.example".parse().unwrap();
        let is_own = |site: Option<&'static str>, origin: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            let mut add = |name: &'static str, value: Option<&'static str>| {
                if let Some(value) = value {
                    headers.insert(name, value.parse().unwrap());
                }
            };
            add("sec-fetch-site", site);
            add("origin", origin);
            is_own_form(&headers, &url)
        };
        assert!(is_own(Some("same-origin"), Some("null")));
        assert!(is_own(Some("same-origin"), Some("https://a.example")));
        assert!(is_own(None, Some("https://a.example")));
        for (site, origin) in [
            (Some("cross-site"), Some("https://a.example")),
            (Some("same-site"), Some("null")),
            (Some("none"), Some("null")),
            (Some("same-origin"), Some("https://b.example")),
            (None, Some("null")),
            (None, Some("https://a.example.b.example")),
            (None, None),
        ] {
            assert!(!is_own(site, origin), "{site:?} {origin:?}");
        }
    }
}
