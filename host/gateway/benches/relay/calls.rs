//! What the relay adds to a call: 200 calls a second by the relay in this process, and by
//! reqwest, in turn. Each call is a whole answer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chatgpt_oauth_gateway::{Gateway, ModelAccess};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::interval;

use crate::figures::{Times, print_difference};
use crate::{REQUEST, upstream};

const PER_SECOND: u32 = 200;
const ROUNDS: usize = 5;

pub async fn measure(time: Duration) {
    let upstream = upstream::start(&json!({}));
    let (host, profile) = upstream::signed_in(&upstream.announced).await;
    let gateway = Gateway::builder(host).build().expect("a gateway");
    let relay = gateway.access(profile.clone());
    let authorization = profile.authorize(None).await.expect("a login");
    let direct = Direct::new(&upstream.announced, authorization.headers());

    let (mut directly, mut streamed, mut collected) = Default::default();
    run(time / 4, || direct.clone().call()).await;
    run(time / 4, || streamed_by(relay.clone())).await;
    for _ in 0..ROUNDS {
        let add = |times: &mut Times, more| times.extend(more);
        add(&mut directly, run(time, || direct.clone().call()).await);
        add(
            &mut streamed,
            run(time, || streamed_by(relay.clone())).await,
        );
        add(
            &mut collected,
            run(time, || collected_by(relay.clone())).await,
        );
    }
    println!("\n{PER_SECOND} calls a second, {ROUNDS} rounds in turn");
    directly.print("reqwest");
    streamed.print("relay, streamed");
    collected.print("relay, collected");
    print_difference("the relay adds, streamed", &streamed, &directly);
    print_difference("the relay adds, collected", &collected, &directly);
}

/// Begins calls at the rate, for this time.
async fn run<F: Future<Output = ()> + Send + 'static>(
    time: Duration,
    call: impl Fn() -> F,
) -> Times {
    let mut ticks = interval(Duration::from_secs(1) / PER_SECOND);
    let mut running = JoinSet::new();
    let begun = Instant::now();
    while begun.elapsed() < time {
        ticks.tick().await;
        let call = call();
        running.spawn(async move {
            let begun = Instant::now();
            call.await;
            begun.elapsed()
        });
    }
    let mut times = Times::default();
    for time in running.join_all().await {
        times.add(time);
    }
    times
}

async fn streamed_by(relay: ModelAccess) {
    call_by(relay, REQUEST.to_owned()).await;
}

async fn collected_by(relay: ModelAccess) {
    call_by(relay, REQUEST.replace("true", "false")).await;
}

async fn call_by(relay: ModelAccess, body: String) {
    let request = http::Request::post("/v1/responses").body(body);
    let answer = relay.send(request.expect("a request")).await;
    assert_eq!(answer.status(), 200);
    let Ok(body) = answer.into_body().collect().await;
    check(&body.to_bytes());
}

/// The answer is complete, streamed or not.
fn check(body: &[u8]) {
    let text = std::str::from_utf8(body).expect("a text");
    assert!(text.contains("completed"), "{text}");
}

/// The same call without the relay.
#[derive(Clone)]
struct Direct {
    client: reqwest::Client,
    url: String,
    headers: http::HeaderMap,
}

impl Direct {
    fn new<'a>(upstream: &Value, headers: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        _ = rustls::crypto::ring::default_provider().install_default();
        let address: SocketAddr = upstream["https"]
            .as_str()
            .expect("a text")
            .parse()
            .expect("an address");
        let ca = upstream["ca"].as_str().expect("a text");
        let ca = reqwest::Certificate::from_pem(ca.as_bytes()).expect("a certificate");
        let client = reqwest::Client::builder()
            .tls_certs_only([ca])
            .resolve("chatgpt.com", address)
            .no_proxy();
        let own = [
            ("host", "chatgpt.com"),
            ("content-type", "application/json"),
            ("accept", "text/event-stream"),
        ];
        let headers = headers.chain(own).map(|(name, value)| {
            let name: http::HeaderName = name.parse().expect("a name");
            (name, value.parse().expect("a value"))
        });
        Self {
            client: client.build().expect("a client"),
            url: format!(
                "https://chatgpt.com:{}/backend-api/codex/responses",
                address.port()
            ),
            headers: headers.collect(),
        }
    }

    async fn call(self) {
        let body = json!({
            "model": "gpt-6-astra",
            "instructions": "",
            "input": [{"role": "user", "content": "Say hi."}],
            "include": ["reasoning.encrypted_content"],
            "store": false,
            "stream": true,
        });
        let request = self
            .client
            .post(self.url)
            .headers(self.headers)
            .body(body.to_string());
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        check(&answer.bytes().await.expect("a body"));
    }
}
