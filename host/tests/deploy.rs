//! The unit of systemd in `deploy/`.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// The most that `systemd-analyze security` may find, in tenths: 100 is no protection at all.
const EXPOSURE: &str = "20";

/// The unit, with the program of this build in place of the installed one.
fn unit(directory: &Path) -> String {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/chatgpt-oauth.service");
    let text = fs::read_to_string(unit).unwrap();
    let installed = "/usr/local/bin/chatgpt-oauth";
    assert!(text.contains(installed));
    let file = directory.join("chatgpt-oauth.service");
    fs::write(
        &file,
        text.replace(installed, env!("CARGO_BIN_EXE_chatgpt-oauth")),
    )
    .unwrap();
    file.to_str().unwrap().to_owned()
}

fn analyze(arguments: &[&str]) -> Output {
    let output = Command::new("systemd-analyze").args(arguments).output();
    output.expect("this test runs systemd-analyze, of Debian's package systemd")
}

#[test]
fn systemd_reads_the_unit_without_a_warning() {
    let directory = tempfile::tempdir().unwrap();
    let output = analyze(&["verify", &unit(directory.path())]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
fn the_unit_exposes_little() {
    let directory = tempfile::tempdir().unwrap();
    let threshold = format!("--threshold={EXPOSURE}");
    let output = analyze(&[
        "security",
        "--offline=yes",
        &threshold,
        &unit(directory.path()),
    ]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
}
