//! Finds the bearer token and the account id in an answer, which must contain neither.

use std::fmt;
use std::sync::Arc;

use chatgpt_oauth::Authorization;
use http::header::{self, HeaderMap, HeaderValue};
use memchr::memmem;

use crate::error::ErrorAnswer;

/// This many consecutive bytes of a secret reveal it.
const REVEALING: usize = 20;
/// How many bytes of a text are looked up in a secret at a time.
const PIECE: usize = 8;
/// Where these pieces begin: so far apart, that a revealing part of a text contains one.
const STEP: usize = REVEALING - PIECE + 1;

/// The secrets of one authorization. `Debug` does not show them.
#[derive(Clone)]
pub(crate) struct Secrets(Arc<[String]>);

impl Secrets {
    pub(crate) fn of(authorization: &Authorization) -> Self {
        let is_secret = |name: &str| {
            name.eq_ignore_ascii_case(header::AUTHORIZATION.as_str())
                || name.eq_ignore_ascii_case("chatgpt-account-id")
        };
        let values = authorization.headers().filter(|(name, _)| is_secret(name));
        Self(
            values
                .map(|(_, value)| value.strip_prefix("Bearer ").unwrap_or(value).to_owned())
                .filter(|secret| !secret.is_empty())
                .collect(),
        )
    }

    /// Whether a text contains one of them, or 20 characters of one.
    pub(crate) fn are_in(&self, text: &[u8]) -> bool {
        self.0.iter().any(|secret| {
            let secret = secret.as_bytes();
            if secret.len() <= REVEALING {
                return memmem::find(text, secret).is_some();
            }
            if text.len() < REVEALING {
                return false;
            }
            let mut begins = (0..text.len()).step_by(STEP);
            begins.any(|begin| is_revealed_at(begin, text, secret))
        })
    }

    /// The error without what the backend quoted of a request.
    pub(crate) fn removed_from(&self, answer: ErrorAnswer) -> ErrorAnswer {
        let answer = ErrorAnswer {
            headers: Box::new(self.removed_from_headers(*answer.headers)),
            ..answer
        };
        if !self.are_in(answer.text().as_bytes()) {
            return answer;
        }
        tracing::error!("an error of the backend quotes the request, and is replaced");
        let message =
            "The backend refused the call. Its message quotes the request and is not shown.";
        ErrorAnswer {
            retry_after: answer.retry_after,
            is_final: answer.is_final,
            headers: answer.headers,
            ..ErrorAnswer::new(answer.status, "upstream_error", message)
        }
    }

    /// The headers without those that quote the request.
    pub(crate) fn removed_from_headers(&self, headers: HeaderMap) -> HeaderMap {
        let is_kept = |value: &HeaderValue| !self.are_in(value.as_bytes());
        if headers.values().all(is_kept) {
            return headers;
        }
        let kept = headers.iter().filter(|(_, value)| is_kept(value));
        kept.map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

/// Whether the piece of the text that begins here belongs to a revealing part of the secret.
fn is_revealed_at(begin: usize, text: &[u8], secret: &[u8]) -> bool {
    let Some(piece) = text.get(begin..begin + PIECE) else {
        return false;
    };
    let finder = memmem::Finder::new(piece);
    let mut searched = 0;
    while let Some(offset) = finder.find(&secret[searched..]) {
        let found = searched + offset;
        let before = text[..begin].iter().rev().zip(secret[..found].iter().rev());
        let after = text[begin..].iter().zip(&secret[found..]);
        let is_equal = |(a, b): &(&u8, &u8)| a == b;
        let common = before.take_while(is_equal).count() + after.take_while(is_equal).count();
        if common >= REVEALING {
            return true;
        }
        searched = found + 1;
    }
    false
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

#[cfg(test)]
impl Secrets {
    pub(crate) fn for_tests(secrets: &[&str]) -> Self {
        Self(secrets.iter().map(|secret| (*secret).to_owned()).collect())
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE4MDAwMDAwMDB9.c2lnbmF0dXJl";

    /// Faults: G27
    #[test]
    fn an_error_that_quotes_the_token_or_a_part_of_it_is_replaced() {
        let secrets = Secrets::for_tests(&[TOKEN, "acct-7"]);
        for quoted in [TOKEN, &TOKEN[..20], &TOKEN[11..31], "acct-7"] {
            let message = format!("bad request: Bearer {quoted}…");
            let answer = ErrorAnswer::new(StatusCode::BAD_REQUEST, "x", message);
            let answer = secrets.removed_from(answer);
            assert!(!answer.text().contains(quoted), "{answer:?}");
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        }
        let harmless = ErrorAnswer::new(StatusCode::BAD_REQUEST, "x", &TOKEN[..19]);
        assert_eq!(secrets.removed_from(harmless).code(), "x");
    }

    proptest! {
        #[test]
        fn any_twenty_characters_reveal_a_secret_and_no_fewer(
            text in "[ab]{0,60}",
            secret in "[ab]{21,60}",
            begin in 0usize..40,
            length in 15usize..25,
        ) {
            let part = secret.get(begin..begin + length).unwrap_or_default();
            let text = format!("{text}{part}{text}");
            let is_part = |part: &[u8]| memmem::find(secret.as_bytes(), part).is_some();
            let is_revealed = text.as_bytes().windows(REVEALING).any(is_part);
            let secrets = Secrets::for_tests(&[&secret]);
            prop_assert_eq!(secrets.are_in(text.as_bytes()), is_revealed);
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", Secrets::for_tests(&[TOKEN]));
        assert_eq!(shown, "Secrets(…)");
    }
}
