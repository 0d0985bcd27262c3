//! The beginning and the end of a connection.

mod support;

use std::future::pending;
use std::time::Duration;

use chatgpt_oauth::ErrorCode;
use chatgpt_oauth_mcp::Tools;
use openai_simulator::{Endpoint, Fault};
use rmcp::{ClientLifecycleMode, ClientServiceExt};
use serde_json::json;
use support::TestEnv;
use support::story::Agent;
use tokio::io::{AsyncWriteExt, duplex, empty, sink, split};
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
