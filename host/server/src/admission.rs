//! What a request must be before anything is done for it.

use std::borrow::Cow;
use std::net::IpAddr;

use chatgpt_oauth_answers::RefusalCode;
use http::header::{self, HeaderMap};
use http::uri::Authority;
use http::{Method, Request, Uri};
use percent_encoding::percent_decode_str;

use crate::connect::PublicUrl;
use crate::refused::Refused;
use crate::routes;

/// The beginnings of keys. Both have the same first byte.
const KEYS: [&[u8]; 2] = [b"cgop_", b"cgoa_"];
/// So many characters after the beginning are a key's, also if the rest is cut off.
const PART_OF_A_KEY: usize = 11;

/// Refuses a target that is no path, and a key in it.
pub(crate) fn check_target<B>(request: &Request<B>) -> Result<(), Refused> {
    let uri = request.uri();
    if has_key(uri) {
        return Err(Refused::new(
            RefusalCode::KeyInUrl,
            "an API key is in the URL, where logs keep it",
            "send it in the header `authorization`, and revoke this one",
        ));
    }
    if uri.authority().is_some() || !uri.path().starts_with('/') {
        return Err(Refused::invalid(
            "the target of the request is no path",
            "send a path such as /v1/responses, and the host in the header `host`",
        ));
    }
    Ok(())
}

fn has_key(uri: &Uri) -> bool {
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    let decoded: Cow<'_, [u8]> = percent_decode_str(target).into();
    memchr::memchr_iter(KEYS[0][0], &decoded).any(|at| {
        let rest = &decoded[at..];
        let digits = KEYS
            .iter()
            .find_map(|beginning| rest.strip_prefix(*beginning));
        digits.is_some_and(|digits| {
            let key = digits
                .iter()
                .take_while(|byte| byte.is_ascii_alphanumeric());
            key.count() >= PART_OF_A_KEY
        })
    })
}

/// Refuses a request that names another host: a page whose name leads to this address may
/// have sent it.
pub(crate) fn check_host<B>(request: &Request<B>, hosts: &[String]) -> Result<(), Refused> {
    let hint = "use a loopback address or localhost, or start the server with --host NAME";
    check_that(request, |host| is_ours(host, hosts), hint)
}

/// Refuses a request for the connect page that names another host than its URL: its cookie is
/// for that host alone.
pub(crate) fn check_host_of_page<B>(request: &Request<B>, url: &PublicUrl) -> Result<(), Refused> {
    check_that(
        request,
        |host| url.is_at(host),
        "open the link as it was sent",
    )
}

fn check_that<B>(
    request: &Request<B>,
    is_ours: impl FnOnce(&str) -> bool,
    hint: &str,
) -> Result<(), Refused> {
    if host(request.headers()).is_some_and(|host| is_ours(&host)) {
        return Ok(());
    }
    tracing::warn!("a request names another host");
    Err(Refused::new(
        RefusalCode::MisdirectedRequest,
        "the header `host` names another host than this server",
        hint,
    ))
}

/// The host of the only header `host`, without its port.
fn host(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(header::HOST).iter();
    let authority: Authority = values.next()?.to_str().ok()?.parse().ok()?;
    let is_plain = values.next().is_none() && !authority.as_str().contains('@');
    is_plain.then(|| authority.host().to_ascii_lowercase())
}

fn is_ours(host: &str, hosts: &[String]) -> bool {
    is_loopback(host) || hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host))
}

/// Whether a host is this machine by itself.
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = |address: IpAddr| address.to_canonical().is_loopback();
    host == "localhost" || address.parse().is_ok_and(is_loopback)
}

/// Refuses what a page of another origin sends to `/mcp`: an MCP client may be a page that this
/// server knows nothing about.
pub(crate) fn check_origin<B>(request: &Request<B>) -> Result<(), Refused> {
    let is_allowed = request.uri().path() != routes::MCP || is_own_origin(request.headers());
    if is_allowed {
        return Ok(());
    }
    tracing::warn!("a page of another origin sends a request");
    Err(Refused::new(
        RefusalCode::ForeignOrigin,
        "the header `origin` names another origin than this server",
        "connect an MCP client that is no page in a browser",
    ))
}

/// Whether there is no header `origin`, or one that names the host of the header `host`.
fn is_own_origin(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    headers.get_all(header::ORIGIN).iter().all(|origin| {
        let origin = origin.to_str().unwrap_or_default();
        let authority = ["http://", "https://"]
            .iter()
            .find_map(|scheme| origin.strip_prefix(scheme));
        authority
            .zip(host)
            .is_some_and(|(authority, host)| authority.eq_ignore_ascii_case(host))
    })
}

/// Refuses a method that the path does not take, and with it the question of a page whether it
/// may send a request from elsewhere. It has no key, so a later check would give it another
/// answer.
pub(crate) fn check_method<B>(request: &Request<B>) -> Result<(), Refused> {
    let allowed = routes::at(request.uri().path()).methods;
    match allowed.contains(request.method()) {
        true => Ok(()),
        false => Err(Refused::method_not_allowed().allow(allowed)),
    }
}

/// Refuses a body that a form of a page can send.
pub(crate) fn check_content_type<B>(request: &Request<B>) -> Result<(), Refused> {
    if request.method() != Method::POST || is_json(request.headers()) {
        return Ok(());
    }
    Err(Refused::new(
        RefusalCode::UnsupportedMediaType,
        "the body is not declared as JSON",
        "send `content-type: application/json`, also without a body",
    ))
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok()).unwrap_or("");
    let (media_type, _) = value.split_once(';').unwrap_or((value, ""));
    media_type.trim().eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(target: &str) -> Request<()> {
        Request::get(target).body(()).unwrap()
    }

    fn with(name: &str, value: &str) -> Request<()> {
        Request::post("/").header(name, value).body(()).unwrap()
    }

    fn code(result: Result<(), Refused>) -> Option<RefusalCode> {
        result.err().map(|refused| refused.code())
    }

    /// Faults: G13
    #[test]
    fn a_target_is_a_path() {
        assert_eq!(code(check_target(&get("/v1/models?x=http://y"))), None);
        for target in ["http://localhost/v1/models", "localhost:80", "*"] {
            let refused = code(check_target(&get(target)));
            assert_eq!(refused, Some(RefusalCode::InvalidRequest), "{target}");
        }
    }

    /// Faults: G19
    #[test]
    fn a_key_in_the_url_is_found_in_path_and_query_encoded_and_cut() {
        let key = "cgop_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm";
        for target in [
            format!("/v1/models?api_key={key}"),
            format!("/v1/models?{key}"),
            format!("/v1/{key}/models"),
            format!("/v1/models?k={}", key.replace("op_", "%6fp%5F")),
            format!("/v1/models?k={}", &key[..16]),
            format!("/v1/models?k={}", key.replace("cgop", "cgoa")),
        ] {
            let refused = code(check_target(&get(&target)));
            assert_eq!(refused, Some(RefusalCode::KeyInUrl), "{target}");
        }
        for target in [
            "/v1/models?cgop_",
            "/api/v1/profiles/cgop_ada",
            "/x?y=cgopx",
        ] {
            assert_eq!(code(check_target(&get(target))), None, "{target}");
        }
    }

    /// Faults: G22
    #[test]
    fn a_request_names_loopback_or_a_listed_host() {
        let hosts = ["Gateway.example.org".to_owned()];
        for host in [
            "localhost",
            "LOCALHOST:8787",
            "127.0.0.1:8787",
            "127.1.2.3",
            "[::1]:8787",
            "gateway.example.org:443",
        ] {
            assert_eq!(
                code(check_host(&with("host", host), &hosts)),
                None,
                "{host}"
            );
        }
        let refused = Some(RefusalCode::MisdirectedRequest);
        for host in [
            "",
            "example.org",
            "localhost.example.org",
            "192.168.0.1",
            "0.0.0.0",
            "ada@localhost",
            "xgateway.example.org",
        ] {
            assert_eq!(
                code(check_host(&with("host", host), &hosts)),
                refused,
                "{host}"
            );
        }
        assert_eq!(code(check_host(&get("/"), &hosts)), refused);
    }

    /// Faults: G22
    #[test]
    fn a_page_of_another_origin_does_not_reach_mcp() {
        let from = |path: &str, origin: &str| {
            let request = Request::post(path).header("host", "localhost:8787");
            code(check_origin(
                &request.header("origin", origin).body(()).unwrap(),
            ))
        };
        let refused = Some(RefusalCode::ForeignOrigin);
        for origin in [
            "null",
            "",
            "http://localhost",
            "http://localhost:8788",
            "http://localhost:8787.example.org",
            "https://example.org",
            "file://localhost:8787",
        ] {
            assert_eq!(from("/mcp", origin), refused, "{origin}");
            assert_eq!(from("/v1/models", origin), None, "{origin}");
        }
        assert_eq!(from("/mcp", "http://LOCALHOST:8787"), None);
        assert_eq!(code(check_origin(&get("/mcp"))), None);
        let both = Request::post("/mcp")
            .header("host", "localhost:8787")
            .header("origin", "http://localhost:8787")
            .header("origin", "https://example.org");
        assert_eq!(code(check_origin(&both.body(()).unwrap())), refused);
    }

    /// Faults: G22
    #[test]
    fn a_form_and_a_preflight_are_refused() {
        for value in ["application/json", "Application/JSON; charset=utf-8"] {
            let request = with("content-type", value);
            assert_eq!(code(check_content_type(&request)), None, "{value}");
        }
        let refused = Some(RefusalCode::UnsupportedMediaType);
        for value in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonx",
        ] {
            let request = with("content-type", value);
            assert_eq!(code(check_content_type(&request)), refused, "{value}");
        }
        let refused = Some(RefusalCode::MethodNotAllowed);
        for (method, path, expected) in [
            (Method::OPTIONS, "/v1/responses", refused),
            (Method::OPTIONS, "/x", refused),
            (Method::POST, "/api/v1/me/status", refused),
            (Method::GET, "/api/v1/profiles/ada", refused),
            (Method::DELETE, "/api/v1/profiles/ada", None),
        ] {
            let request = Request::builder().method(&method).uri(path).body(());
            let found = code(check_method(&request.unwrap()));
            assert_eq!(found, expected, "{method} {path}");
        }
    }
}
