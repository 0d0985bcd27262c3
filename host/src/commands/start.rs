//! `start`: begins a login, or shows the one that waits.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::connection::Start;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::{Terminal, Text, prompt};

/// What to do after the approval.
const THEN: &str = "Then run the same command with `poll` in place of `start`.";

pub(crate) async fn run(global: &Global, terminal: &Terminal) -> Result<ExitCode, Error> {
    let profile = open::profile(global, Access::ReadWrite).await?;
    let answer = Start::from(&profile.start().await?);
    Ok(terminal.lay_out(&answer, |canvas| {
        let mut text = prompt::to_text(&answer, canvas);
        text.paragraph(Text::from(THEN.to_owned()));
        text
    }))
}
