//! The official SDKs of MCP for Python and TypeScript, unmodified, over standard input and
//! output and over HTTP. `scripts/tools.sh` installs them; `scripts/clients` also runs the
//! inspector.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use support::TestEnv;
use support::serve::Serve;

/// What a program in each language prints: every tool, with both protocols.
const TOOLS: &str = include_str!("../mcp/tests/clients/tools.txt");

/// A folder that `scripts/tools.sh` names.
fn tool(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    path.unwrap_or_else(|| {
        panic!("run `eval \"$(sh scripts/tools.sh)\"` first: it sets {variable}")
    })
    .into()
}

fn program(name: &str) -> PathBuf {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("mcp/tests/clients");
    programs.join(name)
}

fn python() -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", tool("MCP_PYTHON"));
    command.arg(program("with_python.py"));
    command
}

fn typescript() -> Command {
    let mut command = Command::new("node");
    command.env("MCP_NODE_MODULES", tool("MCP_NODE_MODULES"));
    command.arg(program("with_typescript.mjs"));
    command
}

/// A person who approves at once.
fn environment() -> TestEnv {
    TestEnv::with(|settings| settings.auto_approve(Duration::ZERO))
}

#[track_caller]
fn check(client: &mut Command) {
    let output = client.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
    assert_eq!(said, TOOLS, "{complained}");
}

/// Runs a client that starts the program.
#[track_caller]
fn check_over_stdio(mut client: Command) {
    let test = environment();
    let program = test.command();
    client
        .arg("stdio")
        .arg(program.get_program())
        .args(program.get_args())
        .arg("mcp");
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => client.env(name, value),
            None => client.env_remove(name),
        };
    }
    check(&mut client);
}

/// Runs a client of a server.
#[track_caller]
fn check_over_http(mut client: Command) {
    let test = environment();
    let mut server = Serve::start(test.command());
    server.discard_log();
    client
        .args(["http", &format!("http://{}/mcp", server.public)])
        .env("CHATGPT_OAUTH_KEY", test.key("ada", "onboarding"))
        .env("NO_PROXY", "127.0.0.1");
    check(&mut client);
}

#[test]
fn the_sdk_for_python_calls_every_tool_over_stdio() {
    check_over_stdio(python());
}

#[test]
fn the_sdk_for_python_calls_every_tool_over_http() {
    check_over_http(python());
}

#[test]
fn the_sdk_for_typescript_calls_every_tool_over_stdio() {
    check_over_stdio(typescript());
}

#[test]
fn the_sdk_for_typescript_calls_every_tool_over_http() {
    check_over_http(typescript());
}
