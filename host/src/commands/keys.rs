//! `keys`: makes, lists, ends and replaces the API keys of a server. Works on the store alone:
//! no component runs, and no server need run.

mod create;
mod destination;
mod expiry;
mod list;
mod revoke;
mod rotate;

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::api_keys::ApiKeyId;
use clap::{Args, Subcommand};

use crate::open;
use crate::options::Global;
use crate::output::Terminal;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make a key for the profile, or for an administrator, and show it once
    Create(create::Arguments),
    /// List the keys of the profile
    List(list::Arguments),
    /// End a key at once
    Revoke {
        /// The id of the key
        id: String,
    },
    /// Make a key that replaces another; that one is valid for 24 more hours
    Rotate(rotate::Arguments),
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    match arguments.action {
        Action::Create(arguments) => create::run(arguments, global, terminal).await,
        Action::List(arguments) => list::run(&arguments, global, terminal).await,
        Action::Revoke { id } => revoke::run(&id, global, terminal).await,
        Action::Rotate(arguments) => rotate::run(arguments, global, terminal).await,
    }
}

/// The id in an argument. A whole key is refused without being repeated: clap would show it.
fn id(argument: &str) -> Result<ApiKeyId, Error> {
    argument.parse().map_err(|_| {
        open::invalid("the id of a key has 10 letters and digits, as `keys list` shows it")
    })
}
