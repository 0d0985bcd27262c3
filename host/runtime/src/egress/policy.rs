//! Where HTTP requests may go, a guest's and those of model calls: the first of two layers.
//!
//! 1. **This file** checks the request: HTTPS, one of six addresses, and the method of that
//!    address. Every part is compared with constants, byte for byte, without patterns,
//!    normalization or configuration. The request that leaves is built from the constants,
//!    so that the host sends what it checked.
//! 2. **[`address`](super::address)** checks the resolved addresses: the host connects to
//!    public addresses only.
//!
//! | request                              | outcome                                  |
//! |--------------------------------------|------------------------------------------|
//! | `POST https://auth.openai.com/oauth/token`       | sent                         |
//! | the same with `:443`                 | sent                                     |
//! | the same with a query                | sent with it                             |
//! | `GET` of the same                    | denied                                   |
//! | `http://`, another port, a user name | denied                                   |
//! | `AUTH.openai.com`, `auth.openai.com.`| denied                                   |
//! | `/oauth/token/`, `/oauth/./token`, `/oauth/%74oken` | denied                    |
//!
//! Denied means `HTTP-request-denied` for the guest, before anything is sent.

use std::fmt;

use http::uri::Scheme;
use http::{Method, Uri};

/// One address that requests may be sent to. [`POLICY`] lists those of a guest,
/// [`MODEL_POLICY`] those of model calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    method: Method,
    pub(crate) host: &'static str,
    pub(crate) path: &'static str,
    pub(crate) max_response_bytes: usize,
}

const LOGIN: &str = "auth.openai.com";
const BACKEND: &str = "chatgpt.com";
/// The path of the endpoint for tokens.
pub(crate) const TOKENS: &str = "/oauth/token";

/// The largest answer except for the list of models, in bytes.
const ANSWER: usize = 64 << 10;
/// The largest list of models, in bytes.
const MODELS: usize = 4 << 20;

/// All addresses that a guest may use.
pub const POLICY: [Rule; 6] = [
    Rule::new(
        Method::POST,
        LOGIN,
        "/api/accounts/deviceauth/usercode",
        ANSWER,
    ),
    Rule::new(
        Method::POST,
        LOGIN,
        "/api/accounts/deviceauth/token",
        ANSWER,
    ),
    Rule::new(Method::POST, LOGIN, TOKENS, ANSWER),
    Rule::new(Method::POST, LOGIN, "/oauth/revoke", ANSWER),
    Rule::new(Method::GET, BACKEND, "/backend-api/codex/models", MODELS),
    Rule::new(Method::GET, BACKEND, "/backend-api/wham/usage", ANSWER),
];

static RULES: [Rule; 6] = POLICY;

/// The largest answer of a model that is not a stream, in bytes.
const COMPACTED: usize = 32 << 20;
/// The largest event stream of a model, in bytes: its length has no other limit.
const STREAM: usize = usize::MAX;

/// All addresses of model calls. No guest can use them: the platform's own code sends model
/// calls, with the headers of [`authorize`](crate::Profile::authorize).
pub const MODEL_POLICY: [Rule; 3] = [
    Rule::new(
        Method::POST,
        BACKEND,
        "/backend-api/codex/responses",
        STREAM,
    ),
    Rule::new(
        Method::POST,
        BACKEND,
        "/backend-api/codex/responses/compact",
        COMPACTED,
    ),
    Rule::new(Method::GET, BACKEND, "/backend-api/codex/models", MODELS),
];

impl Rule {
    const fn new(
        method: Method,
        host: &'static str,
        path: &'static str,
        max_response_bytes: usize,
    ) -> Self {
        Self {
            method,
            host,
            path,
            max_response_bytes,
        }
    }

    /// The host of this address.
    #[must_use]
    pub fn host(&self) -> &'static str {
        self.host
    }

    /// The only method of this address.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path, to which the sender may add a query.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// The largest body of an answer, in bytes.
    #[must_use]
    pub fn max_response_bytes(&self) -> usize {
        self.max_response_bytes
    }

    /// The URL to send to, with the sender's query.
    #[must_use]
    pub fn url(&self, query: Option<&str>) -> String {
        let (mark, query) = query.map_or(("", ""), |query| ("?", query));
        format!("https://{}{}{mark}{query}", self.host, self.path)
    }

    /// The front page of the host.
    pub(crate) fn front_page(&self) -> Uri {
        let page = Uri::builder().scheme(Scheme::HTTPS).authority(self.host);
        page.path_and_query("/").build().unwrap_or_default()
    }

    /// Whether connections to the host are reused. Those to the host that takes refresh
    /// tokens are not: a request on a connection that the peer is closing may be lost or
    /// sent twice.
    pub(crate) fn pools(&self) -> bool {
        self.host != LOGIN
    }

    fn allows(&self, method: &Method, uri: &Uri) -> bool {
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let host = authority.strip_suffix(":443").unwrap_or(authority);
        uri.scheme() == Some(&Scheme::HTTPS)
            && host == self.host
            && method == self.method
            && uri.path() == self.path
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} https://{}{}", self.method, self.host, self.path)
    }
}

/// The rule that allows a request, if one does.
pub(crate) fn rule_for(method: &Method, uri: &Uri) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.allows(method, uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(method: &str, uri: &str) -> Option<&'static Rule> {
        rule_for(&method.parse().unwrap(), &uri.parse().unwrap())
    }

    /// Faults: M07
    #[test]
    fn the_policy_is_these_six_lines() {
        let lines: Vec<_> = POLICY.iter().map(Rule::to_string).collect();
        assert_eq!(
            lines,
            [
                "POST https://auth.openai.com/api/accounts/deviceauth/usercode",
                "POST https://auth.openai.com/api/accounts/deviceauth/token",
                "POST https://auth.openai.com/oauth/token",
                "POST https://auth.openai.com/oauth/revoke",
                "GET https://chatgpt.com/backend-api/codex/models",
                "GET https://chatgpt.com/backend-api/wham/usage",
            ]
        );
    }

    #[test]
    fn model_calls_have_these_three_lines_and_no_guest_has_more_of_them() {
        let lines: Vec<_> = MODEL_POLICY.iter().map(Rule::to_string).collect();
        assert_eq!(
            lines,
            [
                "POST https://chatgpt.com/backend-api/codex/responses",
                "POST https://chatgpt.com/backend-api/codex/responses/compact",
                "GET https://chatgpt.com/backend-api/codex/models",
            ]
        );
        for rule in &MODEL_POLICY[..2] {
            assert_eq!(allowed("POST", &rule.url(None)), None, "{rule}");
        }
    }

    #[test]
    fn the_examples_for_other_runtimes_have_the_same_lines() {
        let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
        for file in ["node/egress.mjs", "python/egress.py"] {
            let text = std::fs::read_to_string(format!("{examples}/{file}")).unwrap();
            let listed: Vec<_> = text
                .split('"')
                .filter(|it| it.contains(" https://"))
                .collect();
            let expected: Vec<_> = POLICY.iter().map(Rule::to_string).collect();
            assert_eq!(listed, expected, "{file}");
        }
    }

    #[test]
    fn each_line_allows_itself_and_no_other_method() {
        for rule in &POLICY {
            let uri = format!("https://{}{}", rule.host, rule.path);
            assert_eq!(allowed(rule.method.as_str(), &uri), Some(rule));
            for method in ["GET", "POST", "PUT", "HEAD", "DELETE", "CONNECT", "post"] {
                let expected = (method == rule.method.as_str()).then_some(rule);
                assert_eq!(allowed(method, &uri), expected, "{method} {uri}");
            }
        }
    }

    #[test]
    fn the_port_of_https_and_a_query_change_nothing() {
        for uri in [
            "https://chatgpt.com:443/backend-api/wham/usage",
            "https://chatgpt.com/backend-api/wham/usage?client_version=0.0.0",
        ] {
            assert!(allowed("GET", uri).is_some(), "{uri}");
        }
    }

    /// Faults: M03
    #[test]
    fn another_scheme_or_port_is_denied() {
        for uri in [
            "http://chatgpt.com/backend-api/wham/usage",
            "http://chatgpt.com:443/backend-api/wham/usage",
            "wss://chatgpt.com/backend-api/wham/usage",
            "https://chatgpt.com:80/backend-api/wham/usage",
            "https://chatgpt.com:8443/backend-api/wham/usage",
            "https://chatgpt.com:0443/backend-api/wham/usage",
            "/backend-api/wham/usage",
        ] {
            assert_eq!(allowed("GET", uri), None, "{uri}");
        }
    }

    /// Faults: M03
    #[test]
    fn a_host_that_only_looks_right_is_denied() {
        for authority in [
            "CHATGPT.com",
            "chatgpt.com.",
            "chatgpt.com.example.org",
            "x.chatgpt.com",
            "notchatgpt.com",
            "auth.openai.com",
            "chatgpt.com@example.org",
            "user@chatgpt.com",
            "chatgpt.com:443@example.org",
            "chatgpt.com:443:443",
            "104.18.32.47",
            "[::1]",
        ] {
            let uri = format!("https://{authority}/backend-api/wham/usage");
            let Ok(uri) = uri.parse() else { continue };
            assert_eq!(rule_for(&Method::GET, &uri), None, "{uri}");
        }
    }

    #[test]
    fn a_path_that_only_means_the_same_is_denied() {
        for path in [
            "",
            "/",
            "/oauth",
            "/oauth/token/",
            "//oauth/token",
            "/oauth//token",
            "/oauth/./token",
            "/oauth/x/../token",
            "/oauth/%74oken",
            "/OAUTH/token",
            "/oauth/token;x",
            "/oauth/authorize",
            "/oauth/tokens",
        ] {
            let uri = format!("https://auth.openai.com{path}");
            assert_eq!(allowed("POST", &uri), None, "{uri}");
        }
    }
}
