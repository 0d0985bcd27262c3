//! The beginning and the end of a connection.

mod support;

use std::future::pending;
use std::time::Duration;

use chatgpt_oauth::{Error, ErrorCode};
use chatgpt_oauth_mcp::Tools;
use openai_simulator::{Endpoint, Fault};
use rmcp::{ClientLifecycleMode, ClientServiceExt};
use serde_json::json;
use support::TestEnv;
use support::story::Agent;
use tokio::io::{AsyncWriteExt, DuplexStream, duplex, empty, sink, split};
use tokio::sync::oneshot;

#[tokio::test]
async fn an_input_that_ends_ends_the_connection_without_an_error() {
    let test = TestEnv::new();
    let served = Tools::new(test.profile()).serve(empty(), sink(), pending());
    served.await.unwrap();
}

#[tokio::test]
async fn what_is_no_client_is_named_and_not_repeated() {
    let test = TestEnv::new();
    let (ours, mut theirs) = duplex(1024);
    let (input, output) = split(ours);
    let message = br#"{"jsonrpc":"2.0","method":"notifications/MARKER"}"#;
    theirs.write_all(message).await.unwrap();
    theirs.write_all(b"\n").await.unwrap();
    let served = Tools::new(test.profile()).serve(input, output, pending());
    let error = served.await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidArgument);
    assert!(!format!("{error:?}").contains("MARKER"), "{error:?}");
}

#[tokio::test]
async fn a_call_that_runs_at_the_order_to_stop_is_answered() {
    let test = TestEnv::new();
    let (stop, stopped) = oneshot::channel::<()>();
    let (ours, theirs) = duplex(1 << 20);
    let (input, output) = split(ours);
    let tools = Tools::new(test.profile());
    let served = tokio::spawn(tools.serve(input, output, async { _ = stopped.await }));
    let client = ().serve_with_lifecycle(theirs, ClientLifecycleMode::Initialize);
    let mut agent = Agent::new(client.await.unwrap()).await;
    let slow = Fault::normal().delay(Duration::from_secs(1));
    test.simulator.fault(Endpoint::UserCode, slow);
    let order = async {
        while test.simulator.requests_to(Endpoint::UserCode).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.send(()).unwrap();
    };
    let (answer, ()) = tokio::join!(agent.call("start", json!({})), order);
    assert_eq!(answer["status"], "pending", "{answer}");
    served.await.unwrap().unwrap();
}

/// A client that asks for the tools and reads nothing, and the future that serves it until
/// `stop` completes.
async fn unread(
    test: &TestEnv,
    stop: impl Future<Output = ()>,
) -> (DuplexStream, impl Future<Output = Result<(), Error>>) {
    // The answer to `initialize` fits, and that to `tools/list` does not.
    let (ours, mut theirs) = duplex(4096);
    let (input, output) = split(ours);
    let hello = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    });
    for message in [
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}),
    ] {
        theirs
            .write_all(format!("{message}\n").as_bytes())
            .await
            .unwrap();
    }
    (
        theirs,
        Tools::new(test.profile()).serve(input, output, stop),
    )
}

/// Longer than the end of a connection may take. Time passes only while nothing else runs.
const LONG: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_does_not_delay_the_order_to_stop() {
    let test = TestEnv::new();
    let stop = tokio::time::sleep(Duration::from_secs(1));
    let (client, served) = unread(&test, stop).await;
    let ended = tokio::time::timeout(LONG, served).await;
    ended.expect("it ends").unwrap();
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_ends_the_connection_by_closing_its_input() {
    let test = TestEnv::new();
    let (mut client, served) = unread(&test, pending()).await;
    client.shutdown().await.unwrap();
    let ended = tokio::time::timeout(LONG, served).await;
    ended.expect("it ends").unwrap();
    drop(client);
}
