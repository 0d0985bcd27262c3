//! The seeds, and inputs that proptest derives from them.

use super::inputs::inputs;
use super::{TARGETS, Target};
use proptest::test_runner::{Config, TestError, TestRunner};
use std::path::PathBuf;

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let files = std::fs::read_dir(folder.join(target)).expect("a folder of seeds");
    let mut seeds: Vec<(String, Vec<u8>)> = files
        .map(|file| {
            let file = file.expect("a file");
            let name = file.file_name().into_string().expect("UTF-8");
            (name, std::fs::read(file.path()).expect("a seed"))
        })
        .collect();
    seeds.sort();
    seeds
}

/// Runs proptest on one function.
#[track_caller]
fn holds(name: &str) {
    let target: Target = TARGETS
        .into_iter()
        .find_map(|(known, target)| (known == name).then_some(target))
        .expect("a target of that name");
    let seeds: Vec<Vec<u8>> = corpus(name).into_iter().map(|(_, seed)| seed).collect();
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    let run = |bytes: Vec<u8>| {
        target(&bytes);
        Ok(())
    };
    if let Err(error) = TestRunner::new(config).run(&inputs(seeds), run) {
        match error {
            TestError::Fail(why, bytes) => panic!("{why}: {:?}", String::from_utf8_lossy(&bytes)),
            TestError::Abort(why) => panic!("{why}"),
        }
    }
}

#[test]
fn every_seed_is_answered_with_the_word_that_its_name_begins_with() {
    for (name, target) in TARGETS {
        let seeds = corpus(name);
        assert!(seeds.len() > 1, "{name}");
        for (file, seed) in seeds {
            let word = target(&seed);
            assert!(
                file.starts_with(word),
                "{name}/{file} is answered with {word}"
            );
        }
    }
}

/// The folders of `host/storage`, whose own tests read them.
const OF_STORAGE: [&str; 2] = ["key_file", "sealed_value"];

#[test]
fn every_folder_of_seeds_belongs_to_a_target() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for file in std::fs::read_dir(folder).expect("the corpus") {
        let name = file.expect("a folder").file_name();
        let mut known = TARGETS.iter().map(|(known, _)| *known).chain(OF_STORAGE);
        assert!(known.any(|known| name == *known), "{name:?}");
    }
}

/// Faults: P10 P11
#[test]
fn any_response_to_a_start_is_bounded_or_rejected() {
    holds("user_code");
}

/// Faults: P01 P02 N26
#[test]
fn any_response_to_a_poll_is_one_of_six_results() {
    holds("device_token");
}

/// Faults: P12 P19 M11
#[test]
fn any_response_to_an_exchange_can_be_stored_and_sent() {
    holds("exchange");
}

/// Faults: N11 N12 N18 N26 P13 P14
#[test]
fn any_response_to_a_refresh_leaves_a_readable_record() {
    holds("refresh");
}

/// Faults: P31 N26
#[test]
fn any_refusal_asks_to_wait_between_a_second_and_an_hour() {
    holds("refusal");
}

/// Faults: P26 M12 M27
#[test]
fn any_models_can_be_shown_and_kept() {
    holds("models");
}

/// Faults: P27 M12
#[test]
fn any_usage_can_be_shown_and_kept() {
    holds("usage");
}

/// Faults: P16 P17 P19 M11
#[test]
fn claims_of_any_token_are_safe_or_unknown() {
    holds("claims");
}

/// Faults: N26
#[test]
fn any_text_is_a_time_or_none() {
    holds("time");
}

/// Faults: P28 P29
#[test]
fn any_accepted_json_is_shallow_and_written_as_it_was_read() {
    holds("json");
}

/// Faults: S02 S05 M08 M11
#[test]
fn any_accepted_credential_can_be_decided_about_and_stored() {
    holds("credential");
}

/// Faults: S02 S05 M08
#[test]
fn any_accepted_pending_login_can_be_changed_and_stored() {
    holds("pending");
}

/// Faults: S02 M12
#[test]
fn any_accepted_cache_entry_can_be_shown() {
    holds("models_copy");
    holds("usage_copy");
}
