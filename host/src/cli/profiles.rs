use chatgpt_oauth::contract::ConnectionState;
use chatgpt_oauth::{Error, ProfileName};
use clap::{Args, Subcommand};
use serde_json::json;

use super::arguments::Global;
use super::setup::{self, Access};
use super::terminal::Terminal;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the profiles of the store
    List,
    /// Remove a profile and all that is stored of it; OpenAI is not told
    Remove {
        /// The profile's name
        name: ProfileName,
        /// Remove it even if somebody is signed in, or if it cannot be read
        #[arg(long)]
        force: bool,
    },
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<(), Error> {
    match arguments.action {
        Action::List => list(global, terminal).await,
        Action::Remove { name, force } => remove(name, force, global, terminal).await,
    }
}

async fn list(global: &Global, terminal: &Terminal) -> Result<(), Error> {
    let host = setup::host(global, Access::ReadOnly).await?;
    let profiles = host.profiles().await?;
    let names: Vec<&str> = profiles.iter().map(ProfileName::as_str).collect();
    terminal.answer(&json!({"ok": true, "profiles": names}), || {
        match names.is_empty() {
            true => "no profiles".to_owned(),
            false => names.join("\n"),
        }
    });
    Ok(())
}

async fn remove(
    name: ProfileName,
    force: bool,
    global: &Global,
    terminal: &Terminal,
) -> Result<(), Error> {
    let host = setup::host(global, Access::ReadWrite).await?;
    let profile = host.profile(name.clone());
    let state = profile.status().await?.state;
    if !force {
        refuse_if_signed_in(&name, state)?;
    }
    profile.remove(force).await?;
    let known = state != ConnectionState::NotConnected;
    let answer = json!({"ok": true, "profile": name.as_str(), "removed": known});
    terminal.answer(&answer, || match known {
        true => format!("removed {name}"),
        false => format!("there was no {name}"),
    });
    Ok(())
}

fn refuse_if_signed_in(name: &ProfileName, state: ConnectionState) -> Result<(), Error> {
    if matches!(
        state,
        ConnectionState::NotConnected | ConnectionState::Pending
    ) {
        return Ok(());
    }
    let mut error = setup::invalid(format!("the profile {name} holds a login"));
    error.hint = format!(
        "run `chatgpt-oauth --profile {name} logout` first, or add --force to lose the login"
    );
    Err(error)
}
