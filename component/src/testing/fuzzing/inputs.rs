//! Inputs made of the seeds: edited byte by byte, or with other fields.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

/// Sometimes any bytes; mostly edited seeds.
pub(super) fn inputs(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..200),
        4 => edited(seeds.clone()),
        5 => changed(seeds.clone()),
        2 => with_status(seeds),
    ]
}

/// A seed with another status in its first line.
fn with_status(seeds: Vec<Vec<u8>>) -> BoxedStrategy<Vec<u8>> {
    let statuses = [
        200_u16, 201, 204, 302, 400, 401, 403, 404, 408, 429, 500, 502, 503,
    ];
    (select(seeds), select(statuses.to_vec()))
        .prop_map(|(seed, status)| {
            let line_end = seed.iter().position(|byte| *byte == b'\n');
            let rest = &seed[line_end.unwrap_or(seed.len())..];
            [status.to_string().as_bytes(), rest].concat()
        })
        .boxed()
}

/// One edit of a seed.
#[derive(Clone, Debug)]
enum Edit {
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    /// Repeats a part somewhere else.
    Copy(Index, Index, usize),
    Cut(Index),
}

/// A value of any kind, often an unusual one.
fn odd() -> BoxedStrategy<Value> {
    let strange = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1_795_514_400),
        json!(""),
        json!("5"),
        json!("a\r\nb: c"),
        json!("\u{202e}\u{1b}[2J"),
        json!("\0"),
        json!("2026-11-24T10:15:00Z"),
        json!("refresh_token_reused"),
        json!("list"),
    ];
    let leaf = prop_oneof![
        4 => select(strange.to_vec()),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
        1 => "[!-~]{1,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
    .boxed()
}

/// The name of a field that some parser looks for, or any.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        9 => select(&NAMES[..]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

const NAMES: [&str; 58] = [
    "access_token",
    "account_id",
    "additional_rate_limits",
    "approval",
    "attempt",
    "attempts",
    "authorization_code",
    "balance",
    "body",
    "chatgpt_account_id",
    "chatgpt_plan_type",
    "chatgpt_user_id",
    "clock_offset",
    "code",
    "code_verifier",
    "credits",
    "detail",
    "device_auth_id",
    "email",
    "epoch",
    "error",
    "exp",
    "expires_at",
    "expires_in",
    "fetched_at",
    "generation",
    "has_credits",
    "https://api.openai.com/auth",
    "https://api.openai.com/profile",
    "id",
    "id_token",
    "input_modalities",
    "intent",
    "interval",
    "limit_name",
    "limit_window_seconds",
    "models",
    "next_poll_at",
    "not_before",
    "plan_type",
    "presented",
    "primary_window",
    "priority",
    "probes",
    "rate_limit",
    "received_at",
    "refresh_token",
    "reset_at",
    "secondary_window",
    "slug",
    "started",
    "state",
    "status",
    "supported_reasoning_levels",
    "updated_at",
    "user_code",
    "verifier",
    "visibility",
];

/// A seed whose fields have other values.
fn changed(seeds: Vec<Vec<u8>>) -> BoxedStrategy<Vec<u8>> {
    let changes = prop::collection::vec((any::<Index>(), name(), odd()), 1..5);
    (select(seeds), changes)
        .prop_map(|(seed, changes)| {
            let body_at = seed.windows(2).position(|pair| pair == b"\n\n");
            let (head, body) = seed.split_at(body_at.map_or(0, |place| place + 2));
            let mut body: Value = serde_json::from_slice(body).unwrap_or_else(|_| json!({}));
            for (place, name, value) in changes {
                change(&mut body, place, name, value);
            }
            [head, body.to_string().as_bytes()].concat()
        })
        .boxed()
}

/// Changes one of the fields, or adds one; sometimes a level deeper.
fn change(body: &mut Value, place: Index, name: String, value: Value) {
    let Some(fields) = body.as_object_mut() else {
        return;
    };
    let known: Vec<String> = fields.keys().cloned().collect();
    let picked = place.index(known.len() + 1);
    match known.get(picked).and_then(|known| fields.get_mut(known)) {
        Some(inner @ Value::Object(_)) if name.len().is_multiple_of(2) => {
            change(inner, place, name, value)
        }
        Some(field) => *field = value,
        None => drop(fields.insert(name, value)),
    }
}

/// A seed with other bytes.
fn edited(seeds: Vec<Vec<u8>>) -> BoxedStrategy<Vec<u8>> {
    let index = any::<Index>;
    let edit = prop_oneof![
        (index(), any::<u8>()).prop_map(|(place, byte)| Edit::Replace(place, byte)),
        (index(), prop::collection::vec(any::<u8>(), 1..8))
            .prop_map(|(place, bytes)| Edit::Insert(place, bytes)),
        (index(), 1_usize..20).prop_map(|(place, length)| Edit::Remove(place, length)),
        (index(), index(), 1_usize..60).prop_map(|(from, to, length)| Edit::Copy(from, to, length)),
        index().prop_map(Edit::Cut),
    ];
    (select(seeds), prop::collection::vec(edit, 1..6))
        .prop_map(|(mut bytes, edits)| {
            for edit in edits {
                apply(&mut bytes, edit);
            }
            bytes
        })
        .boxed()
}

fn apply(bytes: &mut Vec<u8>, edit: Edit) {
    let at = |bytes: &[u8], place: Index| place.index(bytes.len() + 1);
    let part = |bytes: &[u8], from: usize, length: usize| from..(from + length).min(bytes.len());
    match edit {
        Edit::Replace(place, byte) => {
            let place = at(bytes, place);
            if let Some(old) = bytes.get_mut(place) {
                *old = byte;
            }
        }
        Edit::Insert(place, new) => {
            let place = at(bytes, place);
            bytes.splice(place..place, new);
        }
        Edit::Remove(place, length) => {
            let range = part(bytes, at(bytes, place), length);
            bytes.drain(range);
        }
        Edit::Copy(from, to, length) => {
            let range = part(bytes, at(bytes, from), length);
            let copy = bytes[range].to_vec();
            let to = at(bytes, to);
            bytes.splice(to..to, copy);
        }
        Edit::Cut(place) => bytes.truncate(at(bytes, place)),
    }
}
