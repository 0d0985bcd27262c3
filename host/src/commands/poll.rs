//! `poll`: checks once for the approval and finishes the login.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::connection::{PendingLogin, Poll};
use clap::Args;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::{Clock, Terminal, Text, format, usage};

#[derive(Args)]
pub(crate) struct Arguments {
    /// The pending_id that `start` returned, or the user code [default: the login that waits]
    #[arg(value_name = "ID")]
    pending_id: Option<String>,
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let profile = open::profile(global, Access::ReadWrite).await?;
    let answer = Poll::from(&profile.poll(arguments.pending_id.as_deref()).await?);
    Ok(terminal.lay_out(&answer, |canvas| to_text(&answer, canvas, &Clock::system())))
}

/// The progress as text.
pub(crate) fn to_text(answer: &Poll, canvas: Option<usize>, clock: &Clock) -> Text {
    let mut text = Text::default();
    match &answer.pending {
        Some(pending) => text.field("waiting", Some(waiting(pending))),
        None => connected(answer, &mut text, canvas, clock),
    }
    text.part(Text::from(answer.next_step.clone()), canvas);
    text
}

fn waiting(pending: &PendingLogin) -> String {
    format!(
        "code {}, expires in {}",
        pending.user_code,
        format::countdown(pending.expires_in_seconds)
    )
}

fn connected(answer: &Poll, text: &mut Text, canvas: Option<usize>, clock: &Clock) {
    let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
    let fields = [
        ("connected", Some(known(&answer.email))),
        ("plan", Some(known(&answer.plan))),
        ("models", answer.models_count.map(|count| count.to_string())),
        ("default model", answer.default_model_id.clone()),
    ];
    text.fields(fields, canvas);
    if let Some(report) = &answer.usage {
        text.part(usage::to_text(report, canvas, clock), canvas);
    }
}
