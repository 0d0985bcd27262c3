//! The content of a request: headers that would route or frame it differently, and bodies. The
//! simulator shows the received request.

use chatgpt_oauth::Host;
use chatgpt_oauth::store::{MemoryStore, StoreKind};
use openai_simulator::Endpoint;

use crate::guest::{answer_in, guest, stopped_in};
use crate::support::TestEnv;

/// A host with the guest, connected to a simulator.
pub fn led_to(world: &TestEnv) -> Host {
    let builder = world.builder(MemoryStore::of_kind(StoreKind::Test));
    builder.component(guest()).build().unwrap()
}

/// Faults: M04
#[tokio::test]
pub async fn no_header_of_the_guests_says_where_a_request_goes_or_how_it_is_framed() {
    let world = TestEnv::new();
    let host = led_to(&world);
    for forbidden in [
        "header=host: example.org",
        "header=Host: example.org",
        "header=connection: x-forwarded-for",
        "header=keep-alive: timeout=600",
        "header=transfer-encoding: chunked",
        "header=transfer-encoding: identity, chunked",
        "header=upgrade: h2c",
        "header=http2-settings: AAMAAABk",
        "header=proxy-authorization: Basic eDp4",
        "header=proxy-authenticate: Basic",
        "header=proxy-connection: keep-alive",
    ] {
        let end = answer_in(&host, &["request", forbidden]).await;
        assert_eq!(end, "header refused: HeaderError::Forbidden", "{forbidden}");
    }
    for lie in ["1", "999", "0", "-1", "1, 4", "0x4", ""] {
        let lie = format!("header=content-length: {lie}");
        let end = answer_in(&host, &["request", &lie, "body=four"]).await;
        assert!(!end.starts_with("2"), "{lie}: {end}");
    }
    assert!(world.simulator.requests().is_empty());

    let left_out = [
        "header=cookie: a=b",
        "header=accept-encoding: gzip",
        "header=te: trailers",
        "header=trailer: x",
        "header=expect: 100-continue",
        "header=range: bytes=0-1",
        "header=content-length: 4",
    ];
    answer_in(&host, &[&["request", "body=four"], &left_out[..]].concat()).await;
    let request = world.simulator.requests().remove(0);
    assert_eq!(request.header("host"), Some("auth.openai.com"));
    assert_eq!(request.body, b"four");
    let mut names: Vec<_> = request
        .headers
        .iter()
        .map(|(name, _)| name.to_lowercase())
        .collect();
    names.sort();
    let own = [
        "accept",
        "accept-encoding",
        "content-length",
        "host",
        "user-agent",
    ];
    assert_eq!(names, own);
    assert_eq!(request.header("accept-encoding"), Some("identity"));
}

/// Faults: H05
#[tokio::test]
pub async fn a_flood_of_headers_ends_the_call_before_anything_leaves() {
    let world = TestEnv::new();
    let host = led_to(&world);
    let long = format!("header=x: {}", "x".repeat(17 << 10));
    stopped_in(&host, &["request", &long]).await;
    stopped_in(&host, &["flood headers", "33000"]).await;
    stopped_in(&host, &["send a huge list of headers"]).await;
    assert!(world.simulator.requests().is_empty());
}

/// Faults: M07
#[tokio::test]
pub async fn a_body_that_is_too_large_does_not_leave() {
    let world = TestEnv::new();
    let host = led_to(&world);
    for bytes in [(64 << 10) + 1, 8 << 20] {
        let bytes = format!("bytes of body={bytes}");
        let end = answer_in(&host, &["request", &bytes]).await;
        assert_eq!(end, "HttpRequestBodySize(Some(65536))");
    }
    assert!(world.simulator.requests().is_empty());
    answer_in(&host, &["request", "bytes of body=65536"]).await;
    let sent = world.simulator.requests_to(Endpoint::Token);
    assert_eq!(sent[0].body.len(), 64 << 10);
}
