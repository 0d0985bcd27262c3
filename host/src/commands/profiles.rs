//! `profiles`: lists or removes profiles.

use std::process::ExitCode;

use chatgpt_oauth::answers::True;
use chatgpt_oauth::answers::operations::{Profiles, RemoveProfile};
use chatgpt_oauth::api_keys::ApiKeys;
use chatgpt_oauth::links::Links;
use chatgpt_oauth::store::Owner;
use chatgpt_oauth::types::ConnectionState;
use chatgpt_oauth::{Error, ErrorCode, Host, ProfileName};
use clap::{Args, Subcommand};

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the profiles of the store
    List,
    /// Remove a profile and all its values, without asking OpenAI to end the login
    Remove {
        /// The profile's name
        name: ProfileName,
        /// Also remove a profile that is signed in or unreadable
        #[arg(long)]
        force: bool,
    },
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    match arguments.action {
        Action::List => list(global, terminal).await,
        Action::Remove { name, force } => remove(name, force, global, terminal).await,
    }
}

async fn list(global: &Global, terminal: &Terminal) -> Result<ExitCode, Error> {
    let host = open::host(global, Access::ReadOnly).await?;
    let profiles = host.profiles().await?;
    let names: Vec<&str> = profiles.iter().map(ProfileName::as_str).collect();
    let answer = Profiles {
        ok: True,
        profiles: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    Ok(terminal.answer(&answer, || match names.is_empty() {
        true => "no profiles".to_owned(),
        false => names.join("\n"),
    }))
}

async fn remove(
    name: ProfileName,
    force: bool,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let host = open::host(global, Access::ReadWrite).await?;
    let profile = host.profile(name.clone());
    let state = profile.status().await?.state;
    if !force {
        refuse_if_signed_in(&name, state)?;
    }
    // No key and no link may reach a profile of the same name that is made later. Keys are first,
    // because they make links, and links before the login, because their pages begin one.
    let owner = Owner::Profile(name.clone());
    if let Some(entries) = host.entries() {
        ApiKeys::new(entries).remove_all(&owner).await?;
    }
    remove_links(&host, &owner).await?;
    profile.remove(force).await?;
    // An administrator may have made one meanwhile.
    remove_links(&host, &owner).await?;
    let known = state != ConnectionState::NotConnected;
    let answer = RemoveProfile {
        ok: True,
        profile: name.as_str().to_owned(),
        removed: known,
    };
    Ok(terminal.answer(&answer, || match known {
        true => format!("removed {name}"),
        false => format!("there was no profile {name}"),
    }))
}

async fn remove_links(host: &Host, owner: &Owner) -> Result<(), Error> {
    if let Some(entries) = host.entries() {
        Links::new(entries).remove_all(owner).await?;
    }
    Ok(())
}

fn refuse_if_signed_in(name: &ProfileName, state: ConnectionState) -> Result<(), Error> {
    if matches!(
        state,
        ConnectionState::NotConnected | ConnectionState::Pending
    ) {
        return Ok(());
    }
    Err(Error::permanent(
        ErrorCode::InvalidArgument,
        format!("the profile {name} holds a login"),
        format!(
            "run `chatgpt-oauth --profile {name} logout` first, or add --force to lose the login"
        ),
    ))
}
