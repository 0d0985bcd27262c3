//! `authorize`: shows which token a model call would use.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::connection::Authorize;
use chatgpt_oauth::types::Authorization;
use clap::Args;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;

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
    Ok(terminal.answer(&answer, || to_text(&authorization, reveal)))
}

fn to_text(authorization: &Authorization, reveal: bool) -> String {
    let mut lines = vec![
        format!("base URL: {}", authorization.base_url()),
        format!("token: {} (fingerprint)", authorization.fingerprint()),
    ];
    lines.extend(
        authorization
            .expires_at()
            .map(|end| format!("expires at: {end} (Unix seconds)")),
    );
    if reveal {
        lines.extend(
            authorization
                .headers()
                .map(|(name, value)| format!("{name}: {value}")),
        );
    } else {
        lines.push("--reveal-token shows the headers.".to_owned());
    }
    lines.join("\n")
}
