//! What the relay costs, as plain numbers; docs/performance.md explains them.
//!
//!     cargo bench -p chatgpt-oauth-gateway --all-features --bench relay -- [PART] [SECONDS]
//!
//! | part | against |
//! |---|---|
//! | `calls` | the same call by reqwest |
//! | `streams` | the same process without a stream |
//! | `guests` | the same call outside of a guest |
//!
//! Without a part, all run. SECONDS is the length of each measurement, 4 by default.
//! The backend is always another process, and for `streams` the clients are one, too.

mod calls;
mod figures;
mod guests;
mod process;
mod relay;
mod streams;
mod upstream;

#[path = "../../tests/support/guest.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod guest;
#[path = "../../tests/support/server.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod server;

use std::time::Duration;

use tokio::runtime::Runtime;

/// The request of every measured call, as an SDK sends it.
const REQUEST: &str =
    r#"{"model": "openai-codex/gpt-6-astra", "input": "Say hi.", "stream": true}"#;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    process::allow_many_connections();
    if let Some(role) = process::role() {
        return run(&role);
    }
    let is_asked_for = |part| {
        let parts = ["calls", "streams", "guests"];
        let mut asked = arguments
            .iter()
            .filter(|word| parts.contains(&word.as_str()));
        asked.clone().count() == 0 || asked.any(|word| word == part)
    };
    let seconds = arguments.iter().find_map(|word| word.parse().ok());
    let time = Duration::from_secs(seconds.unwrap_or(4));

    println!("load average before: {}", figures::load_average());
    let runtime = Runtime::new().expect("a runtime");
    if is_asked_for("calls") {
        runtime.block_on(calls::measure(time));
    }
    if is_asked_for("guests") {
        runtime.block_on(guests::measure(time));
    }
    if is_asked_for("streams") {
        runtime.block_on(streams::measure(time));
    }
}

/// What this program does as another process of a measurement.
fn run(role: &str) {
    match role {
        upstream::ROLE => upstream::run(),
        relay::ROLE => relay::run(),
        other => panic!("no process of a measurement: {other}"),
    }
}
