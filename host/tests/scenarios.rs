//! What people type at a terminal and what the program prints: one scenario a file in
//! `scenarios/`, each with its own simulator, store and person.
//!
//! `person approve` and `person deny` do what the person does on OpenAI's page with the
//! waiting code.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use support::TestEnv;

/// Writes a shell script of one line that a scenario calls by its name.
fn program(test: &TestEnv, name: &str, line: &str) -> PathBuf {
    let path = test.path(name);
    fs::write(&path, format!("#!/bin/sh\n{line}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path
}

fn quoted(words: &[String]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    quoted.join(" ")
}

/// `chatgpt-oauth` with the options of this environment.
fn chatgpt_oauth(test: &TestEnv) -> PathBuf {
    let program_file = env!("CARGO_BIN_EXE_chatgpt-oauth");
    let line = format!("exec '{program_file}' {} \"$@\"", quoted(&test.options()));
    program(test, "chatgpt-oauth", &line)
}

/// Presses a button on OpenAI's page for the waiting code.
fn person(test: &TestEnv) -> PathBuf {
    let script = "
import json, os, sys, urllib.parse, urllib.request
page, clock, decision = sys.argv[1:]
browser = urllib.request.build_opener(urllib.request.ProxyHandler({}))
code = json.load(browser.open(page + '/_simulator/pending'))[-1]
form = {'user_code': code, 'account': '0', 'decision': decision}
browser.open(page + '/codex/device', urllib.parse.urlencode(form).encode())
later = int(open(clock).read()) + 60
open(clock + '.next', 'w').write(str(later))
os.rename(clock + '.next', clock)
print('a minute later the person says that they are done')
";
    let script_file = test.path("person.py");
    fs::write(&script_file, script).unwrap();
    let line = format!(
        "exec python3 '{}' {} '{}' \"$1\"",
        script_file.display(),
        test.simulator.http_url(),
        test.path("clock").display(),
    );
    program(test, "person", &line)
}

fn play(story: &Path) {
    let test = TestEnv::with(|settings| match story.file_stem().unwrap().to_str() {
        Some("login-and-wait") => settings.auto_approve(Duration::ZERO),
        _ => settings,
    });
    trycmd::TestCases::new()
        .register_bin("chatgpt-oauth", chatgpt_oauth(&test))
        .register_bin("person", person(&test))
        .env("CHATGPT_OAUTH_PROFILE", "ada")
        .env("TZ", "UTC")
        .env(
            "CHATGPT_OAUTH_TEST_CLOCK",
            test.path("clock").display().to_string(),
        )
        .env("XDG_STATE_HOME", test.path("state").display().to_string())
        .case(story);
}

#[test]
fn the_program_prints_what_the_scenarios_show() {
    let stories = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut stories: Vec<_> = fs::read_dir(stories)
        .unwrap()
        .map(|story| story.unwrap().path())
        .filter(|story| story.extension().is_some_and(|kind| kind == "trycmd"))
        .collect();
    stories.sort();
    assert!(stories.len() >= 6, "{stories:?}");
    for story in &stories {
        play(story);
    }
}
