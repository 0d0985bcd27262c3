use std::process::ExitCode;

use chatgpt_oauth::contract::ConnectionState;
use chatgpt_oauth::{Error, ErrorCode};
use clap::Args;
use serde_json::json;

use super::arguments::Global;
use super::setup::{self, Access};
use super::terminal::Terminal;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Set it aside even if it can be read
    #[arg(long)]
    force: bool,
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let profile = setup::profile(global, Access::ReadWrite).await?;
    if !arguments.force {
        refuse_if_readable(profile.status().await?.state)?;
    }
    let set_aside = profile.reset().await?;
    let answer = json!({"ok": true, "profile": profile.name().as_str(), "set_aside": set_aside});
    Ok(terminal.answer(&answer, || match set_aside {
        0 => "Nothing was stored.".to_owned(),
        n => format!("{n} values set aside, sealed as they are, for 30 days. Sign in again."),
    }))
}

fn refuse_if_readable(state: ConnectionState) -> Result<(), Error> {
    match state {
        ConnectionState::Unreadable => Ok(()),
        _ => Err(Error::lasting(
            ErrorCode::InvalidArgument,
            "what is stored of the profile can be read",
            "`chatgpt-oauth logout` signs out; --force sets it aside all the same",
        )),
    }
}
