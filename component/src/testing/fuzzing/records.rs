//! Stored values. Unknown bytes come from a newer version, from a damaged store,
//! or from another program that writes to the store.

use super::NOW;
use super::backend::{shown_models, shown_usage};
use super::promises::{are_equal, is_header_safe, is_kept, is_safe_secret, is_same};
use crate::contract::ErrorCode;
use crate::json::{self, Object, Value};
use crate::state::cache;
use crate::state::credential::{self, Action, Intent, Record, Request, Tokens, decide};
use crate::state::pending::Pending;
use alloc::borrow::ToOwned;
use alloc::vec::Vec;

/// The deepest nesting that is read.
const DEPTH_MAX: usize = 64;

/// The `login_seq` of the cached responses.
const LOGIN_SEQ: u64 = 3;

/// The fields that a rewrite of a credential may change: an unknown failure is
/// left out, an intent has no other fields, claims are sanitized, without a login
/// there are no tokens, and a state has only its own fields.
const CREDENTIAL: [&str; 16] = [
    "last_trouble",
    "intent",
    "email",
    "plan",
    "reason",
    "probes",
    "refused_status",
    "refused_code",
    "refused_probes",
    "refused_since",
    "refresh_token",
    "access_token",
    "received_at",
    "expires_at",
    "clock_offset",
    "refused",
];

/// How many of these belong to the state; the others are tokens.
const OF_THE_STATE: usize = 10;

/// The fields that a rewrite of a pending login may change: an approval has no
/// other fields, and an interval has its bound.
const PENDING: [&str; 2] = ["approval", "interval"];

/// Any JSON, read strictly and leniently.
pub fn json(bytes: &[u8]) -> &'static str {
    let lenient = json::parse_leniently(bytes);
    assert!(
        lenient
            .as_ref()
            .is_none_or(|value| depth(value) <= DEPTH_MAX)
    );
    let Some(value) = json::parse(bytes) else {
        return "refused";
    };
    assert_eq!(lenient.as_ref(), Some(&value));
    assert!(depth(&value) <= DEPTH_MAX);
    if let Value::Object(object) = &value {
        let written = object.to_bytes();
        let read = json::parse_object(&written).expect("what is written can be read");
        assert!(are_equal(&Value::Object(read), &without_nulls(&value)));
    }
    "taken"
}

fn depth(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(object) => {
            1 + object
                .fields()
                .map(|(_, value)| depth(value))
                .max()
                .unwrap_or(0)
        }
        _ => 0,
    }
}

/// The value as it is written: null fields are left out.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::List(items) => Value::List(items.iter().map(without_nulls).collect()),
        Value::Object(object) => {
            let mut kept = Object::default();
            for (name, value) in object.fields().filter(|(_, value)| **value != Value::Null) {
                kept.put(name, without_nulls(value));
            }
            Value::Object(kept)
        }
        other => other.clone(),
    }
}

/// The login.
pub fn credential(bytes: &[u8]) -> &'static str {
    let record = match credential::decode(bytes) {
        Ok(record) => record,
        Err(error) => return unreadable(error.code),
    };
    let written = is_kept(&record);
    survives(bytes, &written, &CREDENTIAL);
    if let Some(tokens) = record.tokens() {
        survives(bytes, &written, &CREDENTIAL[..OF_THE_STATE]);
        let secrets = [&tokens.refresh, &tokens.access];
        secrets.into_iter().flatten().for_each(is_safe_secret);
    }
    let ids = [&record.claims.account_id, &record.claims.user_id];
    ids.into_iter().flatten().for_each(|id| is_header_safe(id));
    moves_on(&record);
    "taken"
}

/// Every decision about the record can be stored.
fn moves_on(record: &Record) {
    let intent = Intent {
        attempt: "attempt-1".to_owned(),
        presented: "f00".to_owned(),
        started: NOW,
    };
    let requests = [
        Request::AccessToken { refused: None },
        Request::AccessToken {
            refused: Some("f00"),
        },
        Request::ForceRefresh,
    ];
    for now in [0, NOW, record.updated_at, 1 << 53] {
        for request in requests {
            match decide(record, request, now) {
                Action::Store(next) => drop(is_kept(&next)),
                Action::Present(token) => {
                    is_safe_secret(&token);
                    is_kept(&record.clone().with_intent(&intent));
                }
                Action::Serve => assert!(record.live_token(now).is_some()),
                Action::Fail(error) => assert!(error.retry_after_seconds != Some(0)),
            }
        }
    }
    let has_tokens = |tokens: &Tokens| tokens.refresh.is_some() || tokens.access.is_some();
    // Without tokens, a logout does not keep their times either.
    if record.tokens().is_some_and(has_tokens) {
        is_kept(&record.clone().logging_out());
    }
    is_kept(&record.clone().logged_out(true));
}

/// The pending login.
pub fn pending(bytes: &[u8]) -> &'static str {
    let pending = match Pending::decode(bytes) {
        Ok(pending) => pending,
        Err(error) => return unreadable(error.code),
    };
    let written = is_kept_pending(&pending);
    survives(bytes, &written, &PENDING);
    is_safe_secret(&pending.device_auth_id);
    for now in [0, NOW, pending.expires_at, 1 << 53] {
        assert!(pending.seconds_to_next_poll(now) <= 3600 + 30);
        let _ = (pending.for_caller(now), pending.has_ended(now));
        is_kept_pending(&changed(&pending, |it| it.wait_an_interval(now)));
        is_kept_pending(&changed(&pending, |it| it.slow_down(now, Some(90))));
        if let Some(approval) = &pending.approval {
            is_safe_secret(&approval.code);
            is_safe_secret(&approval.verifier);
            let left = approval.exchange_under_way(now);
            assert!(left.is_none_or(|left| left <= 65));
            for stage in [approval.exchanging(now), approval.tried(true)] {
                is_kept_pending(&changed(&pending, |it| it.approval = Some(stage)));
            }
        }
    }
    "taken"
}

fn changed(pending: &Pending, change: impl FnOnce(&mut Pending)) -> Pending {
    let mut pending = pending.clone();
    change(&mut pending);
    pending
}

fn is_kept_pending(pending: &Pending) -> Vec<u8> {
    let written = pending.encode();
    let Ok(read) = Pending::decode(&written) else {
        panic!("what is written can be read");
    };
    is_same(&read.encode(), &written);
    written
}

fn unreadable(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::RecordCorrupt => "corrupt",
        ErrorCode::RecordNewer => "newer",
        other => panic!("{other:?}"),
    }
}

/// Every field is written as it was read, except those of these names.
fn survives(bytes: &[u8], written: &[u8], changed: &[&str]) {
    let read = json::parse_object(bytes).expect("a record is an object");
    let written = json::parse_object(written).expect("a record is an object");
    for (name, value) in read.fields().filter(|(name, _)| !changed.contains(name)) {
        let is_default = matches!(value, Value::Bool(false) | Value::Integer(0));
        let written = written.get(name);
        assert!(
            are_equal(written, &without_nulls(value)) || is_default && *written == Value::Null,
            "{name}"
        );
    }
}

/// The cached models.
pub fn models_copy(bytes: &[u8]) -> &'static str {
    let Some(copy) = cache::decode(bytes, LOGIN_SEQ) else {
        return "refused";
    };
    shown_models(&copy.body);
    let _ = copy.is_fresh(cache::MODELS, true, NOW);
    "taken"
}

/// The cached usage.
pub fn usage_copy(bytes: &[u8]) -> &'static str {
    let Some(copy) = cache::decode(bytes, LOGIN_SEQ) else {
        return "refused";
    };
    shown_usage(&copy.body, copy.fetched_at);
    let _ = copy.is_fresh(cache::USAGE, false, NOW);
    "taken"
}

/// The body that is read from the cache. A cached response is a level deeper than
/// the response: the deepest is not read, and costs a request.
pub(super) fn copied(body: Value) -> Value {
    if depth(&body) >= DEPTH_MAX {
        return body;
    }
    let written = cache::encode(Object::default(), LOGIN_SEQ, NOW, body);
    let copy = cache::decode(&written, LOGIN_SEQ).expect("what is written can be read");
    assert_eq!(copy.fetched_at, NOW);
    copy.body
}
