//! `refresh`: requests a new access token.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::connection::Refresh;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;
use crate::output::format;

pub(crate) async fn run(global: &Global, terminal: &Terminal) -> Result<ExitCode, Error> {
    let profile = open::profile(global, Access::ReadWrite).await?;
    let result = profile.refresh().await?;
    Ok(terminal.answer(&Refresh::from(&result), || {
        match result.expires_in_seconds {
            Some(seconds) => format!("the token is new; it expires in {}", format::span(seconds)),
            None => "the token is new".to_owned(),
        }
    }))
}
