//! What must not be in an answer: the bearer token and the account id.

use std::fmt;

use chatgpt_oauth::Authorization;
use http::HeaderMap;
use http::header;
use memchr::memmem;

use crate::error::ErrorAnswer;

/// This many consecutive bytes of a secret reveal it.
const REVEALING: usize = 20;

/// The secrets of one authorization. `Debug` does not show them.
#[derive(Clone)]
pub(crate) struct Secrets(Vec<String>);

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
            let finder = |part: &[u8]| memmem::find(secret, part).is_some();
            text.windows(REVEALING).any(finder)
        })
    }

    /// The error without what the backend quoted of a request.
    pub(crate) fn removed_from(&self, answer: ErrorAnswer) -> ErrorAnswer {
        let answer = ErrorAnswer {
            headers: Box::new(self.removed_from_headers(&answer.headers)),
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
    pub(crate) fn removed_from_headers(&self, headers: &HeaderMap) -> HeaderMap {
        let mut kept = HeaderMap::with_capacity(headers.len());
        for (name, value) in headers {
            if !self.are_in(value.as_bytes()) {
                kept.append(name, value.clone());
            }
        }
        kept
    }
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

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", Secrets::for_tests(&[TOKEN]));
        assert_eq!(shown, "Secrets(…)");
    }
}
