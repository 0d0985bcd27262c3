//! A process that holds the relay, and nothing else.

use chatgpt_oauth_gateway::Gateway;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::process::{self, Process};
use crate::server::Server;
use crate::upstream;

pub const ROLE: &str = "relay";

/// Runs a server over the gateway to the backend of the order.
pub fn run() {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(async {
        let (host, profile) = upstream::signed_in(&process::order()).await;
        let gateway = Gateway::builder(host).build().expect("a gateway");
        Server::start(gateway.access(profile)).await
    });
    process::announce(&json!({ "address": server.address().to_string() }));
}

pub fn start(upstream: &Value) -> Process {
    Process::start(ROLE, upstream)
}
