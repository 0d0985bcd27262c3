//! Model calls as SDKs make them, by real sockets.

mod support;

use std::time::{Duration, Instant};

use openai_simulator::{Endpoint, Fault, Script};
use support::{Answer, TestServer, connect, prompt, read_to_end, request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Whether a stream is open, by the metrics.
async fn has_stream(server: &TestServer) -> bool {
    let metrics = server.order("GET", "/metrics", "").await.text;
    metrics.contains("chatgpt_oauth_streams_open 1\n")
}

/// Faults: G06
#[tokio::test]
async fn a_caller_that_leaves_ends_the_call_to_the_backend() {
    let server = TestServer::signed_in().await;
    let endless = Fault::stream(Script::deltas(10_000, Duration::from_millis(20)));
    server.simulator.fault(Endpoint::Responses, endless);
    let bearer = format!("Bearer {}", server.keys.ada);
    let headers = [
        ("authorization", &*bearer),
        ("content-type", "application/json"),
    ];
    let text = request("POST", "/v1/responses", &headers, &prompt(true).to_string());
    let mut stream = connect(&server.public).await;
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut bytes = [0; 4096];
    assert!(stream.read(&mut bytes).await.unwrap() > 0);
    drop(stream);
    let left = Instant::now();
    while has_stream(&server).await {
        assert!(left.elapsed() < Duration::from_secs(5), "it is still open");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let metrics = server.order("GET", "/metrics", "").await.text;
    assert!(!metrics.contains("5xx"), "{metrics}");
}

/// Faults: G06
#[tokio::test]
async fn a_caller_that_leaves_during_a_refresh_does_not_cut_it() {
    let server = TestServer::signed_in().await;
    server.pass_minutes(5);
    let slow = Fault::normal().delay(Duration::from_millis(500));
    server.simulator.fault(Endpoint::Token, slow);
    let bearer = format!("Bearer {}", server.keys.ada);
    let headers = [
        ("authorization", &*bearer),
        ("content-type", "application/json"),
    ];
    let mut stream = connect(&server.public).await;
    let text = request("POST", "/api/v1/me/refresh", &headers, "");
    stream.write_all(text.as_bytes()).await.unwrap();
    while server.simulator.requests_to(Endpoint::Token).is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(stream);
    let before = server.ada.status().await.unwrap().expires_at;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let after = server.ada.status().await.unwrap();
    assert!(after.connected && after.expires_at > before, "{after:?}");
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
    server
        .simulator
        .fault(Endpoint::Responses, Fault::stream(large.complete()));
    let bearer = format!("Bearer {}", server.keys.ada);
    let headers = [
        ("authorization", &*bearer),
        ("content-type", "application/json"),
    ];
    let text = request("POST", "/v1/responses", &headers, &prompt(true).to_string());
    let mut stream = connect(&server.public).await;
    stream.write_all(text.as_bytes()).await.unwrap();
    let begun = Instant::now();
    let ended = r#"chatgpt_oauth_requests_total{route="/v1/responses""#;
    while !server
        .order("GET", "/metrics", "")
        .await
        .text
        .contains(ended)
    {
        assert!(begun.elapsed() < Duration::from_secs(30), "it is cut");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let answer = Answer::parse(&read_to_end(&mut stream).await);
    assert!(!answer.text.contains("response.completed"));
}
