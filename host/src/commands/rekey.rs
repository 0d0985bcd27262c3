//! `rekey`: seals the store with a new key.

use std::process::ExitCode;

use chatgpt_oauth::answers::operations::Rekey;
use chatgpt_oauth::{Error, Resealed};
use clap::Args;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;
use crate::output::Text;
use crate::output::exit_code;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Make no new key: seal with the first key in the key file, which the operator has put there
    #[arg(long)]
    reseal: bool,
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let host = open::host(global, Access::ReadWrite).await?;
    let outcome = match arguments.reseal {
        true => host.reseal().await?,
        false => host.rekey().await?,
    };
    let printed = terminal.answer(&Rekey::from(&outcome), || to_text(&outcome));
    let left = outcome.left.first();
    Ok(left.map_or(printed, |left| exit_code::of(left.error.code)))
}

fn to_text(outcome: &Resealed) -> String {
    let mut lines = Text::default();
    lines.field("key that seals", Some(&outcome.key));
    lines.field("values sealed with it now", Some(outcome.resealed));
    for left in &outcome.left {
        let what = format!("LEFT unchanged: {} of {}", left.key, left.profile);
        let why = [&left.error.message, &left.error.hint];
        lines.list(&what, why.into_iter());
    }
    lines.join()
}
