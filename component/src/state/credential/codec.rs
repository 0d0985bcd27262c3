//! The record as it is stored: one flat JSON object. Bytes come in through
//! `decode` and go out through `encode`.
//!
//! Written by hand: serde's derive with `flatten`, for reading this record alone,
//! makes the component 42.8 KB larger (202,786 bytes of code and data instead of
//! 159,948).

use super::apply::UNNAMED;
use super::record::{Intent, Phase, Probes, Record, Refusals, State};
use super::tokens::Tokens;
use crate::error::Result;
use crate::json::{Object, Value};
use crate::openai::claims::Claims;
use crate::openai::{ACCESS_TOKEN_MAX, CODE_MAX, FailureKind, REFRESH_TOKEN_MAX, ServiceError};
use crate::ports::StoreError;
use crate::secret::Secret;
use crate::state::clock_skew::Stamp;
use crate::state::envelope;
use crate::state::fields::Fields;
use alloc::borrow::ToOwned;
use alloc::vec::Vec;

/// The version of the record that this code writes.
const VERSION: u64 = 1;

/// The largest record that every host takes, in bytes.
const RECORD_MAX: usize = 32 * 1024;

/// The largest size of a record without its unknown fields, in bytes. In JSON a
/// quotation mark takes two bytes, so the tokens take 2 × (8192 + 4096) = 24 576;
/// in UTF-8 a character takes four, so e-mail and plan take 4 × (320 + 60) =
/// 1520. Nine identifiers of 128 take 2304, and ten numbers and all names less
/// than 1000.
const KNOWN_MAX: usize = 2 * (ACCESS_TOKEN_MAX + REFRESH_TOKEN_MAX) + 5 * 1024;

/// Reads a stored record.
pub(crate) fn decode(bytes: &[u8]) -> Result<Record> {
    let fields = envelope::fields(bytes, VERSION, "stored login")?;
    Ok(read(fields).ok_or(StoreError::Corrupt)?)
}

fn read(mut from: Fields) -> Option<Record> {
    let updated_at = from.required_number("updated_at");
    Some(Record {
        generation: from.required_number("generation"),
        login_seq: from.required_number("epoch"),
        state: read_state(&mut from)?,
        method: from.identifier("method"),
        login_id: from.identifier("login_id"),
        user_code: from.identifier("user_code"),
        claims: Claims {
            email: from.text("email"),
            plan: from.text("plan"),
            account_id: from.identifier("account_id"),
            user_id: from.identifier("user_id"),
            fedramp: from.flag("fedramp"),
        }
        .sanitized(),
        not_before: from.number("not_before"),
        last_failure: from
            .text("last_trouble")
            .as_deref()
            .and_then(FailureKind::named),
        revoke: from.flag("revoke"),
        updated_at,
        stamp: Stamp::stored(from.text("clock"), updated_at),
        other: from.rest()?,
    })
}

/// Reads the state. The fields of all states are read, whatever the state: one of
/// another type damages every record.
fn read_state(from: &mut Fields) -> Option<State> {
    let name = from.required_text("state");
    let is_signed_out = matches!(&*name, "logging-out" | "logged-out");
    let tokens = read_tokens(from, is_signed_out);
    let intent = from.object("intent", |from| Some(read_intent(from)));
    let reason = from.identifier("reason");
    let probes = Probes {
        count: from.number("probes").unwrap_or(0),
        refusals: read_refusals(from),
    };
    let phase = match &*name {
        "logging-out" => {
            return Some(State::LoggingOut {
                tokens,
                probes: probes.count,
                reason,
            });
        }
        "logged-out" => return Some(State::LoggedOut),
        "active" => Phase::Active,
        "refreshing" => Phase::Refreshing {
            intent: intent.unwrap_or_else(Intent::missing),
            probes,
            reason,
        },
        "uncertain" => Phase::Uncertain { intent, probes },
        "needs-login" => Phase::NeedsLogin {
            intent,
            probes,
            reason: reason.unwrap_or_else(|| UNNAMED.to_owned()),
        },
        _ => return None,
    };
    Some(State::LoggedIn {
        tokens: tokens?,
        phase,
    })
}

/// Tokens may be missing only when signed out; with tokens, `received_at` is required.
fn read_tokens(from: &mut Fields, is_signed_out: bool) -> Option<Tokens> {
    let refresh = from.secret("refresh_token");
    let access = from.secret("access_token");
    if is_signed_out && refresh.is_none() && access.is_none() {
        from.number("received_at");
        return None;
    }
    Some(Tokens {
        refresh,
        access,
        received_at: from.required_number("received_at"),
        expires_at: from.number("expires_at"),
        clock_offset: from.offset("clock_offset"),
        refused: from.identifier("refused"),
    })
}

fn read_intent(from: &mut Fields) -> Intent {
    Intent {
        attempt: from.required_identifier("attempt"),
        presented: from.required_identifier("presented"),
        started: from.required_number("started"),
    }
}

/// Without the time of the first one there are none.
fn read_refusals(from: &mut Fields) -> Option<Refusals> {
    let status = from.number("refused_status");
    let code = from.identifier("refused_code");
    let probes = from.number("refused_probes");
    let since = from.number("refused_since")?;
    Some(Refusals {
        service_error: ServiceError {
            status: status.and_then(|status| u16::try_from(status).ok()),
            code: code.filter(|code| code.len() <= CODE_MAX),
        },
        probes: probes.unwrap_or(0),
        since,
    })
}

/// Whether the record fits into 32 KiB, which every host takes, with the longest
/// tokens.
pub(super) fn has_room(record: &Record) -> bool {
    record.other.to_bytes().len() <= RECORD_MAX - KNOWN_MAX
}

/// Encodes a record. Absent values are left out.
pub(crate) fn encode(record: &Record) -> Vec<u8> {
    let mut to = record.other.clone();
    to.put("version", VERSION);
    to.put("generation", record.generation);
    to.put("epoch", record.login_seq);
    to.put("state", record.state.name());
    to.put("reason", record.state.reason());
    to.put("method", record.method.as_deref());
    to.put("login_id", record.login_id.as_deref());
    to.put("user_code", record.user_code.as_deref());
    to.put("email", record.claims.email.as_deref());
    to.put("plan", record.claims.plan.as_deref());
    to.put("account_id", record.claims.account_id.as_deref());
    to.put("user_id", record.claims.user_id.as_deref());
    to.put("fedramp", flag(record.claims.fedramp));
    if let Some(tokens) = record.state.tokens() {
        to.put("refresh_token", tokens.refresh.as_ref().map(Secret::reveal));
        to.put("access_token", tokens.access.as_ref().map(Secret::reveal));
        to.put("received_at", tokens.received_at);
        to.put("expires_at", tokens.expires_at);
        to.put("clock_offset", Value::Integer(tokens.clock_offset));
        to.put("refused", tokens.refused.as_deref());
    }
    if let Some(intent) = record.state.intent() {
        let intent = Object::default()
            .with("attempt", &*intent.attempt)
            .with("presented", &*intent.presented)
            .with("started", intent.started);
        to.put("intent", Value::Object(intent));
    }
    let probes = record.state.probe_count();
    to.put("probes", Some(probes).filter(|probes| *probes > 0));
    to.put("not_before", record.not_before);
    to.put("last_trouble", record.last_failure.map(FailureKind::name));
    if let Some(refusals) = record.state.refusals() {
        to.put(
            "refused_status",
            refusals.service_error.status.map(u64::from),
        );
        to.put("refused_code", refusals.service_error.code.as_deref());
        to.put("refused_probes", refusals.probes);
        to.put("refused_since", refusals.since);
    }
    to.put("revoke", flag(record.revoke));
    to.put("updated_at", record.updated_at);
    if let Some(stamp) = &record.stamp {
        to.put("clock", &*stamp.steady);
    }
    to.to_bytes()
}

/// False is left out.
fn flag(is_set: bool) -> Value {
    if is_set {
        Value::Bool(true)
    } else {
        Value::Null
    }
}

#[cfg(test)]
mod tests {
    use super::{KNOWN_MAX, RECORD_MAX, decode, encode, has_room};
    use crate::contract::ErrorCode;
    use crate::json::Object;
    use crate::openai::{ACCESS_TOKEN_MAX, FailureKind, REFRESH_TOKEN_MAX};
    use crate::state::credential::{Phase, Record};
    use crate::testing::fakes::{changed, credential, fails, intent};
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

    /// The fields that only some states have.
    const OF_SOME_STATES: [&str; 7] = [
        "reason",
        "intent",
        "probes",
        "refused_status",
        "refused_code",
        "refused_probes",
        "refused_since",
    ];

    /// Every field of that state.
    fn whole(state: &str) -> Value {
        let kept: &[&str] = match state {
            "refreshing" | "needs-login" => &OF_SOME_STATES,
            "uncertain" => &OF_SOME_STATES[1..],
            "logging-out" => &["reason", "probes"],
            _ => &[],
        };
        let row = json!({
            "refused_status": 401, "refused_code": "brand_new", "refused_probes": 3,
            "refused_since": 11,
        });
        let mut record = changed(full(state), row);
        let fields = record.as_object_mut().expect("an object");
        fields.retain(|name, _| !OF_SOME_STATES.contains(&&**name) || kept.contains(&&**name));
        record
    }

    #[test]
    fn every_state_is_read_and_written_without_a_change() {
        for state in [
            "active",
            "refreshing",
            "uncertain",
            "needs-login",
            "logging-out",
        ] {
            let stored = whole(state);
            let record = read(&stored);
            assert_eq!(record.state.name(), state);
            assert_eq!(written(&record), stored);
        }
    }

    #[test]
    fn fields_of_another_state_are_left_out() {
        for state in ["active", "uncertain", "logging-out"] {
            let mixed = changed(full(state), whole("needs-login"));
            let mixed = changed(mixed, json!({"state": state}));
            assert_eq!(written(&read(&mixed)), whole(state));
        }
        let out = written(&read(&full("logged-out")));
        assert_eq!(out["state"], "logged-out");
        for gone in [
            "refresh_token",
            "access_token",
            "reason",
            "intent",
            "probes",
        ] {
            assert_eq!(out[gone], Value::Null, "{gone}");
        }
    }

    #[test]
    fn a_refreshing_record_without_an_intent_is_abandoned() {
        let stored = changed(whole("refreshing"), json!({"intent": null}));
        let record = read(&stored);
        let Some(Phase::Refreshing { intent, .. }) = record.state.phase() else {
            panic!("refreshing");
        };
        assert!(intent.is_abandoned(0) && intent.is_abandoned(u64::MAX));
        assert!(record.intent().is_none());
        assert_eq!(written(&record), stored);
    }

    #[test]
    fn needs_login_always_has_a_reason() {
        let stored = changed(whole("needs-login"), json!({"reason": null}));
        assert_eq!(read(&stored).state.reason(), Some("unknown"));
    }

    #[test]
    fn a_record_without_a_login_is_read_and_written_unchanged() {
        let absent = json!({"version": 1, "generation": 2, "epoch": 1, "state": "logged-out", "updated_at": 3});
        let record = read(&absent);
        assert!(record.tokens().is_none() && !record.has_login());
        assert_eq!(written(&record), absent);
        assert_eq!(written(&Record::absent())["state"], json!("logged-out"));
    }

    /// Faults: H13 S05
    #[test]
    fn unknown_fields_survive_every_transition() {
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
    fn an_unknown_failure_is_left_out() {
        let record = read(&credential("active", json!({"last_trouble": "brand-new"})));
        assert_eq!(record.last_failure, None);
        let record = read(&credential("active", json!({"last_trouble": "late"})));
        assert_eq!(record.last_failure, Some(FailureKind::Late));
    }

    /// Faults: S04
    #[test]
    fn a_newer_version_is_refused() {
        let newer = changed(full("active"), json!({"version": 2, "state": {"new": 1}}));
        let error = fails(decode(newer.to_string().as_bytes()));
        assert_eq!(error.code, ErrorCode::RecordNewer);
        assert!(!error.retryable);
    }

    /// Faults: S02 S06
    #[test]
    fn an_unreadable_record_is_corrupt() {
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

    /// Faults: M08 M11 S02
    #[test]
    fn a_field_of_another_type_is_corrupt() {
        let odd = [
            json!({"version": 0}),
            json!({"version": "1"}),
            json!({"version": null}),
            json!({"generation": null}),
            json!({"generation": -1}),
            json!({"generation": 1.5}),
            json!({"epoch": "3"}),
            json!({"state": "idle"}),
            json!({"state": null}),
            json!({"updated_at": null}),
            json!({"reason": 7}),
            json!({"email": ["a"]}),
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
            json!({"account_id": "a\r\nx: y"}),
            json!({"user_id": ""}),
            json!({"reason": "\u{1b}[2J"}),
            json!({"login_id": "a".repeat(129)}),
            json!({"user_code": "ABCD 12345"}),
        ];
        for change in odd {
            let stored = changed(full("refreshing"), change.clone()).to_string();
            let error = fails(decode(stored.as_bytes()));
            assert_eq!(error.code, ErrorCode::RecordCorrupt, "{change}");
        }
    }

    /// Faults: S02
    #[test]
    fn tokens_without_received_at_and_a_login_without_tokens_are_corrupt() {
        let alone = json!({"received_at": null, "refresh_token": null});
        let none = json!({"refresh_token": null, "access_token": null, "received_at": null});
        for stored in [
            credential("active", json!({"received_at": null})),
            credential("needs-login", alone),
            credential("uncertain", none),
            credential("logging-out", json!({"received_at": null})),
        ] {
            let error = fails(decode(stored.to_string().as_bytes()));
            assert_eq!(error.code, ErrorCode::RecordCorrupt, "{stored}");
        }
    }

    /// Faults: M12
    #[test]
    fn stored_claims_are_sanitized_again() {
        let odd = json!({"email": "a\u{1b}[2J@b", "plan": "p".repeat(500)});
        let claims = read(&credential("active", odd)).claims;
        assert_eq!(claims.email.as_deref(), Some("a[2J@b"));
        assert_eq!(claims.plan, Some("p".repeat(60)));
    }

    /// Faults: S36
    #[test]
    fn the_largest_record_fits_and_leaves_room_for_unknown_fields() {
        let text = |length: usize| "\"".repeat(length);
        let wide = |length: usize| "\u{1f600}".repeat(length);
        let longest = json!({
            "generation": i64::MAX, "epoch": i64::MAX, "updated_at": i64::MAX,
            "reason": text(128), "method": text(128), "login_id": text(128),
            "user_code": text(128), "email": wide(320), "plan": wide(60),
            "account_id": text(128), "user_id": text(128), "fedramp": true, "revoke": true,
            "refresh_token": text(REFRESH_TOKEN_MAX), "access_token": text(ACCESS_TOKEN_MAX),
            "received_at": i64::MAX, "expires_at": i64::MAX, "clock_offset": i64::MIN,
            "refused": text(128), "probes": i64::MAX, "not_before": i64::MAX,
            "last_trouble": "no-access-token",
            "intent": {"attempt": text(128), "presented": text(128), "started": i64::MAX},
        });
        let mut record = read(&changed(full("refreshing"), longest));
        assert!(
            encode(&record).len() <= KNOWN_MAX,
            "{}",
            encode(&record).len()
        );
        assert!(has_room(&record));
        record.other = Object::default().with("tomorrow", &*"x".repeat(RECORD_MAX - KNOWN_MAX));
        assert!(!has_room(&record));
        record.other = Object::default().with("tomorrow", &*"x".repeat(3000));
        assert!(has_room(&record) && encode(&record).len() <= RECORD_MAX);
    }
}
