//! The Codex CLI with a provider of its configuration.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::TestEnv;
use crate::support::server::{KEY, Server};
use crate::{run, tool};

/// What a person writes into `config.toml`.
fn configuration(model: &str, base_url: &str) -> String {
    format!(
        r#"
        model = "{model}"
        model_provider = "chatgpt-oauth"

        [model_providers.chatgpt-oauth]
        name = "chatgpt-oauth"
        base_url = "{base_url}"
        env_key = "CHATGPT_OAUTH_KEY"
        wire_api = "responses"
        "#
    )
}

/// `codex exec` with a home of its own.
fn codex(home: &Path, prompt: &str) -> Command {
    let mut codex = Command::new(tool("CODEX_BIN"));
    codex
        // Nothing of the caller's environment: no proxy, no configuration, no login.
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("CODEX_HOME", home)
        .env("CHATGPT_OAUTH_KEY", KEY)
        .current_dir(home)
        .args(["exec", "--skip-git-repo-check", "--ephemeral"])
        .args(["--dangerously-bypass-approvals-and-sandbox", prompt])
        .stdin(Stdio::null());
    codex
}

/// Completes a turn in which the model calls a tool once.
async fn complete_a_turn(model: &str, prompt: &str) {
    let env = TestEnv::signed_in().await;
    let server = Server::start(env.access.clone()).await;
    let home = tempfile::tempdir().unwrap();
    let configuration = configuration(model, &server.base_url());
    fs::write(home.path().join("config.toml"), configuration).unwrap();

    let said = run(codex(home.path(), prompt)).await;

    assert!(said.contains("returned:"), "{said}");
    assert!(said.contains("6 times 7 is 42"), "{said}");
    let calls = env.calls();
    assert_eq!(calls.len(), 2);
    for call in &calls {
        assert_eq!(call.header("originator"), Some("codex_exec"));
        assert!(!format!("{:?}", call.headers).contains(KEY));
    }
    let turn_state = calls[1].header("x-codex-turn-state");
    assert!(turn_state.is_some_and(|state| state.starts_with("ts_")));
    for request in server.requests() {
        assert!(!request.headers.contains_key("content-encoding"));
    }
}

/// Faults: X26 X27
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codex_completes_a_turn_with_a_tool_call() {
    let command = r#"call exec_command with {"cmd":"echo 6 times 7 is $((6*7))"}"#;
    complete_a_turn("gpt-5.5", command).await;
}

/// Such a model gets its tools in the input, and calls them from a script.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codex_completes_a_turn_of_a_model_with_the_lite_form() {
    let script = r#"call exec with text((await tools.exec_command({cmd: "echo 6 times 7 is $((6*7))"})).output)"#;
    complete_a_turn("openai-codex/gpt-6-astra", script).await;
}
