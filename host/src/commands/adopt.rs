use std::process::ExitCode;

use chatgpt_oauth::Error;
use serde_json::json;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;

pub(crate) async fn run(global: &Global, terminal: &Terminal) -> Result<ExitCode, Error> {
    let host = open::host(global, Access::ReadOnly).await?;
    let profile = host.profile(global.profile.clone());
    let adopted = profile.adopt().await?;
    let answer = json!({"ok": true, "profile": profile.name().as_str(), "adopted": adopted});
    Ok(terminal.answer(&answer, || {
        match adopted {
            true => "The stored login counts as the latest one.",
            false => "The stored login is the latest one that is known here.",
        }
        .to_owned()
    }))
}
