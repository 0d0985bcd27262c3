//! Logins that are refreshed without a call.

mod support;

use std::time::Duration;

use chatgpt_oauth::store::Paused;
use openai_simulator::Endpoint;
use support::{BEGINNING, TestServer, until};

const HOUR: u64 = 60 * 60;
/// When every login of a test has come into its time, in seconds after the beginning: the
/// access token has 19 hours left.
const DUE: u64 = 10 * 24 * HOUR - 19 * HOUR;

async fn start() -> TestServer {
    let server = TestServer::with(|options| {
        options.times.refresher = Duration::from_millis(20);
    })
    .await;
    server.sign_in().await;
    server
}

/// How many logins have a time until then, in seconds after the beginning.
async fn due(server: &TestServer, seconds: u64) -> u64 {
    let schedule = server.host.schedule().unwrap();
    schedule.count_due(BEGINNING + seconds).await.unwrap()
}

fn refreshes(server: &TestServer) -> usize {
    server.simulator.requests_to(Endpoint::Token).len()
}

/// Uses the key of the login, and waits until the login has its time.
async fn use_login(server: &TestServer) {
    let status = server.send(&server.keys.ada, "GET", "/api/v1/me/status", "");
    assert_eq!(status.await.status, 200);
    until(async || due(server, DUE).await == 1 && due(server, DUE - 8 * HOUR).await == 0).await;
}

#[tokio::test]
async fn a_login_that_is_due_is_refreshed_once_without_a_call() {
    let server = start().await;
    use_login(&server).await;
    server.pass_seconds(DUE);
    until(async || refreshes(&server) == 1).await;
    until(async || due(&server, DUE + HOUR).await == 0).await;
    assert_eq!(due(&server, 2 * DUE).await, 1);
    assert_eq!(refreshes(&server), 1);
    let metrics = server.order("GET", "/metrics", "").await.text;
    let counted = "chatgpt_oauth_token_refresh_total{verdict=\"granted\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn a_login_whose_keys_are_not_used_is_left_until_one_is() {
    let server = start().await;
    until(async || due(&server, DUE).await == 1).await;
    server.pass_seconds(DUE);
    until(async || due(&server, u64::from(u32::MAX)).await == 0).await;
    assert_eq!(refreshes(&server), 0);
    let status = server.send(&server.keys.ada, "GET", "/api/v1/me/status", "");
    assert_eq!(status.await.status, 200);
    until(async || refreshes(&server) == 1).await;
}

/// Faults: G42
#[tokio::test]
async fn no_login_is_refreshed_while_another_server_has_stored_a_pause() {
    let server = start().await;
    use_login(&server).await;
    let schedule = server.host.schedule().unwrap();
    let pause = schedule.pause(Paused::Token, BEGINNING + DUE + 60);
    pause.await.unwrap();
    server.pass_seconds(DUE);
    server.wait_for_metrics("_refresh_due 1\n").await;
    assert_eq!(refreshes(&server), 0);
    server.pass_seconds(DUE + 61);
    until(async || refreshes(&server) == 1).await;
}
