use std::process::ExitCode;

use chatgpt_oauth::{Error, Resealed, report};
use clap::Args;

use super::arguments::Global;
use super::exit;
use super::lines::Lines;
use super::setup::{self, Access};
use super::terminal::Terminal;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Make no new key: seal with the first one in the key file, which somebody else has put there
    #[arg(long)]
    reseal: bool,
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let host = setup::host(global, Access::ReadWrite).await?;
    let outcome = match arguments.reseal {
        true => host.reseal().await?,
        false => host.rekey().await?,
    };
    let told = terminal.answer(&report::rekey(&outcome), || in_words(&outcome));
    let left = outcome.left.first();
    Ok(left.map_or(told, |left| exit::code(left.error.code)))
}

fn in_words(outcome: &Resealed) -> String {
    let mut lines = Lines::default();
    lines.tell("key that seals", Some(&outcome.key));
    lines.tell("values sealed with it now", Some(outcome.resealed));
    for left in &outcome.left {
        let what = format!("LEFT as it was: {} of {}", left.key, left.profile);
        let why = [&left.error.message, &left.error.hint];
        lines.list(&what, why.into_iter());
    }
    lines.text()
}
