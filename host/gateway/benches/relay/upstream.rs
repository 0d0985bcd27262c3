//! The backend: the simulator in a process of its own.

use std::time::Duration;

use chatgpt_oauth::store::{MemoryStore, StoreKind};
use chatgpt_oauth::types::LoginStatus;
use chatgpt_oauth::{Host, Profile};
use openai_simulator::{Endpoint, Fault, Script, Simulator};
use serde_json::{Value, json};

use crate::process::{self, Process};

pub const ROLE: &str = "upstream";

/// Runs the simulator. With `pause_ms` in the order, every answer has an event in each such
/// time, and does not end. With `from_memory`, every answer is the same.
pub fn run() {
    let order = process::order();
    let mut simulator = Simulator::builder()
        .interval(1)
        .keep_requests(100)
        .auto_approve(Duration::ZERO);
    if order["from_memory"] == true {
        simulator = simulator.from_memory();
    }
    let simulator = simulator.start().expect("a simulator");
    if let Some(pause) = order["pause_ms"].as_u64() {
        let script = Script::deltas(10_000, Duration::from_millis(pause));
        simulator.fault_always(Endpoint::Responses, Fault::stream(script));
    }
    process::announce(&json!({
        "connect_to": simulator.connect_to(),
        "ca": simulator.ca_pem(),
        "http": simulator.http_address().to_string(),
        "https": simulator.https_address().to_string(),
    }));
}

pub fn start(order: &Value) -> Process {
    Process::start(ROLE, order)
}

/// A host that is connected to the simulator of this announcement, and a person who has
/// signed in.
pub async fn signed_in(upstream: &Value) -> (Host, Profile) {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let store = MemoryStore::of_kind(StoreKind::Test);
    let mut host = Host::builder(store).root_certificates(text(&upstream["ca"]));
    for connect_to in upstream["connect_to"].as_array().expect("a list") {
        host = host.connect_to(text(connect_to).parse().expect("host:port:address:port"));
    }
    let host = host.build().expect("a host");
    let profile = host.profile("bench".parse().expect("a name"));
    profile.start().await.expect("a code");
    while profile.poll(None).await.expect("an answer").status != LoginStatus::Connected {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    (host, profile)
}
