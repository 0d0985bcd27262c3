use std::process::ExitCode;
use std::time::Duration;

use chatgpt_oauth::contract::{LoginProgress, LoginPrompt, LoginStatus, PendingLogin};
use chatgpt_oauth::{Error, ErrorCode, Profile, report};
use clap::Args;
use tokio::time::Instant;

use super::arguments::Global;
use super::exit::INTERRUPTED;
use super::setup::{self, Access};
use super::terminal::Terminal;
use super::{poll, start, words};

/// The longest pause after an error that can pass, in seconds.
const PAUSE_MAX: u32 = 60;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Accept this account only; another one is signed out again
    #[arg(long, value_name = "EMAIL")]
    expect: Option<String>,
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let profile = setup::profile(global, Access::ReadWrite).await?;
    let prompt = profile.start().await?;
    show(&prompt, terminal);
    let Some(progress) = wait(&profile, &prompt.pending, terminal).await? else {
        leave_resumable(&prompt.pending, terminal);
        return Ok(ExitCode::from(INTERRUPTED));
    };
    if let Some(expected) = &arguments.expect {
        accept_only(expected, &progress, &profile).await?;
    }
    terminal.answer(&report::poll(&progress), || poll::in_words(&progress));
    Ok(ExitCode::SUCCESS)
}

fn show(prompt: &LoginPrompt, terminal: &Terminal) {
    terminal.notice(&format!("{}\n", start::in_words(prompt)));
}

/// Polls at the pace that the service asks for, until the login is finished.
/// `None` when the person interrupts: then the call under way ends first.
async fn wait(
    profile: &Profile,
    pending: &PendingLogin,
    terminal: &Terminal,
) -> Result<Option<LoginProgress>, Error> {
    let ends = Instant::now() + Duration::from_secs(pending.expires_in_seconds);
    let mut pause = pending.interval_seconds;
    loop {
        if count_down(ends, pause, terminal).await == Waited::Interrupted {
            return Ok(None);
        }
        let (progress, interrupted) = poll_to_the_end(profile, pending).await;
        pause = match progress {
            Ok(progress) if progress.status == LoginStatus::Connected => return Ok(Some(progress)),
            Ok(progress) => progress
                .retry_after_seconds
                .unwrap_or(pending.interval_seconds),
            Err(error) if error.retryable => {
                terminal.end_progress();
                terminal.notice(&format!("{}; trying again", error.message));
                error
                    .retry_after_seconds
                    .unwrap_or(pending.interval_seconds)
                    .min(PAUSE_MAX)
            }
            Err(error) => {
                terminal.end_progress();
                return Err(error);
            }
        };
        if interrupted {
            return Ok(None);
        }
    }
}

/// Polls once. An interruption meanwhile is remembered, and the call goes on.
async fn poll_to_the_end(
    profile: &Profile,
    pending: &PendingLogin,
) -> (Result<LoginProgress, Error>, bool) {
    let mut interrupted = false;
    let call = profile.poll(Some(&pending.pending_id));
    tokio::pin!(call);
    loop {
        tokio::select! {
            progress = &mut call => return (progress, interrupted),
            _ = tokio::signal::ctrl_c(), if !interrupted => interrupted = true,
        }
    }
}

#[derive(PartialEq)]
enum Waited {
    Through,
    Interrupted,
}

/// Waits, showing how long the code still counts.
async fn count_down(ends: Instant, pause: u32, terminal: &Terminal) -> Waited {
    let until = Instant::now() + Duration::from_secs(u64::from(pause.max(1)));
    while Instant::now() < until {
        let left = ends.saturating_duration_since(Instant::now()).as_secs();
        terminal.progress(&format!(
            "waiting for the approval, {} left (Ctrl-C to stop)",
            words::countdown(left)
        ));
        let tick = until.min(Instant::now() + Duration::from_secs(1));
        tokio::select! {
            () = tokio::time::sleep_until(tick) => {}
            _ = tokio::signal::ctrl_c() => {
                terminal.end_progress();
                return Waited::Interrupted;
            }
        }
    }
    terminal.end_progress();
    Waited::Through
}

fn leave_resumable(pending: &PendingLogin, terminal: &Terminal) {
    terminal.notice(&format!(
        "interrupted; the code {} still counts: approve it and run `chatgpt-oauth poll`",
        pending.user_code
    ));
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
    profile.logout(false).await?;
    let mut error = setup::invalid(format!("this is {email}, and {expected} was expected"));
    error.code = ErrorCode::AccountMismatch;
    error.hint = "the login was removed again; run `chatgpt-oauth login` and sign in with the expected account".to_owned();
    error.relogin_required = true;
    Err(error)
}
