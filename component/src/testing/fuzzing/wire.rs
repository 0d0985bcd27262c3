//! Responses of auth.openai.com.
//!
//! The bytes stand for a response: a line with the status, a line for each
//! header, an empty line, the body. What is missing is left out.

use super::NOW;
use super::promises::{is_bounded, is_grant, is_header_safe, is_kept, is_safe_secret};
use crate::openai::device_token::Progress;
use crate::openai::{self, FailureKind, Response, TokenOutcome};
use crate::ports::HttpResponse;
use crate::secret::Secret;
use crate::state::credential::{
    Applied, Intent, Phase, Probes, Record, State, Tokens, apply_outcome,
};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// Reads bytes as an answer.
pub(super) fn response(bytes: &[u8]) -> HttpResponse {
    let body_at = bytes.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = match body_at {
        Some(place) => (&bytes[..place], &bytes[place + 2..]),
        None => (bytes, &[][..]),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let status = lines
        .next()
        .and_then(|line| core::str::from_utf8(line).ok());
    let header = |line: &[u8]| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = String::from_utf8_lossy(&line[..colon]).into_owned();
        Some((name, line[colon + 1..].trim_ascii().to_vec()))
    };
    HttpResponse {
        status: status
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(200),
        headers: lines.filter_map(header).collect(),
        body: body.to_vec(),
    }
}

/// The answer to a request for a user code.
pub fn user_code(bytes: &[u8]) -> &'static str {
    match openai::device_authorization::read(Ok(response(bytes)), NOW) {
        Ok(code) => {
            is_safe_secret(&code.device_auth_id);
            assert!(code.device_auth_id.reveal().len() <= 1024);
            assert!((4..=16).contains(&code.user_code.len()));
            is_header_safe(&code.user_code);
            assert!((1..=60).contains(&code.interval));
            assert!((1..=900).contains(&code.lifetime));
            "taken"
        }
        Err(failure) => {
            is_bounded(&failure);
            "refused"
        }
    }
}

/// The answer to a poll.
pub fn device_token(bytes: &[u8]) -> &'static str {
    match openai::device_token::read(Ok(response(bytes)), NOW) {
        Ok(Progress::Approved { code, verifier }) => {
            for secret in [&code, &verifier] {
                is_safe_secret(secret);
                assert!(secret.reveal().len() <= 4096);
            }
            let request = openai::exchange::request(&code, &verifier);
            assert!(request.body.iter().all(u8::is_ascii_graphic));
            "approved"
        }
        Ok(Progress::AuthorizationPending) => "pending",
        Ok(Progress::SlowDown { retry_after }) => {
            assert!(retry_after.is_none_or(|seconds| (1..=3600).contains(&seconds)));
            "slow-down"
        }
        Ok(Progress::AccessDenied) => "denied",
        Ok(Progress::ExpiredToken) => "expired",
        Err(failure) => {
            is_bounded(&failure);
            "failed"
        }
    }
}

/// The answer to the exchange of an authorization code.
pub fn exchange(bytes: &[u8]) -> &'static str {
    let response = response(bytes);
    let status = response.status;
    is_verdict(&openai::exchange::read(Ok(response), NOW), status)
}

/// The answer to a refresh, and what it makes of the record.
pub fn refresh(bytes: &[u8]) -> &'static str {
    let response = response(bytes);
    let status = response.status;
    let outcome = openai::refresh::read(Ok(response), NOW);
    let (record, intent) = refreshing();
    match apply_outcome(&record, record.login_seq, &intent, &outcome, NOW) {
        Applied::Store(next) => drop(is_kept(&next)),
        Applied::Leave | Applied::Superseded => panic!("the record is ours"),
    }
    is_verdict(&outcome, status)
}

fn is_verdict(outcome: &TokenOutcome, status: u16) -> &'static str {
    match outcome {
        TokenOutcome::Granted(grant) => {
            assert_eq!(status, 200);
            is_grant(grant);
            "granted"
        }
        TokenOutcome::Rejected(service_error) => {
            assert!((400..500).contains(&status));
            is_header_safe(service_error.code.as_deref().expect("a definitive code"));
            "refused"
        }
        TokenOutcome::NotProcessed(failure) => {
            is_bounded(failure);
            "not-processed"
        }
        TokenOutcome::Unknown(failure) => {
            is_bounded(failure);
            "unknown"
        }
    }
}

/// A record with a refresh under way, and its intent.
fn refreshing() -> (Record, Intent) {
    let refresh = Secret::new("rt-1").expect("visible ASCII");
    let intent = Intent {
        attempt: "attempt-1".to_owned(),
        presented: refresh.fingerprint(),
        started: NOW - 1,
    };
    let tokens = Tokens {
        refresh: Some(refresh),
        access: None,
        received_at: NOW - 3600,
        expires_at: None,
        clock_offset: 0,
        refused: None,
    };
    let mut record = Record::absent();
    record.state = State::LoggedIn {
        tokens,
        phase: Phase::Refreshing {
            intent: intent.clone(),
            probes: Probes::default(),
            reason: None,
        },
    };
    (record, intent)
}

/// Any answer that is no success: its code in all its shapes, a page, a pause.
pub fn refusal(bytes: &[u8]) -> &'static str {
    let response = response(bytes);
    let is_success = response.status < 300;
    let response = Response::read(response, NOW);
    is_bounded(&response.failure());
    is_bounded(&response.failure_of(FailureKind::Network));
    if let Some(etag) = &response.etag {
        super::promises::is_displayable(etag, 256);
    }
    assert!(!is_success || response.code.is_none());
    let words: Vec<&str> = response.code.iter().map(String::as_str).collect();
    assert!(response.code.is_none() || response.has_code(&words));
    let gateway_failure = response.gateway_failure().map(|failure| failure.kind);
    let is_page = gateway_failure == Some(FailureKind::Blocked);
    match response.code {
        _ if is_page => "page",
        Some(_) => "code",
        None => "nothing",
    }
}
