//! The headers of a request.

use chatgpt_oauth_gateway::ModelHooks;

use crate::support::guest::Guest;
use crate::support::{TestEnv, model_call};

/// Faults: G12 G15
#[tokio::test]
pub async fn no_header_of_the_guest_says_who_calls_or_how_a_request_is_framed() {
    let env = TestEnv::signed_in().await;
    let mut guest = Guest::new(ModelHooks::only(env.access.clone())).await;
    let plain = guest.obey(&model_call()).await;
    assert!(plain.starts_with("200, "), "{plain}");
    let tricks = [
        "header=authorization: Bearer theirs",
        "header=Authorization: Bearer theirs",
        "header=authorization: Basic theirs",
        "header=x-api-key: theirs",
        "header=chatgpt-account-id: theirs",
        "header=ChatGPT-Account-Id: theirs",
        "header=x-openai-fedramp: theirs",
        "header=openai-organization: theirs",
        "header=openai-project: theirs",
        "header=cookie: theirs=1",
        "header=forwarded: for=theirs",
        "header=x-forwarded-host: theirs",
        "header=x-original-url: /theirs",
        "header=x-http-method-override: theirs",
        "header=te: trailers, theirs",
        "header=trailer: theirs",
        "header=expect: 100-continue",
        "header=range: bytes=0-1",
        "header=accept-encoding: theirs",
        "header=accept: theirs",
        "header=content-type: theirs",
        "header=user-agent: theirs",
        "header=version: theirs",
        "header=originator: theirs",
    ];
    guest.obey(&[&model_call()[..], &tricks].concat()).await;
    let calls = env.calls();
    let [plain, tricked] = &calls[..] else {
        panic!("the backend got two calls: {calls:?}");
    };
    assert_eq!(tricked.headers, plain.headers);
    assert_eq!(tricked.body, plain.body);
    assert_eq!(tricked.host(), "chatgpt.com");
}

/// Faults: G12 G14
#[tokio::test]
pub async fn a_header_that_frames_or_splits_a_request_is_refused() {
    let env = TestEnv::signed_in().await;
    let mut guest = Guest::new(ModelHooks::only(env.access.clone())).await;
    for header in [
        "header=transfer-encoding: chunked",
        "header=Transfer-Encoding: identity",
        "header=connection: close, authorization",
        "header=host: chatgpt.com",
        "header=upgrade: websocket",
        "header=proxy-authorization: Basic dGhlaXJz",
    ] {
        let end = guest.obey(&[&model_call()[..], &[header]].concat()).await;
        assert_eq!(end, "header refused: HeaderError::Forbidden", "{header}");
    }
    for header in [
        "header=session-id: a\r\nauthorization: Bearer theirs",
        "header=session-id: a\r\n\r\nPOST /v1/responses HTTP/1.1",
        "header=session-id: a\nb",
        "header=session-id: a\rb",
        "header=session-id: a\0b",
        "header=x\r\ny: b",
        "header=: b",
        "header=:authority: chatgpt.com",
        "header=content-length\u{b}: 4",
    ] {
        let end = guest.obey(&[&model_call()[..], &[header]].concat()).await;
        let refused = "header refused: HeaderError::InvalidSyntax";
        assert_eq!(end, refused, "{header:?}");
    }
    // Other lengths than that of the body, and two lengths.
    for lengths in [
        &["header=content-length: 4"][..],
        &["header=content-length: 99999999"],
        &["header=content-length: 4", "header=content-length: 5"],
        &["header=content-length: +4"],
    ] {
        let end = guest.obey(&[&model_call()[..], lengths].concat()).await;
        let refused = end.starts_with("400, ") || end.starts_with("header refused");
        assert!(refused, "{lengths:?}: {end}");
    }
    let encoded = guest
        .obey(&[&model_call()[..], &["header=content-encoding: gzip"]].concat())
        .await;
    assert!(encoded.starts_with("415, "), "{encoded}");
    assert!(env.simulator.requests().is_empty());
}

/// Faults: G14
#[tokio::test]
pub async fn a_flood_of_headers_reaches_no_backend() {
    let env = TestEnv::signed_in().await;
    let mut guest = Guest::new(ModelHooks::only(env.access.clone())).await;
    guest.obey(&model_call()).await;
    let long = format!("header=session-id: {}", "x".repeat(9 << 10));
    let many: Vec<_> = (0..200).map(|n| format!("header=x-codex-{n}: y")).collect();
    let flood = many.iter().map(String::as_str).chain([long.as_str()]);
    let flood: Vec<_> = model_call().into_iter().chain(flood).collect();
    let end = guest.obey(&flood).await;
    assert!(end.starts_with("200, "), "{end}");
    assert!(end.contains("x-chatgpt-oauth-ignored"), "{end}");
    let calls = env.calls();
    assert_eq!(calls[1].headers, calls[0].headers);
}
