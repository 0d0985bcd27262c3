//! The Codex CLI with a provider of its configuration.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use openai_simulator::{Endpoint, Fault};
use tempfile::TempDir;

use crate::support::TestEnv;
use crate::support::server::{KEY, Server};
use crate::{output, run, tool};

/// A folder with what a person writes into `config.toml`.
fn home(model: &str, server: &Server) -> TempDir {
    let base_url = server.base_url();
    let configuration = format!(
        include_str!("codex.toml"),
        model = model,
        base_url = base_url
    );
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("config.toml"), configuration).unwrap();
    home
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
    let home = home(model, &server);

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

/// Faults: G31
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codex_says_that_the_plan_is_used_up_and_asks_once() {
    let env = TestEnv::signed_in().await;
    let server = Server::start(env.access.clone()).await;
    let limit = Fault::usage_limit_reached("plus", 1_900_000_000);
    env.simulator.fault(Endpoint::Responses, limit);
    let home = home("gpt-5.5", &server);

    let output = output(codex(home.path(), "Say hi.")).await;

    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("usage limit"),
        "{said}"
    );
    assert_eq!(env.calls().len(), 1);
}
