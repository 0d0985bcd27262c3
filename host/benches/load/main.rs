//! What `serve` costs under load, as plain numbers; docs/performance.md explains them.
//!
//!     cargo bench -p chatgpt-oauth --bench load -- PART [SECONDS] [SIZE…]
//!
//! | part | measures | SIZE |
//! |---|---|---|
//! | `latency` | what `serve` adds to a call, at 200 calls a second | |
//! | `streams` | the memory of `serve` with open streams | streams |
//! | `sqlite`, `postgres` | calls and pages in stores of different sizes | profiles |
//!
//! SECONDS is the length of each measurement. The program is `CHATGPT_OAUTH_BIN`, or the one of
//! this build. `serve` and the backend are always processes of their own.

mod client;
mod latency;
mod place;
mod profiles;
mod stores;
mod streams;

#[path = "../../gateway/benches/relay/figures.rs"]
#[allow(dead_code, reason = "the other benchmark uses the rest of it")]
mod figures;
#[path = "../../tests/support/logins.rs"]
mod logins;
#[path = "../../gateway/benches/relay/process.rs"]
#[allow(dead_code, reason = "the other benchmark uses the rest of it")]
mod process;
#[path = "../../tests/support/serve.rs"]
mod serve;
#[path = "../../gateway/benches/relay/upstream.rs"]
#[allow(dead_code, reason = "the other benchmark uses the rest of it")]
mod upstream;

use std::time::Duration;

use stores::Kind;
use tokio::runtime::Runtime;

/// The sizes that are measured if none is given.
const STREAMS: [usize; 2] = [1000, 8000];
const PROFILES: [usize; 4] = [100, 1000, 10_000, 100_000];

fn main() {
    process::allow_many_connections();
    if process::role().is_some() {
        return upstream::run();
    }
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let words = arguments.iter().filter(|word| !word.starts_with("--"));
    let (numbers, parts): (Vec<_>, Vec<_>) = words.partition(|word| word.parse::<usize>().is_ok());
    let numbers = numbers.iter().filter_map(|word| word.parse().ok());
    let mut numbers = numbers.collect::<Vec<usize>>().into_iter();
    let seconds = numbers.next();
    let time = |usual| Duration::from_secs(seconds.map_or(usual, |seconds| seconds as u64));
    let mut sizes: Vec<_> = numbers.collect();
    let mut sizes = |usual: &[usize]| {
        if sizes.is_empty() {
            sizes.extend(usual);
        }
        sizes.clone()
    };

    println!("load average before: {}", figures::load_average());
    let runtime = Runtime::new().expect("a runtime");
    match parts.first().map(|part| part.as_str()) {
        Some("latency") => latency::measure(time(10)),
        Some("streams") => runtime.block_on(streams::measure(time(20), &sizes(&STREAMS))),
        Some("sqlite") => profiles::measure(&runtime, Kind::Sqlite, time(2), &sizes(&PROFILES)),
        Some("postgres") => profiles::measure(&runtime, Kind::Postgres, time(2), &sizes(&PROFILES)),
        _ => println!("name a part: latency, streams, sqlite or postgres"),
    }
}
