//! The answers of the management API: the JSON of the command line, with the HTTP status of
//! the error's class.

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::{self, Class, ErrorCode, Failure};
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;

pub(crate) use axum::body::Body;

pub(crate) type Answer = Response<Body>;

/// The code of a failure, in the extensions of its answer: for the log and the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) &'static str);

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer with a body that is JSON.
pub(crate) fn json(status: StatusCode, body: String) -> Answer {
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, JSON);
    answer
}

/// The answer `A` to a call.
pub(crate) fn of<A, R>(result: Result<R, Error>) -> Answer
where
    A: Serialize + for<'a> From<&'a R>,
{
    match result {
        Ok(record) => success(&A::from(&record)),
        Err(error) => failure(&error),
    }
}

/// The answer to a call that succeeded.
pub(crate) fn success(answer: &impl Serialize) -> Answer {
    json(StatusCode::OK, answers::to_json(answer))
}

/// The answer to a call that failed.
pub(crate) fn failure(error: &Error) -> Answer {
    let code = ErrorCode::from(error.code);
    let mut answer = json(status_of(code), answers::to_json(&Failure::from(error)));
    if error.retryable
        && let Some(seconds) = error.retry_after_seconds
    {
        let headers = answer.headers_mut();
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    answer.extensions_mut().insert(Code(code.name()));
    answer
}

fn status_of(code: ErrorCode) -> StatusCode {
    match (code, code.class()) {
        (ErrorCode::RateLimited, _) => StatusCode::TOO_MANY_REQUESTS,
        (ErrorCode::EgressDenied, _) => StatusCode::SERVICE_UNAVAILABLE,
        (ErrorCode::UnexpectedAnswer, _) => StatusCode::BAD_GATEWAY,
        (_, Class::Usage) => StatusCode::BAD_REQUEST,
        (_, Class::Retry | Class::Store) => StatusCode::SERVICE_UNAVAILABLE,
        (_, Class::Login) => StatusCode::CONFLICT,
        (_, Class::Policy) => StatusCode::FORBIDDEN,
        (_, Class::Internal) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults: G32
    #[test]
    fn each_code_has_the_status_of_its_class_or_its_own() {
        for code in ErrorCode::ALL {
            let status = status_of(*code).as_u16();
            let expected: &[u16] = match code.class() {
                Class::Usage => &[400],
                Class::Retry => &[503, 429],
                Class::Login => &[409],
                Class::Store => &[503],
                Class::Policy => &[403, 503],
                Class::Internal => &[500, 502],
            };
            assert!(expected.contains(&status), "{code:?} {status}");
        }
        assert_eq!(status_of(ErrorCode::RateLimited), 429);
        assert_eq!(status_of(ErrorCode::EgressDenied), 503);
        assert_eq!(status_of(ErrorCode::UnexpectedAnswer), 502);
        assert_eq!(status_of(ErrorCode::RegionUnsupported), 403);
    }

    #[test]
    fn a_failure_that_can_pass_says_when() {
        let code = chatgpt_oauth::ErrorCode::StoreBusy;
        let answer = failure(&Error::transient(code, "busy", "wait", 3));
        assert_eq!(answer.headers()["retry-after"], "3");
        let lasting = failure(&Error::permanent(code, "busy", "wait"));
        assert!(!lasting.headers().contains_key("retry-after"));
    }
}
