//! `inspect`, as a command of the program.

use chatgpt_oauth::artifact::ONBOARDING;

#[test]
fn inspect_compares_the_digest_with_that_of_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("onboarding.wasm");
    std::fs::write(&file, ONBOARDING.component).unwrap();
    let inspected = |digest: &str| {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"));
        program.arg("inspect").arg(&file);
        let output = program.args(["--component-digest", digest]).output();
        output.unwrap().status.code()
    };
    assert_eq!(inspected(ONBOARDING.digest), Some(0));
    assert_eq!(inspected(&"0".repeat(64)), Some(2));
}
