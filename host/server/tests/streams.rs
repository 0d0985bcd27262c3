//! Model calls as SDKs make them, by real sockets.

mod support;

use std::time::{Duration, Instant};

use openai_simulator::{Endpoint, Fault, Gate, Script};
use support::{Answer, LONG, TestServer, read_to_end, until};
use tokio::io::AsyncReadExt;

/// How long the call to the backend outlives the caller, by the simulator.
async fn outlived(server: &TestServer) -> Duration {
    server.simulator.clear_requests();
    let endless = Script::deltas(10_000, Duration::from_millis(20));
    let mut stream = server.open_stream(endless).await;
    let mut bytes = [0; 4096];
    assert!(stream.read(&mut bytes).await.unwrap() > 0);
    drop(stream);
    let left = Instant::now();
    loop {
        let call = &server.simulator.requests_to(Endpoint::Responses)[0];
        if call.disconnected_after_ms.is_some() {
            return left.elapsed();
        }
        assert!(left.elapsed() < LONG, "it is still open");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Faults: G06
#[tokio::test]
async fn a_caller_that_leaves_ends_the_call_to_the_backend() {
    let server = TestServer::signed_in().await;
    let soon = Duration::from_millis(100);
    let mut shortest = Duration::MAX;
    // A busy machine may delay most of them.
    for _ in 0..50 {
        shortest = shortest.min(outlived(&server).await);
        if shortest < soon {
            break;
        }
    }
    assert!(shortest < soon, "{shortest:?}");
    let metrics = server.order("GET", "/metrics", "").await.text;
    assert!(metrics.contains("chatgpt_oauth_streams_open 0\n"));
    assert!(!metrics.contains("5xx"), "{metrics}");
}

/// Faults: G06
#[tokio::test]
async fn a_caller_that_leaves_during_a_refresh_does_not_cut_it() {
    let server = TestServer::signed_in().await;
    server.pass_minutes(5);
    let before = server.ada.status().await.unwrap().expires_at;
    let gate = Gate::default();
    let held = Fault::normal().gate(&gate);
    server.simulator.fault(Endpoint::Token, held);
    let stream = server.open("/api/v1/me/refresh", "").await;
    server.wait_for_requests(Endpoint::Token, 1).await;
    drop(stream);
    let left = r#"chatgpt_oauth_requests_total{route="/api/v1/me/refresh",status="none""#;
    server.wait_for_metrics(left).await;
    gate.open();
    until(async || {
        let after = server.ada.status().await.unwrap();
        after.connected && after.expires_at > before
    })
    .await;
}

/// Faults: G31
#[tokio::test]
async fn the_plans_limit_is_not_repeated_and_the_next_call_is_sent_again() {
    let server = TestServer::signed_in().await;
    let limit = serde_json::json!({"error": {"type": "usage_limit_reached", "message": "x", "resets_in_seconds": 3600}});
    server
        .simulator
        .fault(Endpoint::Responses, Fault::json(429, limit));
    let refused = server.call(false).await;
    assert_eq!(
        (refused.status, refused.code()),
        (429, "usage_limit_reached".to_owned())
    );
    assert_eq!(refused.header("x-should-retry"), Some("false"));
    assert_eq!(server.call(false).await.status, 200);
    assert_eq!(server.simulator.requests_to(Endpoint::Responses).len(), 2);
}

/// Faults: G07
#[tokio::test]
async fn a_caller_that_takes_nothing_is_cut() {
    let server =
        TestServer::with(|options| options.times.stalled = Duration::from_millis(300)).await;
    server.sign_in().await;
    // More than the buffers of both sockets hold.
    let delta =
        serde_json::json!({"type": "response.output_text.delta", "delta": "x".repeat(1 << 20)});
    let large = (0..40).fold(Script::begin(), |script, _| script.event(delta.clone()));
    let mut stream = server.open_stream(large.complete()).await;
    let ended = r#"chatgpt_oauth_requests_total{route="/v1/responses""#;
    server.wait_for_metrics(ended).await;
    let answer = Answer::parse(&read_to_end(&mut stream).await);
    assert!(!answer.text.contains("response.completed"));
}

#[tokio::test]
async fn metrics_have_the_times_of_the_store_and_of_connections() {
    let server = TestServer::signed_in().await;
    assert_eq!(server.call(false).await.status, 200);
    let metrics = server.order("GET", "/metrics", "").await.text;
    let connected = "chatgpt_oauth_upstream_connect_seconds_count 1\n";
    assert!(metrics.contains(connected), "{metrics}");
    for operation in ["load", "compare_and_swap", "entry"] {
        let count = format!("chatgpt_oauth_store_seconds_count{{op=\"{operation}\"}} ");
        let (_, count) = metrics
            .split_once(&count)
            .unwrap_or_else(|| panic!("{metrics}"));
        assert!(!count.starts_with('0'), "{metrics}");
    }
}
