//! Clients that exist, unmodified, against a server over the gateway: the Codex CLI, and
//! OpenAI's SDKs for Python and Node. `scripts/tools.sh` installs them.

mod codex;
mod sdks;
#[path = "../support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::process::{Command, Output};

/// A program or folder that `scripts/tools.sh` names.
fn tool(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    path.unwrap_or_else(|| {
        panic!("run `eval \"$(sh scripts/tools.sh)\"` first: it sets {variable}")
    })
    .into()
}

/// Runs a client while the server answers.
async fn output(mut command: Command) -> Output {
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    output.await.unwrap()
}

/// Runs a client that succeeds, and returns what it prints.
async fn run(command: Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = output(command).await;
    let (said, complained) = (
        String::from_utf8_lossy(&stdout),
        String::from_utf8_lossy(&stderr),
    );
    assert!(status.success(), "{said}\n{complained}");
    said.into_owned()
}
