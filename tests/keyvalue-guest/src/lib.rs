//! A component that calls a key-value store for a test: see `guest.wit`.

#![cfg(target_family = "wasm")]
#![allow(missing_docs, unsafe_code, reason = "generated bindings")]

mod bindings {
    wit_bindgen::generate!({
        path: ["../../wit", "guest.wit"],
        world: "test:keyvalue/guest",
        generate_all,
    });
    use super::Asker;
    export!(Asker);
}

use bindings::Guest;
use bindings::wasi::keyvalue0_2_0_draft::store::{self, Bucket, Error};

struct Asker;

impl Guest for Asker {
    fn get(key: String) -> Result<Option<String>, String> {
        let value = bucket()?.get(&key).map_err(text)?;
        let value = value.map(|value| String::from_utf8_lossy(&value).into_owned());
        Ok(value)
    }

    fn set(key: String, value: String) -> Result<(), String> {
        bucket()?.set(&key, value.as_bytes()).map_err(text)
    }

    fn delete(key: String) -> Result<(), String> {
        bucket()?.delete(&key).map_err(text)
    }

    fn exists(key: String) -> Result<bool, String> {
        bucket()?.exists(&key).map_err(text)
    }

    fn keys() -> Result<Vec<String>, String> {
        let mut keys = bucket()?.list_keys(None).map_err(text)?.keys;
        keys.sort();
        Ok(keys)
    }

    fn open(identifier: String) -> Result<(), String> {
        store::open(&identifier).map(drop).map_err(text)
    }

    fn set_size(key: String, size: u32) -> Result<(), String> {
        bucket()?.set(&key, &vec![0; size as usize]).map_err(text)
    }

    fn write_many(key: String, letter: char, times: u32) -> Result<(), String> {
        let bucket = bucket()?;
        for time in 0..times as usize {
            let letters = letter.to_string().repeat(time * 65_537 % 200_000);
            let value = format!("{letters}{:08}", letters.len());
            bucket.set(&key, value.as_bytes()).map_err(text)?;
        }
        Ok(())
    }

    fn read_many(key: String, times: u32) -> Result<u32, String> {
        let (mut changes, mut last) = (0, Vec::new());
        for _ in 0..times {
            let value = bucket()?.get(&key).map_err(text)?.ok_or("none")?;
            if !is_whole(&value) {
                return Err(String::from_utf8_lossy(&value).into_owned());
            }
            changes += u32::from(value != last);
            last = value;
        }
        Ok(changes)
    }
}

fn bucket() -> Result<Bucket, String> {
    store::open("default").map_err(text)
}

fn text(error: Error) -> String {
    match error {
        Error::NoSuchStore => "no-such-store".into(),
        Error::AccessDenied => "access-denied".into(),
        Error::Other(text) => text,
    }
}

fn is_whole(value: &[u8]) -> bool {
    let Some((letters, digits)) = value.split_last_chunk::<8>() else {
        return false;
    };
    let same = letters.windows(2).all(|pair| pair[0] == pair[1]);
    same && digits[..] == *format!("{:08}", letters.len()).as_bytes()
}
