//! The component, built to send every request to one origin.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Where such builds happen; the wasm target's own directories are inside.
fn target_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("test-component")
}

/// Builds the component of the world `onboarding` for this origin.
pub fn build(origin: &str) -> Vec<u8> {
    let built = cargo(origin);
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let module = target_dir().join("wasm32-unknown-unknown/component/chatgpt_oauth_component.wasm");
    let module = std::fs::read(module).unwrap();
    let encoder = wit_component::ComponentEncoder::default();
    encoder.module(&module).unwrap().encode().unwrap()
}

fn cargo(origin: &str) -> Output {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    Command::new(env!("CARGO"))
        .args(["rustc", "--quiet", "--locked", "--profile", "component"])
        .args(["--target", "wasm32-unknown-unknown"])
        .args(["--lib", "--crate-type", "cdylib"])
        .args(["--package", "chatgpt-oauth-component"])
        .arg("--manifest-path")
        .arg(workspace.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target_dir())
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("CHATGPT_OAUTH_TEST_ORIGIN", origin)
        .output()
        .unwrap()
}

#[test]
fn a_build_for_tests_reaches_this_machine_or_does_not_compile() {
    for origin in [
        "https://auth.openai.com",
        "http://127.0.0.1.example.com:80",
        "http://127.0.0.1:80@example.com",
    ] {
        let built = cargo(origin);
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(!built.status.success(), "{origin}");
        assert!(
            said.contains("CHATGPT_OAUTH_TEST_ORIGIN must be http://127.0.0.1:PORT"),
            "{origin}: {said}"
        );
    }
}
