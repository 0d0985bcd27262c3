//! A platform ends calls that run, and knows how calls ended.

mod support;

use std::time::Duration;

use chatgpt_oauth_gateway::{Outcome, RequestId, Stop};
use openai_simulator::{Endpoint, Fault, Script};
use serde_json::json;
use support::{TestEnv, finish, next, prompt, request};
use tokio::sync::oneshot;

fn call(is_streamed: bool) -> http::Request<String> {
    request(
        "POST",
        "/v1/responses",
        &[],
        prompt(is_streamed).to_string(),
    )
}

async fn ordered(order: oneshot::Receiver<Stop>) -> Stop {
    order.await.unwrap()
}

/// Faults: G18 G45
#[tokio::test]
async fn a_stream_that_is_stopped_ends_with_an_event_that_says_why() {
    let env = TestEnv::signed_in().await;
    for (why, code) in [
        (Stop::ShuttingDown, "server_shutting_down"),
        (Stop::KeyRevoked, "invalid_api_key"),
    ] {
        let slow = Script::deltas(1000, Duration::from_millis(20));
        env.simulator
            .fault(Endpoint::Responses, Fault::stream(slow));
        let (stop, order) = oneshot::channel();
        let answer = env.access.send_until(call(true), ordered(order)).await;
        let (head, mut body) = answer.into_parts();
        next(&mut body).await.unwrap();
        stop.send(why).unwrap();
        let rest = finish(http::Response::from_parts(head, body)).await.text;
        let (_, last) = rest.rsplit_once("event: ").unwrap();
        assert!(last.starts_with("response.failed"), "{last}");
        assert!(last.contains(code), "{last}");
    }
}

/// Faults: G18 G45
#[tokio::test]
async fn a_chat_completion_that_is_stopped_ends_with_an_error_and_is_not_done() {
    let env = TestEnv::signed_in().await;
    let slow = Script::deltas(1000, Duration::from_millis(20));
    env.simulator
        .fault(Endpoint::Responses, Fault::stream(slow));
    let (stop, order) = oneshot::channel();
    let body = json!({
        "model": "gpt-6-astra", "stream": true,
        "messages": [{"role": "user", "content": "Say hi."}],
    });
    let call = request("POST", "/v1/chat/completions", &[], body.to_string());
    let answer = env.access.send_until(call, ordered(order)).await;
    let (head, mut body) = answer.into_parts();
    next(&mut body).await.unwrap();
    stop.send(Stop::ShuttingDown).unwrap();
    let rest = finish(http::Response::from_parts(head, body)).await.text;
    let last = rest.trim_end().rsplit("data: ").next().unwrap();
    assert!(last.contains("server_shutting_down"), "{last}");
    assert!(!rest.contains("[DONE]"), "{last}");
}

#[tokio::test]
async fn a_call_that_is_stopped_before_its_answer_is_an_error_that_says_why() {
    let env = TestEnv::signed_in().await;
    for (why, status, code) in [
        (Stop::ShuttingDown, 503, "server_shutting_down"),
        (Stop::KeyRevoked, 401, "invalid_api_key"),
    ] {
        env.simulator.fault(Endpoint::Responses, Fault::hang());
        let (stop, order) = oneshot::channel();
        let answer = env.access.send_until(call(false), ordered(order));
        let stopping = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            stop.send(why).unwrap();
        };
        let (answer, ()) = tokio::join!(answer, stopping);
        let answer = finish(answer).await;
        assert_eq!((answer.status, answer.code()), (status, code.to_owned()));
        assert_eq!(answer.header("retry-after").is_some(), status == 503);
    }
}

#[tokio::test]
async fn an_order_to_stop_changes_nothing_of_a_complete_answer() {
    let env = TestEnv::signed_in().await;
    let (stop, order) = oneshot::channel();
    let answer = env.access.send_until(call(false), ordered(order)).await;
    let ordered = stop.send(Stop::ShuttingDown);
    assert!(ordered.is_err(), "nothing waits for the order any more");
    assert_eq!(finish(answer).await.json()["status"], "completed");
}

#[tokio::test]
async fn a_platform_gives_a_request_its_id_and_learns_its_outcome() {
    let env = TestEnv::signed_in().await;
    let id = RequestId::new();
    let mut request = call(true);
    request.extensions_mut().insert(id);
    let answer = env.access.send(request).await;
    assert_eq!(answer.headers()["x-request-id"], id.to_string());
    assert_eq!(answer.extensions().get(), Some(&Outcome { code: None }));
    let unknown = support::request("GET", "/v1/x", &[], String::new());
    let answer = env.access.send(unknown).await;
    let outcome: &Outcome = answer.extensions().get().unwrap();
    assert_eq!(outcome.code.as_deref(), Some("unsupported_endpoint"));
}

#[tokio::test]
async fn what_calls_needed_is_counted() {
    let env = TestEnv::signed_in().await;
    env.post(&prompt(false)).await;
    env.pass_minutes(5);
    let refused = Fault::openai_error(401, "token_expired", "expired");
    env.simulator.fault(Endpoint::Responses, refused);
    env.post(&prompt(false)).await;
    let counted = env.gateway.statistics();
    assert_eq!(
        (counted.authorization_misses, counted.authorization_hits),
        (1, 1)
    );
    assert_eq!(counted.authorization_refused, 1);
    assert_eq!(
        (counted.upstream_accepted, counted.upstream_refused),
        (2, 1)
    );
    assert_eq!((counted.upstream_failed, counted.buffered_bytes), (0, 0));
}
