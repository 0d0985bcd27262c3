//! A proxy that is asked for is used, or nothing is done: whole processes, since
//! the environment is theirs.

use std::process::{Command, Output};

fn status(environment: &[(&str, &str)]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", directory.path().join("store/x.db").display());
    let mut program = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"));
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        program.env_remove(name);
    }
    program.args(["--json", "--store", &store, "status"]);
    program.envs(environment.iter().copied()).output().unwrap()
}

#[test]
fn a_proxy_that_cannot_be_used_is_an_error_that_names_its_variable_and_not_its_value() {
    let usable = status(&[("HTTPS_PROXY", "http://user:CANARY@proxy.example:3128")]);
    assert_eq!(usable.status.code(), Some(0));

    let proxy = ("ALL_PROXY", "socks5://user:CANARY@proxy.example:1080");
    for environment in [&[proxy][..], &[proxy, ("REQUEST_METHOD", "GET")]] {
        let refused = status(environment);
        let said = String::from_utf8(refused.stdout).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(said.contains("\"invalid-argument\""), "{said}");
        assert!(said.contains("ALL_PROXY"), "{said}");
        assert!(!said.contains("CANARY"), "{said}");
    }
}
