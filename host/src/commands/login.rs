//! `login`: shows the code, waits for the approval and finishes the login.

use std::process::ExitCode;
use std::time::Duration;

use chatgpt_oauth::answers::connection::{Poll, Start};
use chatgpt_oauth::types::{LoginProgress, LoginPrompt, LoginStatus, PendingLogin};
use chatgpt_oauth::{Error, ErrorCode, Profile};
use clap::Args;
use tokio::time::{Instant, sleep_until};

use super::{poll, start};
use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;
use crate::output::format;
use crate::signals::Interruption;

/// How long after the code expires `login` still retries transient failures: the
/// person may have approved the code in its last minute.
const GRACE: Duration = Duration::from_secs(120);

#[derive(Args)]
pub(crate) struct Arguments {
    /// Accept only this account; sign the profile out if it is another one
    #[arg(long, value_name = "EMAIL", value_parser = email)]
    pub(super) expect: Option<String>,
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
    let profile = open::profile(global, Access::ReadWrite).await?;
    let prompt = profile.start().await?;
    terminal.notice(&format!("{}\n", start::to_text(&prompt)));
    let waiting = Waiting {
        profile: &profile,
        pending: &prompt.pending,
        expires: Instant::now() + Duration::from_secs(prompt.pending.expires_in_seconds),
        terminal,
        interruption,
    };
    let Some(progress) = waiting.poll_until_connected().await? else {
        return Ok(interrupted(&prompt, terminal));
    };
    if let Some(expected) = &arguments.expect {
        accept_only(expected, &progress, &profile).await?;
    }
    Ok(terminal.answer(&Poll::from(&progress), || poll::to_text(&progress)))
}

/// A login that waits for the person.
struct Waiting<'a> {
    profile: &'a Profile,
    pending: &'a PendingLogin,
    expires: Instant,
    terminal: &'a Terminal,
    interruption: Interruption,
}

impl Waiting<'_> {
    /// Polls at the interval that OpenAI asks for. `None` when the person interrupts;
    /// a running call ends first.
    async fn poll_until_connected(mut self) -> Result<Option<LoginProgress>, Error> {
        let mut pause = self.pending.interval_seconds;
        let mut failure = String::new();
        loop {
            self.count_down(pause).await;
            if self.interruption.has_occurred() {
                return Ok(None);
            }
            pause = match self.profile.poll(Some(&self.pending.pending_id)).await {
                Ok(progress) if progress.status == LoginStatus::Connected => {
                    return Ok(Some(progress));
                }
                Ok(progress) => {
                    failure.clear();
                    progress.retry_after_seconds
                }
                Err(error) if self.is_retried(&error) => {
                    self.notice_once(&error, &mut failure);
                    error.retry_after_seconds
                }
                Err(error) => return Err(error),
            }
            .unwrap_or(self.pending.interval_seconds);
        }
    }

    /// Prints a failure unless it repeats the one before: an outage of minutes would
    /// scroll the code away.
    fn notice_once(&self, error: &Error, before: &mut String) {
        if *before != error.message {
            self.terminal
                .notice(&format!("{}; trying again", error.message));
            before.clone_from(&error.message);
        }
    }

    fn is_retried(&self, error: &Error) -> bool {
        error.retryable
            && Instant::now() < self.expires + GRACE
            && !self.interruption.has_occurred()
    }

    /// Waits for `pause` seconds and shows when the code expires.
    async fn count_down(&mut self, pause: u32) {
        let until = Instant::now() + Duration::from_secs(u64::from(pause.max(1)));
        while Instant::now() < until && !self.interruption.has_occurred() {
            let left = self.expires.saturating_duration_since(Instant::now());
            let left = format::countdown(left.as_secs());
            let code = &self.pending.user_code;
            self.terminal.progress(
                "waiting for the approval (Ctrl-C to stop)",
                &format!("{code} {left} left, waiting for the approval (Ctrl-C to stop)"),
            );
            let tick = until.min(Instant::now() + Duration::from_secs(1));
            tokio::select! {
                () = sleep_until(tick) => {}
                () = self.interruption.wait() => {}
            }
        }
        self.terminal.end_progress();
    }
}

/// Says that the login still waits, and how to continue it.
fn interrupted(prompt: &LoginPrompt, terminal: &Terminal) -> ExitCode {
    terminal.notice(&format!(
        "interrupted; to continue, approve the code, then run this command again, or `poll`; this code is still valid: {}",
        prompt.pending.user_code
    ));
    match terminal.is_json() {
        true => terminal.answer(&Start::from(prompt), String::new),
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
