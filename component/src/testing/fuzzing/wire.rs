//! Answers of auth.openai.com.
//!
//! The bytes stand for an answer: a line with the status, a line for each
//! header, an empty line, the body. What is missing is left out.

use super::NOW;
use super::promises::{is_bounded, is_grant, is_header_safe, is_kept, is_safe_secret};
use crate::openai::device_token::Progress;
use crate::openai::{self, Answer, Trouble, Verdict};
use crate::ports::Response;
use crate::secret::Secret;
use crate::state::credential::{Intent, Record, Settled, State, Tokens, settle};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// Reads bytes as an answer.
pub(super) fn response(bytes: &[u8]) -> Response {
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
    Response {
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
        Err(setback) => {
            is_bounded(&setback);
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
        Ok(Progress::Pending) => "pending",
        Ok(Progress::SlowDown { retry_after }) => {
            assert!(retry_after.is_none_or(|seconds| (1..=3600).contains(&seconds)));
            "slow-down"
        }
        Ok(Progress::Denied) => "denied",
        Ok(Progress::Expired) => "expired",
        Err(setback) => {
            is_bounded(&setback);
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
    let verdict = openai::refresh::read(Ok(response), NOW);
    let (record, intent) = refreshing();
    match settle(&record, record.epoch, &intent, &verdict, NOW) {
        Settled::Store(settled) => drop(is_kept(&settled)),
        Settled::Leave | Settled::Superseded => panic!("the record is ours"),
    }
    is_verdict(&verdict, status)
}

fn is_verdict(verdict: &Verdict, status: u16) -> &'static str {
    match verdict {
        Verdict::Granted(grant) => {
            assert_eq!(status, 200);
            is_grant(grant);
            "granted"
        }
        Verdict::Refused(said) => {
            assert!((400..500).contains(&status));
            is_header_safe(said.code.as_deref().expect("a definitive code"));
            "refused"
        }
        Verdict::NotProcessed(setback) => {
            is_bounded(setback);
            "not-processed"
        }
        Verdict::Unknown(setback) => {
            is_bounded(setback);
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
    record.state = State::Refreshing;
    record.tokens = Some(tokens);
    record.intent = Some(intent.clone());
    (record, intent)
}

/// Any answer that is no success: its code in all its shapes, a page, a pause.
pub fn refusal(bytes: &[u8]) -> &'static str {
    let response = response(bytes);
    let is_success = response.status < 300;
    let answer = Answer::read(response, NOW);
    is_bounded(&answer.setback());
    is_bounded(&answer.because_of(Trouble::Network));
    if let Some(etag) = &answer.etag {
        super::promises::is_displayable(etag, 256);
    }
    assert!(!is_success || answer.code.is_none());
    let words: Vec<&str> = answer.code.iter().map(String::as_str).collect();
    assert!(answer.code.is_none() || answer.has_code(&words));
    let obstacle = answer.obstacle().map(|setback| setback.trouble);
    let is_page = obstacle == Some(Trouble::Blocked);
    match answer.code {
        _ if is_page => "page",
        Some(_) => "code",
        None => "nothing",
    }
}
