//! `authorize`: shows which token a model call would use.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::connection::Authorize;
use chatgpt_oauth::types::Authorization;
use clap::Args;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::text::Line;
use crate::output::{Clock, Terminal, Text};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Print the headers of a model call, with the bearer token
    #[arg(long)]
    reveal_token: bool,

    /// The fingerprint of a token that the backend answered 401 to
    #[arg(long, value_name = "FINGERPRINT", value_parser = fingerprint)]
    refused: Option<String>,
}

/// Another text names no token, and would refresh nothing.
fn fingerprint(text: &str) -> Result<String, &'static str> {
    let is_one = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match is_one {
        true => Ok(text.to_ascii_lowercase()),
        false => Err("a fingerprint has 32 hexadecimal digits, as `authorize` prints"),
    }
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let profile = open::profile(global, Access::ReadWrite).await?;
    let authorization = profile.authorize(arguments.refused.as_deref()).await?;
    let reveal = arguments.reveal_token;
    let answer = match reveal {
        true => authorization.reveal(),
        false => Authorize::from(&authorization),
    };
    Ok(terminal.lay_out(&answer, |_| {
        to_text(&authorization, reveal, &Clock::system())
    }))
}

fn to_text(authorization: &Authorization, reveal: bool, clock: &Clock) -> Text {
    let mut text = Text::default();
    text.field("base URL", Some(authorization.base_url()));
    let token = format!("{} (fingerprint)", authorization.fingerprint());
    text.field("token", Some(token));
    let end = authorization.expires_at();
    text.field("expires", end.map(|end| clock.at_with_span(end)));
    match reveal {
        // A header is copied as one line.
        true => authorization
            .headers()
            .for_each(|(name, value)| text.push(Line::default().then(format!("{name}: {value}")))),
        false => text.push(Line::new("--reveal-token shows the headers.")),
    }
    text
}
