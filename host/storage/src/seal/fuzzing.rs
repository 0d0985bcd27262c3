//! Fuzzing entry points: one function for each parser, for a sealed value and for a key file.
//! Each takes any bytes, panics if a guarantee is broken, and returns the outcome as a word.
//!
//! The fuzz targets in `fuzz/` call these functions. So do the tests below, with the seeds in
//! `fuzz/corpus`, whose names begin with the expected word, and with edits of the seeds.
//! Another implementation, libsodium, has sealed the values among the seeds.

use zeroize::Zeroizing;

use super::key::{Key, Keyring};
use super::key_file;
use super::value::Place;
use crate::{StoreError, StoreKind};

/// A fixed key that the seeds are sealed with.
const KEY: [u8; 32] = *b"the seeds are sealed with this..";

/// Decrypts a value. Only the value that was sealed for this place decrypts.
pub fn sealed_value(bytes: &[u8]) -> &'static str {
    let key = Key::of(Zeroizing::new(KEY));
    let ring = Keyring {
        sealing: key.clone(),
        previous: None,
    };
    let profile = "ada".parse().expect("a name");
    let place = Place::of_row(StoreKind::Test, &profile, "credential");
    match place.open(&ring, bytes) {
        Ok(value) => {
            assert_eq!(value, b"sealed", "another value than the sealed one");
            let again = place.seal(&key, &value).expect("it fits");
            assert_ne!(again, bytes, "the nonce repeats");
            assert_eq!(place.open(&ring, &again), Ok(value));
            "opened"
        }
        Err(StoreError::KeyUnknown) => "strange",
        Err(StoreError::Corrupt) => "corrupt",
        Err(StoreError::Newer) => "newer",
        Err(other) => panic!("{other:?}"),
    }
}

/// Parses a key file. Parsed keys are written, and parsed as the same keys.
pub fn key_file(bytes: &[u8]) -> &'static str {
    let read = std::str::from_utf8(bytes).ok().and_then(key_file::parse);
    let Some(ring) = read else {
        return "refused";
    };
    let again = key_file::parse(&key_file::text_of(&ring)).expect("the written text");
    let ids = |ring: &Keyring| {
        let previous = ring.previous.as_ref().map(Key::id);
        (ring.sealing.id(), previous)
    };
    assert_eq!(ids(&again), ids(&ring));
    match ring.previous {
        None => "one",
        Some(_) => "two",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};

    use super::*;

    fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
        let files = std::fs::read_dir(corpus.join(target)).unwrap();
        files
            .map(|file| {
                let file = file.unwrap();
                let name = file.file_name().into_string().unwrap();
                (name, std::fs::read(file.path()).unwrap())
            })
            .collect()
    }

    #[track_caller]
    fn every_seed_is_answered_with_its_name(target: &str, read: fn(&[u8]) -> &'static str) {
        let seeds = seeds(target);
        assert!(seeds.len() > 2, "{target}");
        for (name, seed) in seeds {
            let word = read(&seed);
            assert!(name.starts_with(word), "{target}/{name}: {word}");
        }
    }

    /// A seed with one part put into the place of another.
    fn edited(target: &str) -> impl Strategy<Value = Vec<u8>> {
        let seeds: Vec<_> = seeds(target).into_iter().map(|(_, seed)| seed).collect();
        let edit = (any::<Index>(), any::<Index>(), vec(any::<u8>(), 0..40));
        (select(seeds), edit).prop_map(|(mut seed, (from, to, part))| {
            let length = seed.len() + 1;
            let (from, to) = (from.index(length), to.index(length));
            seed.splice(from.min(to)..from.max(to), part);
            seed
        })
    }

    #[test]
    fn seeds_of_values_are_answered_with_their_names() {
        every_seed_is_answered_with_its_name("sealed_value", sealed_value);
    }

    #[test]
    fn seeds_of_key_files_are_answered_with_their_names() {
        every_seed_is_answered_with_its_name("key_file", key_file);
    }

    proptest! {
        /// Faults: S02 M08
        #[test]
        fn bytes_in_a_store_open_only_if_they_were_sealed(
            value in prop_oneof![1 => vec(any::<u8>(), 0..200), 4 => edited("sealed_value")]
        ) {
            sealed_value(&value);
        }

        #[test]
        fn a_parsed_key_file_is_written_and_read_as_the_same_keys(
            text in prop_oneof![1 => vec(any::<u8>(), 0..200), 4 => edited("key_file")]
        ) {
            key_file(&text);
        }
    }
}
