//! An agent that works with its person's ChatGPT subscription. It imports the connection and
//! outgoing HTTP, and nothing else: see `agent.wit`.
//!
//! The first run shows a page and a code, a later one finishes the login. From then on each run
//! does a task: it streams the answers of a model, runs the tool that the model calls, and shows
//! how much of the plan is used.

#![cfg(target_family = "wasm")]

mod bindings {
    #![allow(missing_docs, unsafe_code, reason = "generated")]

    #[cfg(not(feature = "searchable"))]
    wit_bindgen::generate!({
        path: ["../../wit", "agent.wit"],
        world: "example:agent/agent",
        generate_all,
    });
    #[cfg(feature = "searchable")]
    wit_bindgen::generate!({
        path: ["../../wit", "agent.wit", "searchable.wit"],
        world: "example:searchable/agent",
        generate_all,
    });
    use super::Agent;
    export!(Agent);
}
mod conversation;
mod http;
#[cfg(feature = "searchable")]
mod memory;
mod tool;

use bindings::Guest;
use bindings::chatgpt::oauth::connection::{self, Error, LoginStatus, UsageReport};

struct Agent;

impl Guest for Agent {
    fn run(task: String) -> Result<String, String> {
        if let Some(request) = sign_in().map_err(explained)? {
            return Ok(request);
        }
        let models = connection::models(false).map_err(explained)?;
        let model = models.default_model_id.ok_or("the plan has no models")?;
        let answer = conversation::answer(&model, &task)?;
        let usage = connection::usage(true).map_err(explained)?;
        Ok(format!("{answer}\n{}", limits(&usage)))
    }
}

/// What the person has to do to sign in; none once they have.
fn sign_in() -> Result<Option<String>, Error> {
    let status = connection::status()?;
    if status.connected {
        return Ok(None);
    }
    if status.pending.is_none() {
        return Ok(Some(connection::start()?.instructions));
    }
    let progress = connection::poll(None)?;
    let waits = progress.status == LoginStatus::Pending;
    Ok(waits.then_some(progress.next_step))
}

/// One line about the limits of the plan.
fn limits(usage: &UsageReport) -> String {
    let plan = usage.plan.as_deref().unwrap_or("unknown");
    let mut line = format!("plan {plan}");
    for window in &usage.windows {
        if let Some(percent) = window.used_percent {
            line += &format!(", {} {percent} % used", window.name);
        }
    }
    line
}

fn explained(error: Error) -> String {
    format!("{}: {}", error.message, error.hint)
}
