//! The environment of a test: that of the library's tests, and a client that is connected to
//! the tools of a profile.

#![allow(dead_code, reason = "each test binary uses its part of it")]

pub mod story;

#[path = "../../../runtime/tests/support/mod.rs"]
mod library;

use std::future::pending;

use chatgpt_oauth::Profile;
use chatgpt_oauth_mcp::Tools;
use rmcp::model::ProtocolVersion;
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt};

pub use library::*;
use story::Agent;

/// The two ways in which a client begins.
pub fn lifecycles() -> [ClientLifecycleMode; 2] {
    [ClientLifecycleMode::Initialize, newest()]
}

/// The way of the newest protocol.
pub fn newest() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
    }
}

/// Connects a client to the tools of a profile.
pub async fn connect<C: ClientHandler>(
    profile: Profile,
    client: C,
    lifecycle: ClientLifecycleMode,
) -> Agent<C> {
    let (ours, theirs) = tokio::io::duplex(1 << 20);
    let (input, output) = tokio::io::split(ours);
    tokio::spawn(Tools::new(profile).serve(input, output, pending()));
    let client = client.serve_with_lifecycle(theirs, lifecycle);
    Agent::new(client.await.unwrap()).await
}
