//! `usage --watch`: shows every change of the usage, and raises the alarm.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use chatgpt_oauth::answers::connection::{Usage, UsageReport, UsageWindow};
use chatgpt_oauth::{Error, Profile};
use tokio::time::sleep;

use super::alarm::{Alarm, Event};
use super::{exec, to_text};
use crate::output::{Clock, Terminal, Text, clock, format};
use crate::signals::Interruption;

/// The exit code when a window has reached the alarm.
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
    failure: Option<String>,
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

    /// Watches until the person interrupts, or until the alarm if there is no command to run.
    pub(super) async fn run(mut self, command: &[OsString]) -> Result<ExitCode, Error> {
        while !self.interruption.has_occurred() {
            let pause = match self.profile.usage(false).await {
                Ok(report) => {
                    let pause = until_another(report.fetched_at, clock::now());
                    if self.take(Usage::from(&report), command).await {
                        return Ok(self.end(Some(ExitCode::from(REACHED))));
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
        }
        Ok(self.end(None))
    }

    /// Shows an answer and raises the alarm. Returns whether the watch ends with it.
    async fn take(&mut self, answer: Usage, command: &[OsString]) -> bool {
        self.show(&answer);
        let is_raised = self.react(&answer.usage, command).await;
        self.last = Some(answer);
        is_raised && command.is_empty()
    }

    /// Shows the whole usage at first, and then what has changed. JSON is printed at the end.
    fn show(&mut self, answer: &Usage) {
        self.failure = None;
        if self.terminal.is_json() {
            return;
        }
        match &self.last {
            None => self.terminal.lay_out(answer, |canvas| {
                to_text(&answer.usage, canvas, &Clock::system())
            }),
            Some(before) if shares(&before.usage) != shares(&answer.usage) => self
                .terminal
                .lay_out(answer, |_| change(&answer.usage, &Clock::system())),
            Some(_) => ExitCode::SUCCESS,
        };
    }

    /// Announces the events and runs the command for each. Returns whether the alarm was raised.
    async fn react(&mut self, report: &UsageReport, command: &[OsString]) -> bool {
        let Some(alarm) = &mut self.alarm else {
            return false;
        };
        let events = alarm.observe(report, clock::now());
        for (event, window) in &events {
            self.terminal.notice(&words(*event, window));
            if !command.is_empty() {
                self.run_command(command, *event, window).await;
            }
        }
        events.iter().any(|(event, _)| *event == Event::Reached)
    }

    /// Runs the command. A failure is shown, and does not end the watch.
    async fn run_command(&self, command: &[OsString], event: Event, window: &UsageWindow) {
        let program = command[0].display();
        match exec::run(command, event, window).await {
            Ok(status) if status.success() => {}
            Ok(status) => self.terminal.notice(&format!("{program}: {status}")),
            Err(error) => self
                .terminal
                .notice(&format!("cannot run {program}: {error}")),
        }
    }

    fn notice_once(&mut self, error: Error) {
        if self.failure.as_ref() != Some(&error.message) {
            self.terminal
                .notice(&format!("{}; trying again", error.message));
            self.failure = Some(error.message);
        }
    }

    /// Waits so many seconds by this machine's clock, so that a machine that was suspended asks
    /// when it wakes up.
    async fn wait(&mut self, pause: u64) {
        let began = clock::now();
        while !self.interruption.has_occurred() {
            // A clock that was set back counts as having waited.
            let passed = clock::now().checked_sub(began).unwrap_or(pause);
            let Some(left) = pause.checked_sub(passed).filter(|left| *left > 0) else {
                break;
            };
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

    /// Prints the last answer as JSON, if there is one, and returns the exit code.
    fn end(&self, code: Option<ExitCode>) -> ExitCode {
        let last = self.last.as_ref().filter(|_| self.terminal.is_json());
        let printed = last.map(|last| self.terminal.answer(last, String::new));
        code.or(printed).unwrap_or(ExitCode::SUCCESS)
    }
}

/// How long the cache answers with a report of that time, in seconds.
fn until_another(fetched_at: u64, now: u64) -> u64 {
    let age = now.saturating_sub(fetched_at);
    PAUSE.saturating_sub(age).clamp(SHORTEST_PAUSE, PAUSE)
}

/// The shares that a person sees.
fn shares(report: &UsageReport) -> Vec<(&str, Option<String>)> {
    let windows = report.windows.iter();
    let share = |window: &UsageWindow| window.used_percent.map(format::full_percent);
    windows
        .map(|window| (window.name.as_str(), share(window)))
        .collect()
}

/// The shares in one line, with the time: `14:30  5 hours 12 %, weekly 31 %`.
fn change(report: &UsageReport, clock: &Clock) -> Text {
    let share = |(name, used): (&str, Option<String>)| match used {
        Some(used) => format!("{name} {used}"),
        None => format!("{name} unknown"),
    };
    let shares: Vec<_> = shares(report).into_iter().map(share).collect();
    let now = clock.after(0);
    Text::from(format!("{now}  {}", shares.join(", ")))
}

fn words(event: Event, window: &UsageWindow) -> String {
    let name = &window.name;
    let used = window.used_percent.map(format::full_percent);
    match event {
        Event::Reached => format!("alarm: {name} {} used", used.unwrap_or_default()),
        Event::Reset => format!("reset: {name}"),
    }
}
