//! [`Terminal`]: what goes to standard output and what to standard error. The rules:
//!
//! 1. With `--json`, standard output gets one JSON object and nothing else.
//!    Exceptions are `--help`, `completions` and `component --wit`, which are text.
//! 2. Without `--json`, standard output gets the answer as text.
//! 3. Progress, notices and errors as text go to standard error.
//! 4. Text has no control or bidirectional characters, so that no value from outside
//!    can control the terminal.
//! 5. Escape sequences go only to a terminal that understands them.
//! 6. Only `authorize --reveal-token` prints a token, and only `keys create` and `keys rotate`
//!    print an API key, and only on a terminal.

use std::io::{self, Write};
use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::Failure;
use chatgpt_oauth_answers::{controls_terminal, to_json};
use serde::Serialize;

use super::progress::Progress;

/// Standard output and standard error.
pub(crate) struct Terminal {
    json: bool,
    progress: Progress,
}

impl Terminal {
    pub(crate) fn new(json: bool) -> Self {
        Self {
            json,
            progress: Progress::default(),
        }
    }

    /// Whether answers are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints the answer, as JSON or as the text that `text` returns, and returns the
    /// exit code: an answer that cannot be printed is a failure.
    pub(crate) fn answer(&self, json: &impl Serialize, text: impl FnOnce() -> String) -> ExitCode {
        match self.json {
            true => self.print(&to_json(json)),
            false => self.print(&sanitize(&text())),
        }
    }

    /// Prints text on standard output as it is, and returns the exit code.
    pub(crate) fn print(&self, text: &str) -> ExitCode {
        match write(&mut io::stdout(), text) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                self.notice(&format!("error: cannot print the answer: {error}"));
                ExitCode::FAILURE
            }
        }
    }

    /// Prints an error: as JSON on standard output, or as text on standard error.
    pub(crate) fn error(&self, error: &Error) {
        if self.json {
            self.print(&to_json(&Failure::from(error)));
            return;
        }
        self.notice(&format!("error: {}\n{}", error.message, error.hint));
    }

    /// Prints a notice on standard error.
    pub(crate) fn notice(&self, text: &str) {
        // If standard error is closed, there is no other place for the notice.
        let _ = write(&mut io::stderr(), &sanitize(text));
    }

    /// Shows progress: redraws `line` on a terminal, prints `state` when it changes on
    /// a terminal that cannot redraw, and nothing elsewhere.
    pub(crate) fn progress(&self, state: &str, line: &str) {
        self.progress.show(&sanitize(state), &sanitize(line));
    }

    /// Erases the line of progress.
    pub(crate) fn end_progress(&self) {
        self.progress.end();
    }
}

fn write(to: &mut impl Write, text: &str) -> io::Result<()> {
    match writeln!(to, "{text}").and_then(|()| to.flush()) {
        // A reader that closes the pipe wants no more output: that is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// The text without the characters that could control a terminal; line breaks stay.
fn sanitize(text: &str) -> String {
    text.chars().filter(|c| !controls_terminal(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::sanitize;

    /// Faults: M12
    #[test]
    fn text_has_no_control_or_bidirectional_characters() {
        assert_eq!(
            sanitize("a\u{1b}[31mb\u{9b}c\r\n\u{202e}d\u{7}"),
            "a[31mbc\nd"
        );
    }
}
