mod clock_steps;
mod commit;
mod intent;
mod logout;
mod outcome;
mod race;
mod refusals;
mod refused_tokens;
mod takeover;

use crate::contract::{Error, ErrorCode};
use crate::error::Result;
use crate::flow::refresh;
use crate::ports::StoreError;
use crate::ports::{MaybeSent, NotSent};
use crate::state::credential::Record;
use crate::testing::fakes::{
    Fault, LIFETIME, NOW, Op, REVOKE, TOKEN, TestEnv, access_token, broken, changed, credential,
    dead, fails, fingerprint, grant, intent, jwt, not_sent, ok, old_access, page, random, refusal,
    response, with_header,
};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

fn token(env: &TestEnv) -> Result<Record> {
    env.call(|ports| refresh::access_token(ports, None))
}

fn refresh(env: &TestEnv) -> Result<Record> {
    env.call(refresh::force_refresh)
}

/// A login with a live access token whose refresh is due.
fn due() -> Value {
    credential(
        "active",
        json!({"received_at": NOW - LIFETIME + 600, "expires_at": NOW + 600}),
    )
}

fn access(record: &Record) -> String {
    let tokens = record.tokens().expect("tokens");
    tokens.access.as_ref().expect("one").reveal().to_owned()
}

fn state(env: &TestEnv) -> Value {
    env.stored("credential")["state"].clone()
}

fn code(result: Result<Record>) -> ErrorCode {
    fails(result).code
}

#[test]
fn a_live_token_costs_neither_a_request_nor_a_write() {
    let env = TestEnv::with(credential("active", json!({})));
    assert_eq!(access(&token(&env).expect("a token")), old_access());
    assert!(env.log().is_empty());
}

/// Faults: S01
#[test]
fn without_a_record_there_is_no_login() {
    let env = TestEnv::new();
    assert_eq!(code(token(&env)), ErrorCode::NotConnected);
    assert_eq!(code(refresh(&env)), ErrorCode::NotConnected);
    assert!(env.log().is_empty());
}

/// Faults: S26
#[test]
fn a_success_is_not_repeated_within_a_minute() {
    let env = TestEnv::with(credential("active", json!({})));
    env.expect(TOKEN, grant("rt-2"));
    let first = refresh(&env).expect("a token");
    env.advance(59);
    assert_eq!(access(&refresh(&env).expect("a token")), access(&first));
    env.advance(1).expect(TOKEN, grant("rt-3"));
    assert_ne!(access(&refresh(&env).expect("a token")), access(&first));
}

#[test]
fn a_record_that_cannot_be_read_is_neither_used_nor_overwritten() {
    let env = TestEnv::new();
    for (bytes, expected) in [
        (&b""[..], ErrorCode::RecordCorrupt),
        (br#"{"version":2}"#, ErrorCode::RecordNewer),
    ] {
        env.put_bytes("credential", bytes);
        assert_eq!(code(token(&env)), expected);
        assert_eq!(code(refresh(&env)), expected);
    }
    assert!(env.log().is_empty());
}
