//! `mcp` as a process, and `/mcp` of `serve`: a whole login by an MCP client over each.

mod support;

#[path = "../mcp/tests/support/story.rs"]
mod story;

use std::io::{Read, Write};
use std::process::{Child, Stdio};

use rmcp::model::ProtocolVersion;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use story::{ALL, Agent};
use support::TestEnv;
use support::serve::{Serve, send};
use tokio::net::unix::pipe;

fn newest() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
    }
}

/// The program, begun by a client.
fn begin(test: &TestEnv) -> Child {
    let mut command = test.command();
    command
        .args(["mcp", "--profile", "ada"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// A client of the program.
async fn connect(child: &mut Child, lifecycle: ClientLifecycleMode) -> Agent<()> {
    let output = pipe::Receiver::from_owned_fd(child.stdout.take().unwrap().into());
    let input = pipe::Sender::from_owned_fd(child.stdin.take().unwrap().into());
    let streams = (output.unwrap(), input.unwrap());
    let client = ().serve_with_lifecycle(streams, lifecycle);
    Agent::new(client.await.unwrap()).await
}

/// The exit code of the program, and what it said.
async fn end(child: Child) -> (Option<i32>, String) {
    // In a thread: the client goes on meanwhile.
    let ended = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap());
    let output = ended.await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

#[tokio::test]
async fn a_client_signs_a_person_in_and_out_over_stdio() {
    for lifecycle in [ClientLifecycleMode::Initialize, newest()] {
        let test = TestEnv::new();
        let mut child = begin(&test);
        let mut agent = connect(&mut child, lifecycle).await;
        agent
            .sign_in_and_out(&test.simulator, |seconds| test.pass(seconds))
            .await;
        agent.client.cancel().await.unwrap();
        assert_eq!(end(child).await, (Some(0), String::new()));
    }
}

#[tokio::test]
async fn a_login_begun_by_a_tool_is_that_of_the_command_line() {
    let test = TestEnv::new();
    let mut child = begin(&test);
    let mut agent = connect(&mut child, ClientLifecycleMode::Initialize).await;
    let prompt = agent.call("start", json!({})).await;
    let code = prompt["user_code"].as_str().unwrap();
    test.simulator.approve(code).unwrap();
    let progress = test.ask(&["--profile", "ada", "poll"]);
    assert_eq!(progress["status"], "connected", "{progress}");
    let status = agent.call("status", json!({})).await;
    let known = test.ask(&["--profile", "ada", "status"]);
    assert_eq!(status, known);
}

#[tokio::test]
async fn a_signal_ends_the_program_while_its_input_stays_open() {
    let test = TestEnv::new();
    let mut child = begin(&test);
    let agent = connect(&mut child, ClientLifecycleMode::Initialize).await;
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(end(child).await, (Some(143), String::new()));
    drop(agent);
}

#[tokio::test]
async fn an_input_that_is_no_client_is_refused_on_standard_error_alone() {
    let test = TestEnv::new();
    let mut child = begin(&test);
    let mut input = child.stdin.take().unwrap();
    let message = b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}\n";
    input.write_all(message).unwrap();
    let mut printed = String::new();
    let mut output = child.stdout.take().unwrap();
    output.read_to_string(&mut printed).unwrap();
    let (code, said) = end(child).await;
    assert_eq!((code, printed.as_str()), (Some(2), ""));
    assert!(said.contains("Model Context Protocol"), "{said}");
}

/// A client of a server.
async fn connect_to(server: &Serve, key: &str, lifecycle: ClientLifecycleMode) -> Agent<()> {
    // The client of the transport has TLS, also where it uses none.
    _ = rustls::crypto::ring::default_provider().install_default();
    let url = format!("http://{}/mcp", server.public);
    let config = StreamableHttpClientTransportConfig::with_uri(url).auth_header(key);
    let transport = StreamableHttpClientTransport::from_config(config);
    let client = ().serve_with_lifecycle(transport, lifecycle);
    Agent::new(client.await.unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_signs_a_person_in_and_out_over_http() {
    for lifecycle in [ClientLifecycleMode::Initialize, newest()] {
        let test = TestEnv::new();
        let key = test.key("ada", "onboarding");
        let mut server = Serve::start(test.command());
        server.discard_log();
        let mut agent = connect_to(&server, &key, lifecycle).await;
        let names: Vec<_> = agent.tools().iter().map(|tool| &*tool.name).collect();
        assert_eq!(names, ALL);
        agent
            .sign_in_and_out(&test.simulator, |seconds| test.pass(seconds))
            .await;
        agent.client.cancel().await.unwrap();
    }
}

/// Each call goes to the other server, and none knows the client.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_goes_on_at_another_server() {
    let test = TestEnv::new();
    let key = test.key("ada", "onboarding");
    let mut servers = [Serve::start(test.command()), Serve::start(test.command())];
    let mut agents = Vec::new();
    for server in &mut servers {
        server.discard_log();
        agents.push(connect_to(server, &key, newest()).await);
    }
    let prompt = agents[0].call("start", json!({})).await;
    let code = prompt["user_code"].as_str().unwrap();
    test.simulator.approve(code).unwrap();
    let progress = agents[1].call("poll", json!({})).await;
    assert_eq!(progress["status"], "connected", "{progress}");
    let status = agents[0].call("status", json!({})).await;
    assert_eq!(status["state"], "connected", "{status}");
}

#[test]
fn a_key_of_another_scope_gets_no_tool() {
    let test = TestEnv::new();
    let server = Serve::start(test.command());
    for scope in ["read", "inference"] {
        let answer = send(&server.public, "POST", "/mcp", &test.key("ada", scope));
        assert!(answer.contains("insufficient_scope"), "{answer}");
    }
}
