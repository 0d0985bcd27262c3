//! The end of a server: what runs is not lost.

mod support;

use std::time::{Duration, Instant};

use chatgpt_oauth_server::Times;
use openai_simulator::{Endpoint, Fault, Gate, Item, Script, SecretKind};
use support::{Answer, TestServer, connect, exchange, read_to_end, request};
use tokio::net::TcpStream;

fn deltas(count: usize) -> Script {
    Script::deltas(count, Duration::from_millis(50))
}

async fn server(change: impl FnOnce(&mut Times)) -> TestServer {
    let server = TestServer::with(|options| {
        options.key_limits.streams = 200.try_into().unwrap();
        change(&mut options.times);
    })
    .await;
    server.sign_in().await;
    server
}

/// Faults: G45
#[tokio::test]
async fn a_hundred_streams_end_as_they_would_have_ended() {
    let server = server(|_| {}).await;
    let gate = Gate::default();
    let held = Script::begin().gate(&gate);
    let script = held.item(Item::message("Late.")).complete();
    let mut streams = Vec::new();
    for _ in 0..100 {
        streams.push(server.open_stream(script.clone()).await);
    }
    let metrics = server.order("GET", "/metrics", "").await.text;
    assert!(metrics.contains("_streams_open 100\n"), "{metrics}");
    server.handle.drain();
    gate.open();
    for stream in &mut streams {
        let answer = Answer::parse(&read_to_end(stream).await);
        assert!(answer.text.contains("response.completed"), "{answer:?}");
    }
    server.serving.await.unwrap();
}

/// Faults: G45
#[tokio::test]
async fn a_server_that_drains_is_not_ready_and_then_gone() {
    let server = server(|times| times.unready = Duration::from_secs(60)).await;
    let mut kept = connect(&server.public).await;
    server.handle.drain();
    let readiness = async || {
        let text = request("GET", "/readyz", &[], "");
        Answer::parse(&exchange(&server.public, text).await).status
    };
    while readiness().await == 200 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Those who do not know yet are answered.
    assert_eq!(server.call(false).await.status, 200);
    // A second order ends the wait.
    server.handle.drain();
    server.serving.await.unwrap();
    assert!(read_to_end(&mut kept).await.is_empty());
    let chatgpt_oauth_server::Listen::Tcp(address) = &server.public else {
        panic!("{} is no TCP", server.public)
    };
    TcpStream::connect(address).await.unwrap_err();
}

/// Faults: G45
#[tokio::test]
async fn a_stream_that_runs_too_long_ends_with_an_event_that_says_so() {
    let server = server(|times| times.answers = Duration::from_millis(300)).await;
    let mut stream = server.open_stream(deltas(1000)).await;
    server.handle.drain();
    let answer = Answer::parse(&read_to_end(&mut stream).await);
    let (_, last) = answer.text.rsplit_once("event: ").unwrap();
    assert!(last.starts_with("response.failed"), "{last}");
    assert!(last.contains("server_shutting_down"), "{last}");
    server.serving.await.unwrap();
}

/// Faults: G45
#[tokio::test]
async fn a_second_order_ends_streams_at_once() {
    let server = server(|times| times.unready = Duration::from_secs(60)).await;
    let mut stream = server.open_stream(deltas(1000)).await;
    let begun = Instant::now();
    server.handle.drain();
    server.handle.drain();
    let answer = Answer::parse(&read_to_end(&mut stream).await);
    assert!(answer.text.contains("server_shutting_down"), "{answer:?}");
    server.serving.await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(40));
}

/// Faults: G45
#[tokio::test]
async fn a_refresh_that_runs_is_stored_although_streams_were_ended() {
    let server = server(|times| times.answers = Duration::ZERO).await;
    let gate = Gate::default();
    let mut stream = server.open_stream(Script::begin().gate(&gate)).await;
    server.pass_minutes(5);
    let held = Fault::normal().gate(&gate);
    server.simulator.fault(Endpoint::Token, held);
    let before = server.simulator.presentations().len();
    let _refresh = server.open("/api/v1/me/refresh", "").await;
    server.wait_for_requests(Endpoint::Token, 1).await;
    server.handle.drain();
    read_to_end(&mut stream).await;
    gate.open();
    server.serving.await.unwrap();
    assert_eq!(server.simulator.presentations().len(), before + 1);
    let mut tokens = server.simulator.secrets();
    tokens.retain(|secret| secret.kind == SecretKind::RefreshToken);
    let store = server.host.store();
    let row = store.read(server.ada.name(), "credential").await;
    let stored = String::from_utf8(row.unwrap().unwrap().value.unwrap()).unwrap();
    let newest = &tokens.last().unwrap().value;
    assert!(stored.contains(newest), "the new refresh token is stored");
}
