use std::process::ExitCode;

use chatgpt_oauth::Error;
use clap::Args;
use serde_json::json;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;

const NOTHING: &str =
    "Whatever is stored of the profile can be read. `chatgpt-oauth logout` signs out.";

#[derive(Args)]
pub(crate) struct Arguments {
    /// Set aside what can be read, too
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
    let answer = json!({"ok": true, "profile": profile.name().as_str(), "set_aside": set_aside});
    Ok(terminal.answer(&answer, || match set_aside.is_empty() {
        true => NOTHING.to_owned(),
        false => format!(
            "set aside, sealed as it is, for 30 days: {}",
            set_aside.join(", ")
        ),
    }))
}
