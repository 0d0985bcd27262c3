//! `reset`: sets the unreadable values of a profile aside.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::True;
use chatgpt_oauth::answers::operations::Reset;
use clap::Args;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;

const NOTHING: &str =
    "Every stored value of the profile can be read. `chatgpt-oauth logout` signs out.";

#[derive(Args)]
pub(crate) struct Arguments {
    /// Also set readable values aside
    #[arg(long)]
    force: bool,
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let host = open::host(global, Access::ReadWrite).await?;
    let profile = host.profile(global.profile.clone());
    let set_aside = profile.reset(arguments.force).await?;
    let answer = Reset {
        ok: True,
        profile: profile.name().as_str().to_owned(),
        set_aside: set_aside.clone(),
    };
    Ok(terminal.answer(&answer, || match set_aside.is_empty() {
        true => NOTHING.to_owned(),
        false => format!(
            "set aside for 30 days, still sealed: {}",
            set_aside.join(", ")
        ),
    }))
}
