use std::process::ExitCode;

use chatgpt_oauth::{Error, report};

use super::arguments::Global;
use super::setup::{self, Access};
use super::terminal::Terminal;
use super::words;

pub(crate) async fn run(global: &Global, terminal: &Terminal) -> Result<ExitCode, Error> {
    let profile = setup::profile(global, Access::ReadWrite).await?;
    let result = profile.refresh().await?;
    Ok(terminal.answer(&report::refresh(&result), || {
        match result.expires_in_seconds {
            Some(seconds) => format!("refreshed; the token ends in {}", words::span(seconds)),
            None => "refreshed".to_owned(),
        }
    }))
}
