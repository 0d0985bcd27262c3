//! `usage --watch`: shows every change of the usage, and raises the alarm.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use chatgpt_oauth::answers::connection::{Usage, UsageReport, UsageWindow};
use chatgpt_oauth::{Error, Profile};
use tokio::time::sleep;

use super::alarm::{Alarm, Event};
use super::{change, exec, to_text};
use crate::output::{Clock, Printed, Terminal, Text, clock, format};
use crate::signals::Interruption;

/// The exit code when a limit has reached the alarm.
const REACHED: u8 = 7;

/// The shortest time between two questions to OpenAI, in seconds. Answers are cached for it.
const PAUSE: u64 = 60;

/// The shortest time between two looks at the cache, in seconds.
const SHORTEST_PAUSE: u64 = 10;

/// A person who paces their work.
pub(super) struct Watch<'a> {
    profile: &'a Profile,
    terminal: &'a Terminal,
    interruption: Interruption,
    alarm: Option<Alarm>,
    /// The last answer.
    last: Option<Usage>,
    /// The last failure, while the next questions repeat it.
    failure: Option<Error>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        profile: &'a Profile,
        terminal: &'a Terminal,
        interruption: Interruption,
        alarm: Option<u8>,
    ) -> Self {
        Self {
            profile,
            terminal,
            interruption,
            alarm: alarm.map(Alarm::at),
            last: None,
            failure: None,
        }
    }

    /// Watches until the person interrupts, until nothing can be printed, or until the alarm if
    /// there is no command to run.
    pub(super) async fn run(mut self, command: &[OsString]) -> Result<ExitCode, Error> {
        loop {
            let pause = match self.profile.usage(false).await {
                Ok(report) => {
                    let pause = until_another(report.fetched_at, clock::now());
                    if let Some(code) = self.take(Usage::from(&report), command).await {
                        return Ok(self.end(code));
                    }
                    pause
                }
                Err(error) if error.retryable => {
                    let asked = error.retry_after_seconds.unwrap_or_default();
                    self.notice_once(error);
                    PAUSE.max(asked.into())
                }
                Err(error) => return Err(error),
            };
            self.wait(pause).await;
            if self.interruption.has_occurred() {
                return Ok(self.end(ExitCode::SUCCESS));
            }
        }
    }

    /// Shows an answer and raises the alarm. Returns the exit code if the watch ends with it.
    async fn take(&mut self, answer: Usage, command: &[OsString]) -> Option<ExitCode> {
        let printed = self.show(&answer);
        let is_raised = self.react(&answer.usage, command).await;
        self.last = Some(answer);
        match printed {
            _ if is_raised && command.is_empty() => Some(ExitCode::from(REACHED)),
            Printed::Written => None,
            Printed::Closed | Printed::Failed => Some(printed.into()),
        }
    }

    /// Shows the whole usage at first, and then what has changed. JSON is printed at the end.
    fn show(&mut self, answer: &Usage) -> Printed {
        self.failure = None;
        if self.terminal.is_json() {
            return Printed::Written;
        }
        match &self.last {
            None => self.terminal.show(answer, |canvas| {
                to_text(&answer.usage, canvas, &Clock::system())
            }),
            Some(before) if change::facts(&before.usage) != change::facts(&answer.usage) => self
                .terminal
                .show(answer, |_| change::line(&answer.usage, &Clock::system())),
            Some(_) => Printed::Written,
        }
    }

    /// Announces the events and runs the command for each. Returns whether the alarm was raised.
    async fn react(&mut self, report: &UsageReport, command: &[OsString]) -> bool {
        let Some(alarm) = &mut self.alarm else {
            return false;
        };
        let events = alarm.observe(report, clock::now());
        for (event, window) in &events {
            self.terminal.notice(&words(*event, window));
            if !command.is_empty() && !self.interruption.has_occurred() {
                self.run_command(command, *event, window).await;
            }
        }
        events.iter().any(|(event, _)| *event == Event::Reached)
    }

    /// Runs the command. A failure is shown, and does not end the watch. A command that runs
    /// does not delay an interruption.
    async fn run_command(&mut self, command: &[OsString], event: Event, window: &UsageWindow) {
        let program = command[0].display();
        let ended = tokio::select! {
            ended = exec::run(command, event, window) => ended,
            () = self.interruption.wait() => {
                return self.terminal.notice(&format!("{program} may still run"));
            }
        };
        match ended {
            Ok(status) if status.success() => {}
            Ok(status) => self.terminal.notice(&format!("{program}: {status}")),
            Err(error) => self
                .terminal
                .notice(&format!("cannot run {program}: {error}")),
        }
    }

    fn notice_once(&mut self, error: Error) {
        let before = self.failure.as_ref().map(|before| &before.message);
        if before != Some(&error.message) {
            self.terminal
                .notice(&format!("{}; trying again", error.message));
        }
        self.failure = Some(error);
    }

    /// Waits so many seconds by the steady clock, so that setting the wall clock does not
    /// shorten a wait that OpenAI has asked for.
    async fn wait(&mut self, pause: u64) {
        let until = clock::steady().saturating_add(pause);
        while !self.interruption.has_occurred() {
            let left = until.saturating_sub(clock::steady());
            if left == 0 {
                break;
            }
            let left = format::countdown(left);
            let line = format!("next question in {left} (Ctrl-C to stop)");
            self.terminal.progress("watching (Ctrl-C to stop)", &line);
            tokio::select! {
                () = sleep(Duration::from_secs(1)) => {}
                () = self.interruption.wait() => {}
            }
        }
        self.terminal.end_progress();
    }

    /// With `--json`, prints the last answer, or the last failure if there was no answer.
    /// Returns the exit code.
    fn end(&self, code: ExitCode) -> ExitCode {
        if self.terminal.is_json() {
            match (&self.last, &self.failure) {
                (Some(last), _) => _ = self.terminal.show(last, |_| Text::default()),
                (None, Some(failure)) => self.terminal.error(failure),
                (None, None) => {}
            }
        }
        code
    }
}

/// How long the cache answers with a report of that time, in seconds.
fn until_another(fetched_at: u64, now: u64) -> u64 {
    let age = now.saturating_sub(fetched_at);
    PAUSE.saturating_sub(age).clamp(SHORTEST_PAUSE, PAUSE)
}

fn words(event: Event, window: &UsageWindow) -> String {
    let name = &window.name;
    let used = window.used_percent.map(format::full_percent);
    match (event, used) {
        (Event::Reached, Some(used)) => format!("alarm: {name} {used} used"),
        (Event::Reached, None) => format!("alarm: limit reached: {name}"),
        (Event::Reset, _) => format!("reset: {name}"),
    }
}
