//! `keys rotate`: makes a key that replaces another.

use std::path::PathBuf;
use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::True;
use chatgpt_oauth::answers::api_keys::RotateApiKey;
use clap::Args;

use super::destination::Destination;
use super::list;
use crate::open::{self, Access};
use crate::options::Global;
use crate::output::{Terminal, format};

#[derive(Args)]
pub(crate) struct Arguments {
    /// The id of the key to replace
    id: String,

    /// Write the new key to this new file, with mode 0600, and do not show it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let id = super::id(&arguments.id)?;
    let destination = Destination::open(arguments.output)?;
    let keys = open::api_keys(global, Access::ReadWrite).await?;
    let now = open::now(keys.now());
    let rotated = keys.rotate(&id, now).await?;
    let previous_expires_at = rotated.previous_expires_at;
    let created = destination.keep(&keys, rotated.created, now).await?;
    let answer = RotateApiKey {
        ok: True,
        key: created.shown(),
        file: created.file(),
        created: chatgpt_oauth::answers::api_key(&created.record, now),
        previous_id: id.to_string(),
        previous_expires_at,
    };
    Ok(terminal.answer(&answer, || {
        let mut text = created.to_text();
        list::describe(&mut text, &answer.created, now);
        let left = format::span(previous_expires_at.saturating_sub(now));
        text.line(Some(format!("{id} is valid for {left} more")));
        text.join()
    }))
}
