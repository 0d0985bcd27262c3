//! Misdeeds with buckets, keys and values that the order names.

use std::fmt::Debug;

use crate::bindings::wasi::keyvalue0_2_0_draft::store::{self, Bucket, Error};

pub(crate) fn commit(misdeed: &str, details: &[&str]) -> Option<String> {
    let outcome = match (misdeed, details) {
        ("open a bucket", [name]) => store::open(name).map(|_| "opened".to_owned()),
        ("read", [key]) => own().and_then(|own| own.get(key)).map(shown),
        ("write", [key, value]) => written(key, value.as_bytes()),
        ("write bytes", [key, size]) => written(key, &vec![b'x'; size.parse().unwrap()]),
        ("write unread", [key]) => own().and_then(|own| own.set(key, b"x")).map(shown),
        ("delete", [key]) => own()
            .and_then(|own| own.get(key).and_then(|_| own.delete(key)))
            .map(shown),
        ("ask whether there is", [key]) => own().and_then(|own| own.exists(key)).map(shown),
        ("list the keys", [cursor]) => own()
            .and_then(|own| own.list_keys(cursor.parse().ok()))
            .map(|found| shown(found.keys)),
        ("write keys", [number]) => write_keys(number.parse().unwrap()),
        _ => return None,
    };
    Some(outcome.unwrap_or_else(shown))
}

fn own() -> Result<Bucket, Error> {
    store::open("default")
}

fn written(key: &str, value: &[u8]) -> Result<String, Error> {
    let own = own()?;
    own.get(key)?;
    own.set(key, value).map(shown)
}

/// Writes this many new keys, and returns how many the host accepted.
fn write_keys(number: usize) -> Result<String, Error> {
    let own = own()?;
    for n in 0..number {
        // Digits become letters, because a key has only letters.
        let key: String = n
            .to_string()
            .bytes()
            .map(|byte| (byte + 49) as char)
            .collect();
        own.get(&key)?;
        if let Err(refusal) = own.set(&key, b"x") {
            return Ok(format!("{n}: {refusal:?}"));
        }
    }
    Ok(format!("all {number}"))
}

fn shown(value: impl Debug) -> String {
    format!("{value:?}")
}
