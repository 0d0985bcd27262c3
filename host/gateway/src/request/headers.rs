//! The caller's headers: which of them the backend gets.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::ignored::Ignored;
use crate::error::ErrorAnswer;

/// Turns what would be ignored into an error.
const STRICT: &str = "x-chatgpt-oauth-strict";

/// Says that a request has the lite form.
const LITE: &str = "x-openai-internal-codex-responses-lite";

/// Names the client. The backend routes models by it.
pub(crate) const ORIGINATOR: HeaderName = HeaderName::from_static("originator");

/// The client's version, of a client that names itself.
const VERSION: HeaderName = HeaderName::from_static("version");

/// The longest value that is forwarded, in bytes.
const LONGEST: usize = 8 << 10;

/// The headers that are forwarded. Nothing else passes: no authorization, no cookie, no
/// account.
const NAMES: [&str; 12] = [
    "session-id",
    "session_id",
    "thread-id",
    "x-client-request-id",
    "x-codex-turn-state",
    "x-codex-turn-metadata",
    "x-codex-window-id",
    "x-codex-parent-thread-id",
    "x-codex-beta-features",
    "x-codex-routing-hint",
    "x-openai-subagent",
    LITE,
];

/// The two names of the session id.
const SESSIONS: [&str; 2] = ["session-id", "session_id"];

/// Whether the caller wants an error for each field that would be ignored.
pub(super) fn is_strict(headers: &HeaderMap) -> bool {
    let strict = headers.get(STRICT).map(HeaderValue::as_bytes);
    strict.is_some_and(|value| value.eq_ignore_ascii_case(b"true"))
}

/// The caller's headers that are forwarded.
#[derive(Debug, Default)]
pub(crate) struct Forwarded(HeaderMap);

impl Forwarded {
    /// Takes them from a request. One that is too long or not visible ASCII is ignored.
    pub(crate) fn of(headers: &HeaderMap, ignored: &mut Ignored) -> Result<Self, ErrorAnswer> {
        let mut forwarded = HeaderMap::new();
        for (name, value) in headers {
            if !is_forwarded(headers, name) {
                continue;
            }
            match is_sendable(value) {
                true => _ = forwarded.insert(name, value.clone()),
                false => ignored.add(name.as_str())?,
            }
        }
        Ok(Self(forwarded))
    }

    /// Adds a session id, unless the caller has sent one.
    pub(crate) fn add_session(&mut self, id: &str) {
        let has_one = SESSIONS.iter().any(|name| self.0.contains_key(*name));
        if let (false, Ok(id)) = (has_one, HeaderValue::from_str(id)) {
            self.0.insert(SESSIONS[0], id);
        }
    }

    pub(super) fn is_lite(&self) -> bool {
        let lite = self.0.get(LITE).map(HeaderValue::as_bytes);
        lite.is_some_and(|value| value.eq_ignore_ascii_case(b"true"))
    }

    /// Joins them with the headers of the authorization, which win, but for the name of a
    /// client that names itself: a relay does not rename its client.
    pub(crate) fn joined_with(&self, authorization: &HeaderMap) -> HeaderMap {
        let mut joined = authorization.clone();
        for (name, value) in &self.0 {
            match name {
                &header::USER_AGENT => {
                    let ours = authorization.get(header::USER_AGENT);
                    joined.insert(name, both(value, ours));
                }
                name => _ = joined.insert(name, value.clone()),
            }
        }
        joined
    }
}

fn is_forwarded(headers: &HeaderMap, name: &HeaderName) -> bool {
    let names_itself = headers.get(&ORIGINATOR).is_some_and(is_sendable);
    let is_its_name = [ORIGINATOR, VERSION, header::USER_AGENT].contains(name);
    NAMES.contains(&name.as_str()) || (names_itself && is_its_name)
}

fn is_sendable(value: &HeaderValue) -> bool {
    value.len() <= LONGEST
        && value
            .as_bytes()
            .iter()
            .all(|byte| (b' '..=b'~').contains(byte))
}

fn both(theirs: &HeaderValue, ours: Option<&HeaderValue>) -> HeaderValue {
    let Some(ours) = ours else {
        return theirs.clone();
    };
    let both = [theirs.as_bytes(), b" ", ours.as_bytes()].concat();
    HeaderValue::from_bytes(&both).unwrap_or_else(|_| ours.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(headers: &[(&'static str, &str)]) -> HeaderMap {
        let headers = headers.iter().map(|(name, value)| {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            (HeaderName::from_static(name), value)
        });
        headers.collect()
    }

    fn joined(headers: &[(&'static str, &str)]) -> HeaderMap {
        let forwarded = Forwarded::of(&map(headers), &mut Ignored::new(false)).unwrap();
        forwarded.joined_with(&map(&[
            ("authorization", "Bearer ours"),
            ("chatgpt-account-id", "ours"),
            ("originator", "chatgpt_oauth"),
            ("user-agent", "chatgpt-oauth/0"),
        ]))
    }

    /// Faults: G15
    #[test]
    fn the_callers_authorization_account_and_cookies_are_dropped() {
        let joined = joined(&[
            ("authorization", "Bearer theirs"),
            ("chatgpt-account-id", "theirs"),
            ("cookie", "theirs"),
            ("openai-organization", "theirs"),
            ("openai-project", "theirs"),
            ("x-stainless-lang", "theirs"),
            ("forwarded", "for=theirs"),
            ("host", "theirs"),
            ("user-agent", "theirs"),
            ("version", "theirs"),
        ]);
        assert!(!format!("{joined:?}").contains("theirs"), "{joined:?}");
        assert_eq!(joined.len(), 4);
    }

    /// Faults: X24 X27
    #[test]
    fn the_ids_of_session_and_turn_are_forwarded() {
        let joined = joined(&[("session-id", "s"), ("x-codex-turn-state", "t")]);
        assert_eq!(joined["session-id"], "s");
        assert_eq!(joined["x-codex-turn-state"], "t");
    }

    #[test]
    fn a_client_that_names_itself_keeps_its_name() {
        let joined = joined(&[
            ("originator", "codex_exec"),
            ("version", "0.171.0"),
            ("user-agent", "codex_exec/0.171.0"),
        ]);
        assert_eq!(joined["originator"], "codex_exec");
        assert_eq!(joined["version"], "0.171.0");
        assert_eq!(joined["user-agent"], "codex_exec/0.171.0 chatgpt-oauth/0");
    }

    /// Faults: G14
    #[test]
    fn a_header_that_cannot_be_sent_is_dropped_and_named() {
        let long = "x".repeat(LONGEST + 1);
        let headers = map(&[("session-id", &long), ("thread-id", "t\u{e9}")]);
        let mut ignored = Ignored::new(false);
        let forwarded = Forwarded::of(&headers, &mut ignored).unwrap();
        assert!(forwarded.0.is_empty());
        assert_eq!(ignored.list().as_deref(), Some("session-id, thread-id"));
        let strict = Forwarded::of(&headers, &mut Ignored::new(true));
        assert_eq!(strict.unwrap_err().fields["param"], "session-id");
    }
}
