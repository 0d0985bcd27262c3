//! Waits until the person has approved the login.

use std::time::Duration;

use chatgpt_oauth::answers::connection::PendingLogin;
use chatgpt_oauth::types::{LoginProgress, LoginStatus};
use chatgpt_oauth::{Error, Profile};
use tokio::time::{Instant, sleep_until};

use crate::output::{Terminal, format};
use crate::signals::Interruption;

/// How long after the code expires `login` still retries transient failures: the
/// person may have approved the code in its last minute.
const GRACE: Duration = Duration::from_secs(120);

/// A login that waits for the person.
pub(super) struct Waiting<'a> {
    profile: &'a Profile,
    pending: &'a PendingLogin,
    expires: Instant,
    terminal: &'a Terminal,
    interruption: Interruption,
    /// The last failure, while the next polls repeat it.
    failure: Option<String>,
}

impl<'a> Waiting<'a> {
    pub(super) fn new(
        profile: &'a Profile,
        pending: &'a PendingLogin,
        terminal: &'a Terminal,
        interruption: Interruption,
    ) -> Self {
        Self {
            profile,
            pending,
            expires: Instant::now() + Duration::from_secs(pending.expires_in_seconds),
            terminal,
            interruption,
            failure: None,
        }
    }

    /// Polls at the interval that OpenAI asks for. `None` when the person interrupts;
    /// a running call ends first.
    pub(super) async fn poll_until_connected(mut self) -> Result<Option<LoginProgress>, Error> {
        let mut pause = self.pending.interval_seconds;
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
                    self.failure = None;
                    progress.retry_after_seconds
                }
                Err(error) if self.is_retried(&error) => {
                    self.notice_once(&error);
                    error.retry_after_seconds
                }
                Err(error) => return Err(error),
            }
            .unwrap_or(self.pending.interval_seconds);
        }
    }

    /// Prints a failure unless it repeats the one before: an outage of minutes would
    /// scroll the code away.
    fn notice_once(&mut self, error: &Error) {
        if self.failure.as_ref() != Some(&error.message) {
            self.terminal
                .notice(&format!("{}; trying again", error.message));
            self.failure = Some(error.message.clone());
        }
    }

    fn is_retried(&self, error: &Error) -> bool {
        error.retryable
            && Instant::now() < self.expires + GRACE
            && !self.interruption.has_occurred()
    }

    /// Waits for `pause` seconds and shows the state, and when the code expires.
    async fn count_down(&mut self, pause: u32) {
        let until = Instant::now() + Duration::from_secs(u64::from(pause.max(1)));
        while Instant::now() < until && !self.interruption.has_occurred() {
            let left = self.expires.saturating_duration_since(Instant::now());
            let left = format::countdown(left.as_secs());
            let code = &self.pending.user_code;
            let state = self.state();
            self.terminal.progress(
                &format!("{state} (Ctrl-C to stop)"),
                &format!("{code} {left} left, {state} (Ctrl-C to stop)"),
            );
            let tick = until.min(Instant::now() + Duration::from_secs(1));
            tokio::select! {
                () = sleep_until(tick) => {}
                () = self.interruption.wait() => {}
            }
        }
        self.terminal.end_progress();
    }

    fn state(&self) -> &'static str {
        match self.failure {
            None => "waiting for the approval",
            Some(_) => "the last check failed",
        }
    }
}
