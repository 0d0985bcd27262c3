//! How the token endpoint answers, as far as the host sees it without reading a token.

use bytes::Bytes;
use chatgpt_oauth_storage::schedule::LONGEST_PAUSE;
use http::header::{self, HeaderMap};
use http::{Response, StatusCode};

use crate::egress::policy::Rule;

/// How long to leave the token endpoint alone when it does not say, in seconds.
const PAUSE: u64 = 60;

/// An answer of the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenAnswer {
    Granted,
    Refused,
    /// Too many requests, or a web page of the content network.
    PushedBack {
        seconds: u64,
    },
    /// A failure of the service, or no answer.
    Failed,
}

impl TokenAnswer {
    /// How many kinds there are.
    pub(crate) const KINDS: usize = 4;

    /// The kind as an index.
    pub(crate) const fn kind(self) -> usize {
        match self {
            Self::Granted => 0,
            Self::Refused => 1,
            Self::PushedBack { .. } => 2,
            Self::Failed => 3,
        }
    }

    /// What an answer is; none if it is of another endpoint.
    pub(super) fn of<E>(rule: &Rule, answer: &Result<Response<Bytes>, E>) -> Option<Self> {
        if rule.path != "/oauth/token" {
            return None;
        }
        let Ok(answer) = answer else {
            return Some(Self::Failed);
        };
        let headers = answer.headers();
        Some(match answer.status() {
            status if status == StatusCode::TOO_MANY_REQUESTS || is_page(headers) => {
                Self::PushedBack {
                    seconds: retry_after(headers)
                        .unwrap_or(PAUSE)
                        .clamp(1, LONGEST_PAUSE),
                }
            }
            StatusCode::OK => Self::Granted,
            status if status.is_client_error() => Self::Refused,
            _ => Self::Failed,
        })
    }
}

fn is_page(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    let is_html = content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    is_html || headers.contains_key("cf-mitigated")
}

fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(header::RETRY_AFTER)?;
    value.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::policy::POLICY;

    fn of(status: u16, headers: &[(&str, &str)]) -> TokenAnswer {
        let mut answer = Response::builder().status(status);
        for (name, value) in headers {
            answer = answer.header(*name, *value);
        }
        let answer = Ok::<_, ()>(answer.body(Bytes::new()).unwrap());
        TokenAnswer::of(&POLICY[2], &answer).unwrap()
    }

    #[test]
    fn too_many_requests_and_a_page_push_back_for_as_long_as_they_say() {
        let pushed_back = |seconds| TokenAnswer::PushedBack { seconds };
        assert_eq!(of(429, &[]), pushed_back(PAUSE));
        assert_eq!(of(429, &[("retry-after", "7")]), pushed_back(7));
        assert_eq!(of(429, &[("retry-after", "0")]), pushed_back(1));
        assert_eq!(
            of(429, &[("retry-after", "999999")]),
            pushed_back(LONGEST_PAUSE)
        );
        assert_eq!(
            of(403, &[("cf-mitigated", "challenge")]),
            pushed_back(PAUSE)
        );
        let page = [("content-type", "text/html; charset=UTF-8")];
        assert_eq!(of(503, &page), pushed_back(PAUSE));
    }

    #[test]
    fn another_answer_grants_refuses_or_fails() {
        assert_eq!(of(200, &[]), TokenAnswer::Granted);
        assert_eq!(of(401, &[]), TokenAnswer::Refused);
        assert_eq!(of(500, &[]), TokenAnswer::Failed);
        let none = Err(());
        assert_eq!(
            TokenAnswer::of(&POLICY[2], &none),
            Some(TokenAnswer::Failed)
        );
        assert_eq!(TokenAnswer::of(&POLICY[3], &none), None);
    }
}
