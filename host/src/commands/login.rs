//! `login`: shows the code, waits for the approval and finishes the login.

mod ending;
mod open_address;
mod waiting;

use std::process::ExitCode;

use chatgpt_oauth::answers::connection::{Poll, Start};
use chatgpt_oauth::types::LoginProgress;
use chatgpt_oauth::{Error, ErrorCode, Profile};
use clap::Args;

use super::poll;
use crate::open::{self, Access};
use crate::options::Global;
use crate::output::clipboard::{self, Copied};
use crate::output::text::Line;
use crate::output::{Clock, Screen, Terminal, Text, prompt, qr_code};
use crate::signals::Interruption;
use waiting::Waiting;

/// The rows below the prompt at most: two of each notice, and the line of progress.
const ROWS_BELOW: usize = 5;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Accept only this account; sign the profile out if it is another one
    #[arg(long, value_name = "EMAIL", value_parser = email)]
    pub(super) expect: Option<String>,

    /// Copy the code to the clipboard
    #[arg(long)]
    copy: bool,

    /// Open the address in a browser
    #[arg(long)]
    open: bool,

    /// Show the address as a QR code, for a phone; a terminal with the rows for it shows it anyway
    #[arg(long)]
    qr: bool,
}

/// An address that no account has would sign every account out.
fn email(text: &str) -> Result<String, &'static str> {
    match text.split_once('@') {
        Some((name, domain)) if !name.is_empty() && !domain.is_empty() => Ok(text.to_owned()),
        _ => Err("an e-mail address has a name, an @ and a domain"),
    }
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
    interruption: Interruption,
) -> Result<ExitCode, Error> {
    let ended = log_in(&arguments, global, terminal, interruption).await;
    // An agent gets the hint of the contract, and a person gets the next command.
    ended.map_err(|error| match terminal.is_json() {
        true => error,
        false => ending::with_next_command(error),
    })
}

async fn log_in(
    arguments: &Arguments,
    global: &Global,
    terminal: &Terminal,
    interruption: Interruption,
) -> Result<ExitCode, Error> {
    let profile = open::profile(global, Access::ReadWrite).await?;
    let login = profile.start().await?;
    let prompt = Start::from(&login);
    show(&prompt, arguments, terminal).await;
    let waiting = Waiting::new(&profile, &prompt.pending, terminal, interruption);
    let Some(progress) = waiting.poll_until_connected().await? else {
        return Ok(interrupted(&prompt, terminal));
    };
    if let Some(expected) = &arguments.expect {
        accept_only(expected, &progress, &profile).await?;
    }
    let mut answer = Poll::from(&progress);
    if !terminal.is_json() {
        ending::CONNECTED.clone_into(&mut answer.next_step);
    }
    Ok(terminal.lay_out(&answer, |canvas| {
        poll::to_text(&answer, canvas, &Clock::system())
    }))
}

/// Shows the address and the code in the ways that the person asked for.
async fn show(prompt: &Start, arguments: &Arguments, terminal: &Terminal) {
    let pending = &prompt.pending;
    let layout = |canvas| {
        let mut text = prompt::to_text(prompt, canvas);
        text.push(Line::default());
        text
    };
    show_qr_code(&pending.verification_url, arguments.qr, layout, terminal);
    terminal.announce(layout);
    if arguments.copy {
        terminal.notice(match clipboard::copy(&pending.user_code).await {
            Copied::Clipboard => "the code is in the clipboard",
            Copied::Terminal => "the terminal was asked to copy the code",
            Copied::Nowhere => "there is no clipboard: type the code",
        });
    }
    if arguments.open && open_address::open(&pending.verification_url).is_err() {
        terminal.notice("no browser opens here: open the address yourself");
    }
}

/// Shows the address as a QR code: if the person asks for it, and if the screen has the rows
/// for it and for everything that follows.
fn show_qr_code(
    address: &str,
    is_asked_for: bool,
    prompt: impl Fn(Option<usize>) -> Text,
    terminal: &Terminal,
) {
    let screen = terminal.screen();
    let fits = |code: &Text| {
        screen.is_some_and(|Screen { columns, rows, .. }| {
            let prompt = prompt(Some(columns));
            code.rows(columns) + prompt.rows(columns) + ROWS_BELOW <= rows
        })
    };
    match qr_code::to_text(address, screen) {
        Ok(code) if is_asked_for || fits(&code) => terminal.announce(|_| code),
        Err(why) if is_asked_for => terminal.notice(why),
        Ok(_) | Err(_) => {}
    }
}

/// Says that the login still waits, and how to continue it.
fn interrupted(prompt: &Start, terminal: &Terminal) -> ExitCode {
    terminal.notice(&format!(
        "interrupted; to continue, approve the code, then run this command again, or `poll`; this code is still valid: {}",
        prompt.pending.user_code
    ));
    match terminal.is_json() {
        true => terminal.answer(prompt, String::new),
        false => ExitCode::SUCCESS,
    }
}

/// Signs out again if the account is not the expected one.
async fn accept_only(
    expected: &str,
    progress: &LoginProgress,
    profile: &Profile,
) -> Result<(), Error> {
    let email = progress
        .email
        .as_deref()
        .unwrap_or("an account without an e-mail address");
    if email.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    let hint = match profile.logout(false).await {
        Ok(_) => "the profile is signed out again; log in with the expected account".to_owned(),
        Err(error) => format!(
            "the profile IS STILL SIGNED IN, because signing out failed ({}): run logout",
            error.message
        ),
    };
    let message = format!("this is {email}, and {expected} was expected");
    Err(Error {
        relogin_required: true,
        ..Error::permanent(ErrorCode::AccountMismatch, message, hint)
    })
}
