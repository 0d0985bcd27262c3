//! `adopt`: accepts the login of a restored backup as the latest one.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::True;
use chatgpt_oauth::answers::operations::Adopt;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;

pub(crate) async fn run(global: &Global, terminal: &Terminal) -> Result<ExitCode, Error> {
    let host = open::host(global, Access::ReadOnly).await?;
    let profile = host.profile(global.profile.clone());
    let adopted = profile.adopt().await?;
    let answer = Adopt {
        ok: True,
        profile: profile.name().as_str().to_owned(),
        adopted,
    };
    Ok(terminal.answer(&answer, || {
        match adopted {
            true => "The stored login is now the latest one.",
            false => "The stored login already is the latest one that is known here.",
        }
        .to_owned()
    }))
}
