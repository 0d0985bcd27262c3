//! What `serve` adds to a call, at a fixed rate. A client whose answer is late sends its next
//! call late, and times it from the moment at which it was due. The direct call is without
//! TLS, that of `serve` to the backend with TLS: the difference has both.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::runtime::Builder;

use crate::client::Client;
use crate::figures::{Times, print_difference};
use crate::place::Place;

/// Calls a second.
const RATE: u32 = 200;
/// How many clients share the calls. Each waits in a thread of its own: tokio's timers can be
/// up to a millisecond late, and that is more than what is measured.
const CLIENTS: u32 = 8;
const ROUNDS: usize = 5;
/// The time before the first round for each kind of call.
const WARM_UP: Duration = Duration::from_secs(2);

/// Where a call goes, and what it says.
struct Target {
    name: &'static str,
    address: String,
    path: &'static str,
    key: String,
    body: &'static str,
}

pub fn measure(time: Duration) {
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
        calls(target, WARM_UP);
    }
    for _ in 0..ROUNDS {
        for (target, times) in targets.iter().zip(&mut times) {
            times.extend(calls(target, time));
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
fn calls(target: &Target, time: Duration) -> Times {
    let begin = Instant::now() + Duration::from_millis(100);
    let mut times = Times::default();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let first = begin + Duration::from_secs(1) * number / RATE;
                scope.spawn(move || calls_of_a_client(target, first, begin + time))
            })
            .collect();
        for client in clients {
            times.extend(client.join().expect("the times of a client"));
        }
    });
    times
}

fn calls_of_a_client(target: &Target, first: Instant, end: Instant) -> Times {
    let runtime = Builder::new_current_thread().enable_io().build();
    let runtime = runtime.expect("a runtime");
    let mut client = runtime.block_on(Client::connect(&target.address, &target.key));
    let mut times = Times::default();
    let mut due = first;
    while due < end {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        runtime.block_on(client.post(target.path, target.body));
        times.add(due.elapsed());
        due += Duration::from_secs(1) * CLIENTS / RATE;
    }
    times
}
