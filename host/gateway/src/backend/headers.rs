//! The backend's headers that a caller gets.

use http::header::{HeaderMap, HeaderName};

/// The backend's id of a request, under the name that a caller gets.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-oai-request-id");

/// Headers that are returned by their whole name.
const NAMES: [&str; 2] = ["openai-model", "x-reasoning-included"];

/// The headers of an answer that are returned: usage, the turn's state, the model. Everything
/// else stays here: cookies, the network's own headers, the ETag of the model list.
pub(crate) fn returned(headers: &HeaderMap) -> HeaderMap {
    let mut returned = HeaderMap::new();
    for (name, value) in headers {
        if is_returned(name.as_str()) {
            returned.append(name, value.clone());
        }
    }
    let id = headers
        .get(&REQUEST_ID)
        .or_else(|| headers.get("x-request-id"));
    if let Some(id) = id {
        returned.insert(REQUEST_ID, id.clone());
    }
    returned
}

fn is_returned(name: &str) -> bool {
    // The windows of a limit are named x-{limit}-primary-… and x-{limit}-secondary-….
    let is_window =
        name.starts_with("x-") && (name.contains("-primary-") || name.contains("-secondary-"));
    is_window || name.starts_with("x-codex-") || NAMES.contains(&name)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// Faults: X27
    #[test]
    fn usage_and_the_turns_state_are_returned_and_cookies_are_not() {
        let value = HeaderValue::from_static("v");
        let headers: HeaderMap = [
            "x-codex-primary-used-percent",
            "x-codex-turn-state",
            "x-codex-credits-balance",
            "x-other-secondary-window-minutes",
            "openai-model",
            "x-reasoning-included",
            "x-request-id",
            "set-cookie",
            "cf-ray",
            "server",
            "alt-svc",
            "x-models-etag",
            "connection",
        ]
        .map(|name| (HeaderName::from_static(name), value.clone()))
        .into_iter()
        .collect();
        let mut names: Vec<_> = returned(&headers).keys().map(ToString::to_string).collect();
        names.sort();
        assert_eq!(
            names,
            [
                "openai-model",
                "x-codex-credits-balance",
                "x-codex-primary-used-percent",
                "x-codex-turn-state",
                "x-oai-request-id",
                "x-other-secondary-window-minutes",
                "x-reasoning-included",
            ]
        );
    }
}
