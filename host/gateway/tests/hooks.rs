//! The hooks of a guest, called as wasmtime calls them.

mod support;

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use chatgpt_oauth_gateway::{Budget, DenyAll, Limit, Limits, ModelHooks};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use openai_simulator::{Endpoint, Fault, Script};
use support::{LONG, TestEnv, prompt};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

type Processing = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sending = Box<dyn Future<Output = Result<(Response<WasiBody>, Processing), Error>> + Send>;

const RESPONSES: &str = "https://openai-codex.invalid/v1/responses";

fn guest_request(url: &str, body: &serde_json::Value) -> Request<WasiBody> {
    let body = Full::new(Bytes::from(body.to_string()));
    Request::post(url)
        .header("authorization", "Bearer theirs")
        .header("chatgpt-account-id", "theirs")
        .header("cookie", "theirs=1")
        .body(body.map_err(|never| match never {}).boxed_unsync())
        .unwrap()
}

async fn send(
    hooks: &mut impl WasiHttpHooks,
    request: Request<WasiBody>,
    options: Option<RequestOptions>,
) -> Result<Response<WasiBody>, Error> {
    let sending = hooks.send_request(request, options, Box::new(async { Ok(()) }));
    let (answer, processing) = Pin::from(sending).await?;
    Pin::from(processing).await?;
    Ok(answer)
}

async fn text(answer: Response<WasiBody>) -> Result<String, Error> {
    let body = answer.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

/// Faults: G15
#[tokio::test]
async fn a_guest_streams_with_the_login_of_the_hosts_choice() {
    let env = TestEnv::signed_in().await;
    let mut hooks = ModelHooks::only(env.access.clone());
    let answer = send(&mut hooks, guest_request(RESPONSES, &prompt(true)), None).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(text(answer).await.unwrap().contains("response.completed"));
    let sent = env.sent();
    assert!(
        sent.headers
            .iter()
            .all(|(_, value)| !value.contains("theirs"))
    );
    let authorization = sent.header("authorization").unwrap();
    assert!(authorization.starts_with("Bearer ey"));
}

#[tokio::test]
async fn a_missing_login_is_an_answer_that_a_guest_can_read() {
    let env = TestEnv::new();
    let mut hooks = ModelHooks::only(env.access.clone());
    let answer = send(&mut hooks, guest_request(RESPONSES, &prompt(true)), None).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 403);
    assert!(text(answer).await.unwrap().contains("login_required"));
    assert!(env.calls().is_empty());
}

/// Faults: G46
#[tokio::test]
async fn every_other_address_is_for_the_inner_hooks() {
    struct Inner(Arc<Mutex<Vec<String>>>);
    impl WasiHttpHooks for Inner {
        fn send_request(
            &mut self,
            request: Request<WasiBody>,
            options: Option<RequestOptions>,
            processing: Processing,
        ) -> Sending {
            self.0.lock().unwrap().push(request.uri().to_string());
            DenyAll.send_request(request, options, processing)
        }
    }
    let env = TestEnv::signed_in().await;
    let urls = [
        "https://openai-codex.invalid:444/v1/responses",
        "https://chatgpt.com/backend-api/codex/responses",
        "https://ada@openai-codex.invalid/v1/responses",
    ];
    let asked = Arc::new(Mutex::new(Vec::new()));
    let mut hooks = ModelHooks::new(env.access.clone(), Inner(asked.clone()));
    for url in urls {
        let denied = send(&mut hooks, guest_request(url, &prompt(true)), None).await;
        assert!(matches!(denied, Err(Error::HttpRequestDenied)), "{url}");
    }
    assert_eq!(*asked.lock().unwrap(), urls);
    assert!(env.calls().is_empty());
}

#[tokio::test]
async fn a_guests_timeouts_end_a_slow_answer() {
    let env = TestEnv::signed_in().await;
    let mut hooks = ModelHooks::only(env.access.clone());
    let options = |between_bytes| {
        Some(RequestOptions {
            connect_timeout: None,
            first_byte_timeout: Some(LONG),
            between_bytes_timeout: Some(between_bytes),
        })
    };
    let script = Script::stall(Duration::from_secs(20));
    env.simulator
        .fault(Endpoint::Responses, Fault::stream(script));
    let request = guest_request(RESPONSES, &prompt(true));
    let short = options(Duration::from_millis(300));
    let answer = send(&mut hooks, request, short).await.unwrap();
    let ended = text(answer).await;
    assert!(
        matches!(ended, Err(Error::ConnectionReadTimeout)),
        "{ended:?}"
    );

    let request = guest_request(RESPONSES, &prompt(true));
    let answer = send(&mut hooks, request, options(LONG)).await.unwrap();
    assert!(text(answer).await.is_ok());
}

/// Hooks with a budget, and the limits that the host was informed of.
fn limited(env: &TestEnv, limits: Limits) -> (ModelHooks, Budget, impl Fn() -> Vec<Limit> + use<>) {
    let informed = Arc::new(Mutex::new(Vec::new()));
    let list = informed.clone();
    let budget = Budget::informing(limits, move |limit| list.lock().unwrap().push(limit));
    let hooks = ModelHooks::only(env.access.clone().with_budget(budget.clone()));
    (hooks, budget, move || informed.lock().unwrap().clone())
}

/// The status and the error of a refused call. The backend gets no request.
async fn refused(env: &TestEnv, hooks: &mut ModelHooks) -> (u16, String) {
    let before = env.calls().len();
    let request = guest_request(RESPONSES, &prompt(true));
    let answer = send(hooks, request, None).await.unwrap();
    let status = answer.status().as_u16();
    let text = text(answer).await.unwrap();
    assert_eq!(env.calls().len(), before, "{text}");
    (status, text)
}

#[tokio::test]
async fn a_guest_makes_no_more_calls_than_its_budget_has() {
    let env = TestEnv::signed_in().await;
    let limits = Limits {
        calls: Some(2),
        ..Limits::default()
    };
    let (mut hooks, budget, informed) = limited(&env, limits);
    for _ in 0..2 {
        let request = guest_request(RESPONSES, &prompt(true));
        let answer = send(&mut hooks, request, None).await.unwrap();
        assert_eq!(answer.status(), 200);
        text(answer).await.unwrap();
    }
    // Another instance of the same guest has the same budget.
    let mut hooks = ModelHooks::only(env.access.clone().with_budget(budget.clone()));
    let (status, text) = refused(&env, &mut hooks).await;
    assert_eq!(status, 429);
    let error: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(error["error"]["code"], "guest_budget_exceeded");
    assert_eq!(error["error"]["type"], "rate_limit_error");
    assert_eq!(informed(), [Limit::Calls]);
    assert_eq!((budget.used().calls, budget.used().refused), (2, 1));
}

#[tokio::test]
async fn a_guest_sends_and_receives_no_more_bytes_than_its_budget_has() {
    let env = TestEnv::signed_in().await;
    let body = prompt(true).to_string().len() as u64;
    let limits = Limits {
        bytes: Some(body),
        ..Limits::default()
    };
    let (mut hooks, budget, informed) = limited(&env, limits);
    let mut long = prompt(true);
    long["input"] = "x".repeat(100).into();
    let answer = send(&mut hooks, guest_request(RESPONSES, &long), None).await;
    assert_eq!(answer.unwrap().status(), 429);
    assert!(env.calls().is_empty());

    let request = guest_request(RESPONSES, &prompt(true));
    let answer = send(&mut hooks, request, None).await.unwrap();
    let received = text(answer).await.unwrap();
    assert!(received.contains("response.completed"), "{received}");
    assert_eq!(budget.used().bytes, body + received.len() as u64);
    assert_eq!(refused(&env, &mut hooks).await.0, 429);
    assert_eq!(informed(), [Limit::Bytes, Limit::Bytes]);
}

#[tokio::test]
async fn a_guest_runs_no_more_calls_at_a_time_than_its_budget_has() {
    let env = TestEnv::signed_in().await;
    let limits = Limits {
        streams: Some(2),
        ..Limits::default()
    };
    let (mut hooks, budget, informed) = limited(&env, limits);
    let mut running = Vec::new();
    for _ in 0..2 {
        let script = Script::stall(Duration::from_secs(20));
        env.simulator
            .fault(Endpoint::Responses, Fault::stream(script));
        let request = guest_request(RESPONSES, &prompt(true));
        running.push(send(&mut hooks, request, None).await.unwrap());
    }
    assert_eq!(refused(&env, &mut hooks).await.0, 429);
    assert_eq!(informed(), [Limit::Streams]);
    drop(running.pop());
    let request = guest_request(RESPONSES, &prompt(true));
    let answer = send(&mut hooks, request, None).await.unwrap();
    assert_eq!(answer.status(), 200);
    text(answer).await.unwrap();
    assert_eq!(budget.used().streams, 1);
    // A call that ends in an error runs no longer.
    env.simulator.fault(Endpoint::Responses, Fault::status(500));
    let request = guest_request(RESPONSES, &prompt(true));
    assert_eq!(send(&mut hooks, request, None).await.unwrap().status(), 502);
    assert_eq!(budget.used().streams, 1);
}
