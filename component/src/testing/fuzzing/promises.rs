//! Promises about the values that several parsers return.

use super::NOW;
use crate::json::{self, Value};
use crate::openai::claims::Claims;
use crate::openai::{Failure, TokenField, TokenResponse, account_headers};
use crate::secret::Secret;
use crate::state::credential::{self, Record};
use crate::state::pending::Pending;
use alloc::vec::Vec;

/// The longest lifetime that is accepted, in seconds: 90 days.
const LIFETIME_MAX: u64 = 90 * 86_400;

/// The largest record that every host takes, in bytes.
const RECORD_MAX: usize = 32 * 1024;

/// It can stand in a header or a form.
pub(super) fn is_header_safe(text: &str) {
    assert!(!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()));
}

pub(super) fn is_safe_secret(secret: &Secret) {
    is_header_safe(secret.reveal());
}

/// It can be shown in a terminal.
pub(super) fn is_displayable(text: &str, limit: usize) {
    assert!(!text.is_empty() && text.chars().count() <= limit);
    let is_harmless = |c: char| {
        let steers_direction = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        !c.is_control() && !steers_direction
    };
    assert!(text.chars().all(is_harmless), "{text:?}");
}

/// Its retry is between a second and an hour away, and its code is plain or
/// absent.
pub(super) fn is_bounded(failure: &Failure) {
    if let Some(code) = &failure.service_error.code {
        is_header_safe(code);
        assert!(code.len() <= 64, "{code}");
    }
    assert!((1..=3600).contains(&failure.retry_after), "{failure:?}");
}

pub(super) fn are_claims(claims: &Claims) {
    for text in [&claims.email, &claims.plan].into_iter().flatten() {
        is_displayable(text, 320);
    }
    for id in [&claims.account_id, &claims.user_id].into_iter().flatten() {
        is_header_safe(id);
        assert!(id.len() <= 128);
    }
}

/// Granted tokens can be stored and sent.
pub(super) fn is_grant(grant: &TokenResponse) {
    let parts = [&grant.access_token, &grant.refresh_token, &grant.id_token];
    let tokens = parts.into_iter().filter_map(TokenField::token);
    tokens.for_each(is_safe_secret);
    let access = grant.access_token.token();
    assert!(access.or(grant.refresh_token.token()).is_some());
    let claims = grant.claims();
    are_claims(&claims);
    if let Some(access) = access {
        let headers = account_headers(access, &claims);
        let is_one_line = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        assert!(headers.iter().all(|(_, value)| is_one_line(value)));
    }
    let login = Record::absent().logged_in(&waiting(), grant, NOW);
    let latest = grant.service_clock.unwrap_or(NOW) + LIFETIME_MAX;
    let end = login.expires_at();
    assert!(end.is_none_or(|end| end <= latest));
    assert!(is_kept(&login).len() <= RECORD_MAX);
}

/// A pending login.
fn waiting() -> Pending {
    let stored = br#"{
        "version": 1, "id": "pending-1", "epoch": 0, "device_auth_id": "dev-1",
        "user_code": "ABCD-12345", "interval": 5, "started_at": 1795514400,
        "expires_at": 1795515300, "next_poll_at": 1795514400
    }"#;
    Pending::decode(stored).unwrap_or_else(|_| unreachable!("it is complete"))
}

/// Asserts that two texts are the same JSON object.
pub(super) fn is_same(one: &[u8], two: &[u8]) {
    let object = |bytes: &[u8]| json::parse(bytes).expect("what is written can be read");
    assert!(are_equal(&object(one), &object(two)));
}

/// Whether two values are equal. The last digits of a fraction may differ.
pub(super) fn are_equal(one: &Value, two: &Value) -> bool {
    match (one, two) {
        (Value::Float(one), Value::Float(two)) => (one - two).abs() <= one.abs() * 1e-14,
        (Value::List(one), Value::List(two)) => {
            one.len() == two.len() && one.iter().zip(two).all(|(one, two)| are_equal(one, two))
        }
        (Value::Object(one), Value::Object(two)) => {
            let has = |(name, value)| are_equal(value, two.get(name));
            one.fields().count() == two.fields().count() && one.fields().all(has)
        }
        _ => one == two,
    }
}

/// A record is read as it was written.
pub(super) fn is_kept(record: &Record) -> Vec<u8> {
    let written = credential::encode(record);
    let Ok(read) = credential::decode(&written) else {
        panic!("what is written can be read");
    };
    is_same(&credential::encode(&read), &written);
    let end = |record: &Record| record.tokens().map(|tokens| tokens.expires_at);
    assert_eq!(end(&read), end(record));
    written
}
