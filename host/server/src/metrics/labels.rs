//! The values of labels: few, and none that a caller or the backend has chosen.

use chatgpt_oauth_answers::{ErrorCode, RefusalCode};
use prometheus_client::encoding::EncodeLabelSet;

/// The labels of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Labels {
    pub(crate) route: &'static str,
    status: &'static str,
    code: &'static str,
}

/// The codes of the gateway, beside those of the login, and those of the backend that SDKs
/// know.
const OF_MODEL_CALLS: [&str; 23] = [
    "login_required",
    "unsupported_endpoint",
    "websocket_unsupported",
    "unsupported_parameter",
    "unsupported_content_encoding",
    "missing_required_parameter",
    "invalid_json",
    "previous_response_not_found",
    "model_not_found",
    "context_length_exceeded",
    "invalid_encrypted_content",
    "cyber_policy",
    "usage_limit_reached",
    "usage_not_included",
    "deactivated_workspace",
    "overloaded",
    "server_is_overloaded",
    "slow_down",
    "translation_limit",
    "upstream_blocked",
    "upstream_error",
    "upstream_stream_truncated",
    "upstream_timeout",
];

impl Labels {
    /// No status: the caller has left before there was one.
    pub(crate) fn new(route: &'static str, status: Option<u16>, code: Option<&str>) -> Self {
        Self {
            route,
            status: match status.map(|status| status / 100) {
                None => "none",
                Some(1) => "1xx",
                Some(2) => "2xx",
                Some(3) => "3xx",
                Some(4) => "4xx",
                Some(_) => "5xx",
            },
            code: code.map_or("", known),
        }
    }
}

/// The code if it is a known one. The login's codes are written `store-busy` by the
/// management API and `store_busy` by the gateway: they are one label.
fn known(code: &str) -> &'static str {
    let own = RefusalCode::ALL.iter().map(|own| own.name());
    let of_login = ErrorCode::ALL.iter().map(|of_login| of_login.name());
    let mut all = own.chain(of_login).chain(OF_MODEL_CALLS);
    let is_it = |name: &&str| name.bytes().map(dashed).eq(code.bytes().map(dashed));
    all.find(is_it).unwrap_or("other")
}

const fn dashed(byte: u8) -> u8 {
    match byte {
        b'_' => b'-',
        other => other,
    }
}

/// The parameters of OpenAI's API that are counted by name.
const PARAMETERS: [&str; 24] = [
    "background",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_output_tokens",
    "max_tokens",
    "metadata",
    "n",
    "prediction",
    "presence_penalty",
    "prompt_cache_retention",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream_options",
    "temperature",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
    "verbosity",
];

/// The parameter if it is a known one.
pub(super) fn parameter(name: &str) -> &'static str {
    let known = PARAMETERS.iter().find(|known| **known == name);
    known.copied().unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults: G29
    #[test]
    fn a_label_has_one_of_the_known_values() {
        let code = |code| Labels::new("none", Some(200), code).code;
        assert_eq!(code(None), "");
        assert_eq!(code(Some("store-busy")), "store-busy");
        assert_eq!(code(Some("store_busy")), "store-busy");
        assert_eq!(code(Some("upstream_timeout")), "upstream_timeout");
        assert_eq!(code(Some("overloaded")), "overloaded");
        assert_eq!(code(Some("invented\\nforged 1")), "other");
        assert_eq!(parameter("temperature"), "temperature");
        assert_eq!(parameter("temperature\\u{2c}"), "other");
        let status = |status| Labels::new("none", status, None).status;
        assert_eq!(status(None), "none");
        assert_eq!(status(Some(503)), "5xx");
        assert_eq!(status(Some(u16::MAX)), "5xx");
    }
}
