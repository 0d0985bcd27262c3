//! Runs the command of `--exec`, without a shell.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::process::{ExitStatus, Stdio};

use chatgpt_oauth::answers::connection::UsageWindow;
use chatgpt_oauth_answers::controls_terminal;
use tokio::process::Command;

use super::alarm::Event;

/// Runs the command to its end, with the event in its environment. Its output goes to standard
/// error: standard output is for answers. If the future is dropped, the command goes on.
///
/// # Errors
///
/// It cannot be started.
pub(super) async fn run(
    command: &[OsString],
    event: Event,
    window: &UsageWindow,
) -> io::Result<ExitStatus> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    Command::new(program)
        .args(arguments)
        .envs(variables(event, window))
        .stdin(Stdio::null())
        .stdout(io::stderr().as_fd().try_clone_to_owned()?)
        .status()
        .await
}

/// The variables of an event; one without a value is empty.
fn variables(event: Event, window: &UsageWindow) -> [(&'static str, String); 4] {
    let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let used = window.used_percent.map(|used| used.to_string());
    let name = window.name.chars().filter(|c| !controls_terminal(*c));
    [
        (
            "CHATGPT_OAUTH_EVENT",
            match event {
                Event::Reached => "reached",
                Event::Reset => "reset",
            }
            .to_owned(),
        ),
        ("CHATGPT_OAUTH_WINDOW", name.collect()),
        ("CHATGPT_OAUTH_USED_PERCENT", used.unwrap_or_default()),
        ("CHATGPT_OAUTH_RESETS_AT", number(window.resets_at)),
    ]
}
