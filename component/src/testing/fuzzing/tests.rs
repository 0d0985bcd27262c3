//! The seeds, and what proptest makes of them.

use super::inputs::inputs;
use super::{TARGETS, Target};
use proptest::test_runner::{Config, TestError, TestRunner};
use std::path::PathBuf;

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
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

/// Lets proptest at one target.
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

#[test]
fn every_folder_of_seeds_belongs_to_a_target() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for file in std::fs::read_dir(folder).expect("the corpus") {
        let name = file.expect("a folder").file_name();
        assert!(TARGETS.iter().any(|(known, _)| name == *known), "{name:?}");
    }
}

#[test]
fn p10_p11_whatever_answers_a_start_is_taken_within_bounds_or_refused() {
    holds("user_code");
}

#[test]
fn p01_p02_n26_whatever_answers_a_poll_is_one_of_six_answers() {
    holds("device_token");
}

#[test]
fn p12_p19_m11_whatever_answers_an_exchange_can_be_stored_and_sent() {
    holds("exchange");
}

#[test]
fn n11_n12_n18_n26_p13_p14_whatever_answers_a_refresh_leaves_a_record_that_can_be_read() {
    holds("refresh");
}

#[test]
fn p31_n26_whatever_refuses_asks_to_wait_between_a_second_and_an_hour() {
    holds("refusal");
}

#[test]
fn p26_m12_m27_whatever_the_models_are_they_can_be_shown_and_kept() {
    holds("models");
}

#[test]
fn p27_m12_whatever_the_usage_is_it_can_be_shown_and_kept() {
    holds("usage");
}

#[test]
fn p16_p17_p19_m11_whatever_a_token_claims_is_safe_or_unknown() {
    holds("claims");
}

#[test]
fn n26_whatever_is_written_for_a_time_is_one_or_none() {
    holds("time");
}

#[test]
fn p28_p29_whatever_json_is_taken_is_shallow_and_written_as_it_was_read() {
    holds("json");
}

#[test]
fn s02_s05_m08_m11_whatever_credential_is_taken_can_be_decided_about_and_stored() {
    holds("credential");
}

#[test]
fn s02_s05_m08_whatever_pending_login_is_taken_can_be_moved_on_and_stored() {
    holds("pending");
}

#[test]
fn s02_m12_whatever_copy_is_taken_can_be_shown() {
    holds("models_copy");
    holds("usage_copy");
}
