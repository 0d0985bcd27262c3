//! The record as it is stored: one flat JSON object.

use super::{Intent, Record, State, Tokens};
use crate::claims::{self, Claims};
use crate::contract::{Error, ErrorCode};
use crate::error::Result;
use crate::json::{self, Object, Value};
use crate::openai::Trouble;
use crate::ports::StoreError;
use crate::secret::Secret;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The version of the record that this code writes.
const VERSION: u64 = 1;

/// Beyond this a number is not written as a whole one.
const COUNT_MAX: u64 = i64::MAX as u64;

const STATES: [(State, &str); 6] = [
    (State::Active, "active"),
    (State::Refreshing, "refreshing"),
    (State::Uncertain, "uncertain"),
    (State::NeedsLogin, "needs-login"),
    (State::LoggingOut, "logging-out"),
    (State::LoggedOut, "logged-out"),
];

/// Reads a stored record. A newer version and a damaged record are different errors.
pub(super) fn decode(bytes: &[u8]) -> Result<Record> {
    let mut fields = json::parse_object(bytes).ok_or(StoreError::Corrupt)?;
    match fields.take_number("version") {
        Some(Some(VERSION)) => Ok(read(fields).ok_or(StoreError::Corrupt)?),
        Some(Some(version)) if version > VERSION => Err(Error::new(
            ErrorCode::RecordNewer,
            format!("the stored login has version {version}, this software knows {VERSION}"),
        )),
        _ => Err(StoreError::Corrupt.into()),
    }
}

fn read(mut fields: Object) -> Option<Record> {
    let from = &mut fields;
    Some(Record {
        generation: counter(from, "generation")??,
        epoch: counter(from, "epoch")??,
        state: state(&from.take_text("state")??)?,
        reason: from.take_text("reason")?,
        method: from.take_text("method")?,
        login_id: from.take_text("login_id")?,
        claims: claims(from)?,
        tokens: tokens(from)?,
        intent: match from.take_object("intent")? {
            Some(fields) => Some(intent(fields)?),
            None => None,
        },
        probes: counter(from, "probes")?.unwrap_or(0),
        not_before: from.take_number("not_before")?,
        last_trouble: from
            .take_text("last_trouble")?
            .as_deref()
            .and_then(Trouble::named),
        revoke: from.take_bool("revoke")?,
        updated_at: from.take_number("updated_at")??,
        other: fields,
    })
}

/// A count that cannot be raised any more is none of ours.
fn counter(from: &mut Object, name: &str) -> Option<Option<u64>> {
    let count = from.take_number(name)?;
    count.is_none_or(|count| count < COUNT_MAX).then_some(count)
}

fn state(name: &str) -> Option<State> {
    let (state, _) = STATES.iter().find(|(_, known)| *known == name)?;
    Some(*state)
}

fn claims(from: &mut Object) -> Option<Claims> {
    Some(Claims {
        email: from.take_text("email")?,
        plan: from.take_text("plan")?,
        account_id: identifier(from, "account_id")?,
        user_id: identifier(from, "user_id")?,
        fedramp: from.take_bool("fedramp")?,
    })
}

fn identifier(from: &mut Object, name: &str) -> Option<Option<String>> {
    let text = from.take_text(name)?;
    let is_usable = text.as_deref().is_none_or(claims::is_identifier);
    is_usable.then_some(text)
}

/// Without a time of receipt there are no tokens.
fn tokens(from: &mut Object) -> Option<Option<Tokens>> {
    let Some(received_at) = from.take_number("received_at")? else {
        return Some(None);
    };
    Some(Some(Tokens {
        refresh: secret(from, "refresh_token")?,
        access: secret(from, "access_token")?,
        received_at,
        expires_at: from.take_number("expires_at")?,
        clock_offset: match from.take("clock_offset") {
            Value::Null => 0,
            offset => offset.as_i64()?,
        },
        refused: from.take_text("refused")?,
    }))
}

fn secret(from: &mut Object, name: &str) -> Option<Option<Secret>> {
    match from.take_text(name)? {
        None => Some(None),
        Some(text) => Secret::new(text).map(Some),
    }
}

fn intent(mut from: Object) -> Option<Intent> {
    Some(Intent {
        attempt: from.take_text("attempt")??,
        presented: from.take_text("presented")??,
        started: from.take_number("started")??,
    })
}

/// Writes a record. What is unknown is left out.
pub(super) fn encode(record: &Record) -> Vec<u8> {
    let mut to = record.other.clone();
    to.put("version", VERSION);
    to.put("generation", record.generation);
    to.put("epoch", record.epoch);
    to.put("state", state_name(record.state));
    to.put("reason", record.reason.as_deref());
    to.put("method", record.method.as_deref());
    to.put("login_id", record.login_id.as_deref());
    to.put("email", record.claims.email.as_deref());
    to.put("plan", record.claims.plan.as_deref());
    to.put("account_id", record.claims.account_id.as_deref());
    to.put("user_id", record.claims.user_id.as_deref());
    to.put("fedramp", flag(record.claims.fedramp));
    if let Some(tokens) = &record.tokens {
        to.put("refresh_token", tokens.refresh.as_ref().map(Secret::reveal));
        to.put("access_token", tokens.access.as_ref().map(Secret::reveal));
        to.put("received_at", tokens.received_at);
        to.put("expires_at", tokens.expires_at);
        to.put("clock_offset", Value::Integer(tokens.clock_offset));
        to.put("refused", tokens.refused.as_deref());
    }
    if let Some(intent) = &record.intent {
        let intent = Object::default()
            .with("attempt", &*intent.attempt)
            .with("presented", &*intent.presented)
            .with("started", intent.started);
        to.put("intent", Value::Object(intent));
    }
    to.put("probes", Some(record.probes).filter(|probes| *probes > 0));
    to.put("not_before", record.not_before);
    to.put("last_trouble", record.last_trouble.map(Trouble::name));
    to.put("revoke", flag(record.revoke));
    to.put("updated_at", record.updated_at);
    to.to_bytes()
}

/// Only what is true is written.
fn flag(is_set: bool) -> Value {
    if is_set {
        Value::Bool(true)
    } else {
        Value::Null
    }
}

fn state_name(state: State) -> &'static str {
    let named = STATES.iter().find(|(known, _)| *known == state);
    named.map_or("", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::{STATES, decode, encode};
    use crate::contract::ErrorCode;
    use crate::credential::{Record, State};
    use crate::fakes::{changed, credential, fails, intent};
    use crate::openai::Trouble;
    use serde_json::{Value, json};

    fn full(state: &str) -> Value {
        credential(
            state,
            json!({
                "reason": "invalid_grant", "fedramp": true, "clock_offset": -5, "refused": "f00",
                "intent": intent(9), "probes": 4, "not_before": 17, "last_trouble": "network", "revoke": true,
            }),
        )
    }

    #[track_caller]
    fn read(stored: &Value) -> Record {
        decode(stored.to_string().as_bytes()).expect("a record")
    }

    fn written(record: &Record) -> Value {
        serde_json::from_slice(&encode(record)).expect("JSON")
    }

    #[test]
    fn every_state_is_read_and_written_without_a_change() {
        for (state, name) in STATES {
            let stored = full(name);
            let mut expected = stored.clone();
            expected["version"] = json!(1);
            let record = read(&stored);
            assert_eq!(record.state, state);
            assert_eq!(written(&record), expected);
        }
    }

    #[test]
    fn a_record_of_nobody_is_read_and_written_without_a_change() {
        let nobody = json!({"version": 1, "generation": 2, "epoch": 1, "state": "logged-out", "updated_at": 3});
        let record = read(&nobody);
        assert!(record.tokens.is_none() && !record.has_login());
        assert_eq!(written(&record), nobody);
        assert_eq!(written(&Record::absent())["state"], json!("logged-out"));
    }

    #[test]
    fn s05_unknown_fields_survive_every_transition() {
        let future = json!({"tomorrow": {"a": [1, 2.5, "x", true]}});
        let record = read(&changed(full("active"), future.clone()));
        assert_eq!(written(&record)["tomorrow"], future["tomorrow"]);
        for record in [
            record.clone().logged_out(false),
            record.clone().logging_out(),
        ] {
            assert_eq!(written(&record)["tomorrow"], future["tomorrow"]);
        }
    }

    #[test]
    fn an_unknown_trouble_is_forgotten_and_no_fault() {
        let record = read(&credential("active", json!({"last_trouble": "brand-new"})));
        assert_eq!(record.last_trouble, None);
        let record = read(&credential("active", json!({"last_trouble": "late"})));
        assert_eq!(record.last_trouble, Some(Trouble::Late));
    }

    #[test]
    fn s04_a_newer_version_is_refused() {
        let newer = changed(full("active"), json!({"version": 2, "state": {"new": 1}}));
        let error = fails(decode(newer.to_string().as_bytes()));
        assert_eq!(error.code, ErrorCode::RecordNewer);
        assert!(!error.retryable);
    }

    #[test]
    fn s02_s06_what_cannot_be_read_is_corrupt() {
        let twice = full("active")
            .to_string()
            .replacen('{', r#"{"state":"active","#, 1);
        let good = full("active").to_string();
        let half = &good[..good.len() / 2];
        for bad in ["", "null", "[]", "{}", "\0\0\0\0", &twice, half] {
            let error = fails(decode(bad.as_bytes()));
            assert_eq!(error.code, ErrorCode::RecordCorrupt, "{bad}");
        }
    }

    #[test]
    fn m08_m11_s02_a_field_that_cannot_be_is_corrupt() {
        let odd = [
            json!({"version": 0}),
            json!({"version": "1"}),
            json!({"version": null}),
            json!({"generation": null}),
            json!({"generation": -1}),
            json!({"generation": 1.5}),
            json!({"generation": i64::MAX}),
            json!({"probes": i64::MAX}),
            json!({"epoch": "3"}),
            json!({"state": "idle"}),
            json!({"state": null}),
            json!({"updated_at": null}),
            json!({"reason": 7}),
            json!({"email": ["a"]}),
            json!({"account_id": "acc-1\r\nx: y"}),
            json!({"account_id": ""}),
            json!({"user_id": "a b"}),
            json!({"fedramp": "yes"}),
            json!({"refresh_token": 7}),
            json!({"refresh_token": ""}),
            json!({"access_token": "a\r\nb: c"}),
            json!({"expires_at": "soon"}),
            json!({"clock_offset": 1.5}),
            json!({"refused": {}}),
            json!({"intent": "mine"}),
            json!({"intent": {"attempt": "a", "presented": "b"}}),
            json!({"intent": {"attempt": 1, "presented": "b", "started": 1}}),
            json!({"probes": -1}),
            json!({"not_before": "x"}),
            json!({"last_trouble": 1}),
            json!({"revoke": "true"}),
        ];
        for change in odd {
            let stored = changed(full("refreshing"), change.clone()).to_string();
            let error = fails(decode(stored.as_bytes()));
            assert_eq!(error.code, ErrorCode::RecordCorrupt, "{change}");
        }
    }

    #[test]
    fn without_a_time_of_receipt_there_are_no_tokens() {
        let record = read(&credential("active", json!({"received_at": null})));
        assert!(record.tokens.is_none());
        assert_eq!(record.state, State::Active);
    }
}
