//! `keys list`: shows the keys of a profile, without their secrets.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers;
use chatgpt_oauth::answers::api_keys::{ApiKey, ApiKeyState, ApiKeys};
use chatgpt_oauth::store::Owner;
use clap::Args;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::{Terminal, Text, format};

#[derive(Args)]
pub(crate) struct Arguments {
    /// List the keys of administrators
    #[arg(long, conflicts_with = "all")]
    admin: bool,

    /// List all keys
    #[arg(long)]
    all: bool,
}

pub(crate) async fn run(
    arguments: &Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let keys = open::api_keys(global, Access::ReadOnly).await?;
    let owner = match arguments.admin {
        true => Owner::Server,
        false => Owner::Profile(global.profile.clone()),
    };
    let owner = (!arguments.all).then_some(&owner);
    let listed = keys.list(owner, None, usize::MAX).await?;
    let now = open::now(keys.now());
    let answer = answers::api_keys(&listed, now);
    Ok(terminal.answer(&answer, || to_text(&answer, now)))
}

fn to_text(answer: &ApiKeys, now: u64) -> String {
    let mut text = Text::default();
    for key in &answer.keys {
        describe(&mut text, key, now);
    }
    for unreadable in &answer.unreadable {
        let why = [&unreadable.message];
        text.list(&format!("{}: cannot be read", unreadable.id), why.iter());
    }
    match text.join() {
        lines if lines.is_empty() => "no keys".to_owned(),
        lines => lines,
    }
}

/// Adds what the store keeps of a key.
pub(super) fn describe(text: &mut Text, key: &ApiKey, now: u64) {
    let mut lines = vec![match &key.profile {
        Some(profile) => format!("profile: {profile}"),
        None => "for an administrator".to_owned(),
    }];
    if !key.scopes.is_empty() {
        lines.push(format!("scopes: {}", key.scopes.join(", ")));
    }
    if !key.label.is_empty() {
        lines.push(format!("label: {}", key.label));
    }
    lines.push(state(key, now));
    let last_used = key.last_used_at.map(|at| ago(at, now));
    lines.extend(last_used.map(|ago| format!("last used: {ago}")));
    text.list(&format!("id: {}", key.id), lines.iter());
}

fn state(key: &ApiKey, now: u64) -> String {
    match (key.state, key.expires_at) {
        (ApiKeyState::Revoked, _) => "revoked".to_owned(),
        (ApiKeyState::Expired, _) => "expired".to_owned(),
        (ApiKeyState::Active, None) => "never expires".to_owned(),
        (ApiKeyState::Active, Some(at)) => {
            let left = at.saturating_sub(now);
            format!("expires in {}", format::span(left))
        }
    }
}

fn ago(at: u64, now: u64) -> String {
    format!("{} ago", format::span(now.saturating_sub(at)))
}
