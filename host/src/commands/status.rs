//! `status`: shows the state of the connection.

use std::process::ExitCode;

use anstyle::Style;
use chatgpt_oauth::Error;
use chatgpt_oauth::answers::connection::{PendingLogin, State, Status};

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::text::{BAD, GOOD, WARNING};
use crate::output::{Clock, Terminal, Text, format, usage};

/// The widest card, in columns.
const WIDEST: usize = 64;

pub(crate) async fn run(global: &Global, terminal: &Terminal) -> Result<ExitCode, Error> {
    let profile = open::profile(global, Access::ReadOnly).await?;
    let answer = Status::from(&profile.status().await?);
    Ok(terminal.lay_out(&answer, |canvas| to_text(&answer, canvas, &Clock::system())))
}

/// The state as a card if it fits, else as lines.
fn to_text(answer: &Status, canvas: Option<usize>, clock: &Clock) -> Text {
    let (style, state) = state(answer.state);
    if let Some(columns) = canvas.map(|columns| columns.min(WIDEST)) {
        let inside = columns.saturating_sub(Text::FRAME);
        let card = content(answer, Some(inside), clock).framed(style, state, columns);
        if card.width() <= columns {
            return card;
        }
    }
    let mut text = Text::default();
    text.field("state", Some(state));
    text.append(content(answer, canvas, clock));
    text
}

fn content(answer: &Status, canvas: Option<usize>, clock: &Clock) -> Text {
    let left = answer.expires_in_seconds;
    let fields = [
        (
            "account",
            answer.email.clone().or_else(|| answer.account_id.clone()),
        ),
        ("plan", answer.plan.clone()),
        (
            "token expires",
            left.map(|left| clock.after_with_span(left)),
        ),
        ("models", answer.models_count.map(|count| count.to_string())),
        ("default model", answer.default_model_id.clone()),
    ];
    let mut text = Text::default();
    text.fields(fields, canvas);
    if let Some(report) = &answer.usage {
        text.part(usage::to_text(report, canvas, clock), canvas);
    }
    let mut next = Text::default();
    next.line(answer.pending.as_ref().map(waiting));
    next.line(answer.hint.as_ref());
    text.part(next, canvas);
    text
}

fn waiting(pending: &PendingLogin) -> String {
    format!(
        "waiting for approval: code {} at {}, expires in {}",
        pending.user_code,
        pending.verification_url,
        format::countdown(pending.expires_in_seconds)
    )
}

fn state(state: State) -> (Style, &'static str) {
    match state {
        State::NotConnected => (WARNING, "not connected"),
        State::Pending => (WARNING, "pending"),
        State::Connected => (GOOD, "connected"),
        State::Refreshing => (GOOD, "refreshing"),
        State::Uncertain => (WARNING, "uncertain"),
        State::NeedsLogin => (BAD, "needs login"),
        State::LoggingOut => (WARNING, "logging out"),
        State::Unreadable => (BAD, "unreadable"),
    }
}

#[cfg(test)]
mod tests;
