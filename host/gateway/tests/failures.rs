//! What a caller gets when the backend fails, and when there is no login.

mod support;

use std::time::Duration;

use openai_simulator::{Endpoint, Fault};
use serde_json::json;
use support::{TestEnv, created, event, finish, prompt, request};

/// Faults: G32
#[tokio::test]
async fn without_a_login_the_caller_learns_to_sign_in() {
    let world = TestEnv::new();
    for path in ["/v1/responses", "/v1/responses/compact"] {
        let answer = world
            .send("POST", path, &[], prompt(true).to_string())
            .await;
        assert_eq!(answer.status, 403, "{path}");
        assert_eq!(answer.code(), "login_required");
        assert_eq!(answer.json()["error"]["type"], "permission_error");
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    let models = world.send("GET", "/v1/models", &[], String::new()).await;
    assert_eq!(models.code(), "login_required");
    assert!(world.simulator.requests().is_empty());
}

/// Faults: X19 G31
#[tokio::test]
async fn the_plans_limit_is_not_retried_and_the_next_call_is_sent() {
    let world = TestEnv::signed_in().await;
    let limit = || {
        Fault::usage_limit_reached("plus", 1_800_000_000)
            .header("x-codex-primary-used-percent", "100")
    };
    for is_streamed in [true, false] {
        world.simulator.fault(Endpoint::Responses, limit());
        let answer = world.post(&prompt(is_streamed)).await;
        assert_eq!(answer.status, 429);
        assert_eq!(answer.code(), "usage_limit_reached");
        assert_eq!(answer.json()["error"]["plan_type"], "plus");
        assert_eq!(answer.header("x-should-retry"), Some("false"));
        assert!(answer.header("retry-after").is_some());
        assert_eq!(answer.header("x-codex-primary-used-percent"), Some("100"));
    }
    assert_eq!(world.calls().len(), 2);
    assert_eq!(world.post(&prompt(true)).await.status, 200);
}

/// Faults: X19 G02
#[tokio::test]
async fn the_limit_inside_a_stream_is_the_event_or_a_429() {
    let world = TestEnv::signed_in().await;
    let failed = json!({"type": "response.failed", "sequence_number": 1, "response": {"error": {
        "code": "usage_limit_reached", "message": "limit", "resets_in_seconds": 60,
    }}});
    world.script(&[created(), failed.clone()]);
    let streamed = world.post(&prompt(true)).await;
    assert_eq!(streamed.status, 200);
    assert_eq!(streamed.text, event(&created()) + &event(&failed));

    world.script(&[created(), failed]);
    let collected = world.post(&prompt(false)).await;
    assert_eq!(collected.status, 429);
    assert_eq!(collected.header("retry-after"), Some("60"));
    assert_eq!(collected.header("x-should-retry"), Some("false"));
}

/// Faults: X10 G03
#[tokio::test]
async fn an_early_end_is_a_failure_streamed_and_not() {
    let world = TestEnv::signed_in().await;
    let stream = event(&created()) + "event: response.output_text.delta\ndata: {\"del";
    for fault in [
        support::stream_of(&stream),
        support::stream_of(&stream)
            .chunked()
            .cut_after(stream.len() - 2),
        support::stream_of(&stream)
            .chunked()
            .cut_after(stream.len() - 2)
            .reset(),
    ] {
        world.simulator.fault(Endpoint::Responses, fault.clone());
        let streamed = world.post(&prompt(true)).await;
        let failure = streamed.text.strip_prefix(&event(&created())).unwrap();
        assert!(failure.starts_with("event: response.failed\n"), "{failure}");
        assert!(failure.contains("upstream_stream_truncated"), "{failure}");

        world.simulator.fault(Endpoint::Responses, fault);
        let collected = world.post(&prompt(false)).await;
        assert_eq!(collected.status, 502);
        assert_eq!(collected.code(), "upstream_stream_truncated");
    }
    assert_eq!(world.calls().len(), 6);
}

/// Faults: G26
#[tokio::test]
async fn a_page_a_redirect_or_a_challenge_is_blocked_and_not_shown() {
    let world = TestEnv::signed_in().await;
    for fault in [
        Fault::cloudflare_challenge(),
        Fault::captive_portal(),
        Fault::redirect("https://example.com/"),
        Fault::html(403, "<html>portal</html>"),
    ] {
        world.simulator.fault(Endpoint::Responses, fault);
        let answer = world.post(&prompt(true)).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(answer.code(), "upstream_blocked");
        assert_eq!(answer.header("retry-after"), Some("60"));
        assert!(!answer.text.contains('<'), "{answer:?}");
    }
    assert_eq!(world.calls().len(), 4);
}

/// Faults: G11
#[tokio::test]
async fn an_encoded_answer_is_not_decoded() {
    let world = TestEnv::signed_in().await;
    let fault = support::stream_of("x").header("content-encoding", "gzip");
    world.simulator.fault(Endpoint::Responses, fault);
    assert_eq!(world.post(&prompt(true)).await.status, 502);
}

#[tokio::test]
async fn an_error_of_the_backend_has_openais_shape() {
    let world = TestEnv::signed_in().await;
    let detail = json!({"detail": "Unsupported parameter: top_k"});
    world
        .simulator
        .fault(Endpoint::Responses, Fault::json(400, detail));
    let answer = world.post(&prompt(true)).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json(),
        json!({"error": {
            "message": "Unsupported parameter: top_k", "type": "invalid_request_error",
            "param": "top_k", "code": "unsupported_parameter",
        }})
    );
}

#[tokio::test]
async fn a_backend_that_closes_without_an_answer_is_a_502() {
    let world = TestEnv::signed_in().await;
    world.simulator.fault(Endpoint::Responses, Fault::silence());
    let answer = world.post(&prompt(true)).await;
    assert_eq!(answer.status, 502, "{answer:?}");
    assert_eq!(answer.code(), "upstream_error");
}

#[tokio::test]
async fn an_answer_with_too_many_headers_is_a_502_that_says_so() {
    let world = TestEnv::signed_in().await;
    let with_headers = |count| {
        let answer = (0..count).fold(support::stream_of("x"), |answer, n| {
            answer.header(&format!("x-codex-{n}"), "y")
        });
        world.simulator.fault(Endpoint::Responses, answer);
    };
    with_headers(200);
    assert_eq!(world.post(&prompt(true)).await.status, 200);
    with_headers(300);
    let answer = world.post(&prompt(true)).await;
    assert_eq!(answer.status, 502);
    assert_eq!(answer.code(), "upstream_error");
    let said = answer.json().to_string();
    assert!(said.contains("cannot be read"), "{said}");
}

/// Faults: G30
#[tokio::test]
async fn json_that_is_read_in_two_ways_reaches_nothing() {
    let world = TestEnv::signed_in().await;
    let deep = format!(
        r#"{{"model":"m","input":{}{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    for body in [
        r#"{"model":"a","model":"b","input":[]}"#.to_owned(),
        deep,
        "\u{feff}{}".into(),
    ] {
        let answer = world.send("POST", "/v1/responses", &[], body).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.code(), "invalid_json");
    }
    assert!(world.calls().is_empty());
}

#[tokio::test]
async fn an_unknown_endpoint_and_a_wrong_method_have_openais_shape() {
    let world = TestEnv::new();
    let answer = world
        .send("POST", "/v1/completions", &[], "{}".into())
        .await;
    assert_eq!(
        (answer.status, answer.code()),
        (404, "unsupported_endpoint".into())
    );
    let answer = world
        .send("OPTIONS", "/v1/responses", &[], String::new())
        .await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
}

#[tokio::test]
async fn a_profile_of_another_host_is_not_used() {
    let (one, other) = (TestEnv::signed_in().await, TestEnv::new());
    let access = other.gateway.access(one.ada.clone());
    let request = request("POST", "/v1/responses", &[], prompt(true).to_string());
    let answer = finish(access.send(request).await).await;
    assert_eq!(answer.status, 500);
    assert!(other.simulator.requests().is_empty());
}

/// Faults: G06
#[tokio::test]
async fn a_dropped_call_ends_before_its_answer() {
    let world = TestEnv::signed_in().await;
    world.simulator.fault(Endpoint::Responses, Fault::hang());
    let body = prompt(true);
    let begun = async {
        while world.calls().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        answer = world.post(&body) => panic!("the call has ended: {answer:?}"),
        () = begun => {}
    }
    // The next call does not wait for the one that hangs.
    assert_eq!(world.post(&prompt(true)).await.status, 200);
}
