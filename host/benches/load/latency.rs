//! What `serve` adds to a call, at a rate that does not wait for answers. The direct call is
//! without TLS, that of `serve` to the backend with TLS: the difference has both.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::client::Client;
use crate::figures::{Times, print_difference};
use crate::place::Place;

/// Calls a second.
const RATE: u32 = 200;
const ROUNDS: usize = 5;
/// The time before the first round for each kind of call.
const WARM_UP: Duration = Duration::from_secs(2);

/// Where a call goes, and what it says.
#[derive(Clone)]
struct Target {
    name: &'static str,
    address: String,
    path: &'static str,
    key: String,
    body: &'static str,
    idle: Arc<Mutex<Vec<Client>>>,
}

pub async fn measure(time: Duration) {
    let place = Place::new(&json!({ "from_memory": true }));
    let store = place.file("store");
    place.run(&store, &["login"]);
    let key = place.api_key(&store, &["--scope", "inference"]);
    let serve = place.serve(&store);
    let target = |name, address: &str, path, body| Target {
        name,
        address: address.to_owned(),
        path,
        key: key.clone(),
        body,
        idle: Arc::default(),
    };
    const STREAMED: &str = r#"{"model": "gpt-6-astra", "input": "Say hi.", "stream": true}"#;
    const COLLECTED: &str = r#"{"model": "gpt-6-astra", "input": "Say hi."}"#;
    let direct = "/backend-api/codex/responses";
    let targets = [
        target("direct", place.announced("http"), direct, STREAMED),
        target("serve, streamed", &serve.public, "/v1/responses", STREAMED),
        target(
            "serve, collected",
            &serve.public,
            "/v1/responses",
            COLLECTED,
        ),
    ];

    let mut times = [(); 3].map(|()| Times::default());
    for target in &targets {
        calls(target, WARM_UP).await;
    }
    for _ in 0..ROUNDS {
        for (target, times) in targets.iter().zip(&mut times) {
            times.extend(calls(target, time).await);
        }
    }
    println!("\n{RATE} calls a second, {ROUNDS} rounds of {time:?} each, in turn");
    for (target, times) in targets.iter().zip(&times) {
        times.print(target.name);
    }
    for (target, others) in targets.iter().zip(&times).skip(1) {
        print_difference(target.name, others, &times[0]);
    }
}

/// The times of the calls of one round, each from the moment at which it was due.
async fn calls(target: &Target, time: Duration) -> Times {
    let mut ticks = interval(Duration::from_secs(1) / RATE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let end = Instant::now() + time;
    let mut running = JoinSet::new();
    while Instant::now() < end {
        let due = ticks.tick().await;
        let target = target.clone();
        running.spawn(async move {
            target.call().await;
            due.elapsed()
        });
    }
    let mut times = Times::default();
    for time in running.join_all().await {
        times.add(time);
    }
    times
}

impl Target {
    async fn call(&self) {
        let idle = self.idle.lock().expect("a pool").pop();
        let mut client = match idle {
            Some(client) => client,
            None => Client::connect(&self.address, &self.key).await,
        };
        client.post(self.path, self.body).await;
        self.idle.lock().expect("a pool").push(client);
    }
}
