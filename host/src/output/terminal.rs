//! [`Terminal`]: what goes to standard output and what to standard error. The rules:
//!
//! 1. With `--json`, standard output gets one JSON object and nothing else.
//!    Exceptions are `--help`, `completions` and `component --wit`, which are text.
//! 2. Without `--json`, standard output gets the answer as text.
//! 3. Progress, notices and errors as text go to standard error.
//! 4. Text has no control or bidirectional characters, so that no value from outside
//!    can control the terminal.
//! 5. Escape sequences go only to a terminal that understands them; `CLICOLOR_FORCE` sends
//!    colors anywhere.
//! 6. Only `authorize --reveal-token` prints a token, and only `keys create` and `keys rotate`
//!    print an API key, and only on a terminal.

use std::io::{self, Write};
use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::Failure;
use chatgpt_oauth_answers::to_json;
use serde::Serialize;

use super::progress::Progress;
use super::text::{BAD, Line, Text, clean};
use super::view::{Screen, View};

/// Standard output and standard error.
pub(crate) struct Terminal {
    json: bool,
    plain: bool,
    progress: Progress,
}

/// What became of an output.
#[derive(Clone, Copy)]
pub(crate) enum Printed {
    Written,
    /// The reader has closed the pipe, and wants no more output.
    Closed,
    /// It could not be written, which a notice says.
    Failed,
}

impl From<Printed> for ExitCode {
    fn from(printed: Printed) -> Self {
        match printed {
            Printed::Written | Printed::Closed => Self::SUCCESS,
            Printed::Failed => Self::FAILURE,
        }
    }
}

impl Terminal {
    pub(crate) fn new(json: bool, plain: bool) -> Self {
        Self {
            json,
            plain,
            progress: Progress::new(plain),
        }
    }

    /// Whether answers are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints the answer, as JSON or as the text that `text` returns, and returns the
    /// exit code: an answer that cannot be printed is a failure.
    pub(crate) fn answer(&self, json: &impl Serialize, text: impl FnOnce() -> String) -> ExitCode {
        self.lay_out(json, |_| Text::from(text()))
    }

    /// The same, with a text that can be drawn. `layout` gets the columns for that, or
    /// `None` for plain lines.
    pub(crate) fn lay_out(
        &self,
        json: &impl Serialize,
        layout: impl FnOnce(Option<usize>) -> Text,
    ) -> ExitCode {
        self.show(json, layout).into()
    }

    /// The same, for a command that goes on.
    pub(crate) fn show(
        &self,
        json: &impl Serialize,
        layout: impl FnOnce(Option<usize>) -> Text,
    ) -> Printed {
        if self.json {
            return self.write_out(&to_json(json));
        }
        let view = View::of(&io::stdout(), self.plain);
        self.write_out(&view.render(&layout(view.canvas())))
    }

    /// Prints text on standard output as it is, and returns the exit code.
    pub(crate) fn print(&self, text: &str) -> ExitCode {
        self.write_out(text).into()
    }

    fn write_out(&self, text: &str) -> Printed {
        match write(&mut io::stdout(), text) {
            Ok(()) => Printed::Written,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Printed::Closed,
            Err(error) => {
                self.notice(&format!("error: cannot print the answer: {error}"));
                Printed::Failed
            }
        }
    }

    /// Prints an error: as JSON on standard output, or as text on standard error.
    pub(crate) fn error(&self, error: &Error) {
        if self.json {
            self.print(&to_json(&Failure::from(error)));
            return;
        }
        self.announce(|_| {
            let mut text = Text::default();
            text.push(Line::styled(BAD, "error:").then(format!(" {}", error.message)));
            text.line(Some(&error.hint));
            text
        });
    }

    /// Prints a notice on standard error.
    pub(crate) fn notice(&self, text: &str) {
        self.announce(|_| Text::from(text.to_owned()));
    }

    /// Prints a notice that can be drawn, on standard error.
    pub(crate) fn announce(&self, layout: impl FnOnce(Option<usize>) -> Text) {
        let view = View::of(&io::stderr(), self.plain);
        // If standard error is closed, there is no other place for the notice.
        let _ = write(&mut io::stderr(), &view.render(&layout(view.canvas())));
    }

    /// The screen of notices, if they can be drawn.
    pub(crate) fn screen(&self) -> Option<Screen> {
        View::of(&io::stderr(), self.plain).screen()
    }

    /// Shows progress: redraws `line` on a terminal, prints `state` when it changes on
    /// a terminal that is not redrawn, and nothing elsewhere.
    pub(crate) fn progress(&self, state: &str, line: &str) {
        self.progress.show(&clean(state), &clean(line));
    }

    /// Erases the line of progress.
    pub(crate) fn end_progress(&self) {
        self.progress.end();
    }
}

fn write(to: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(to, "{text}").and_then(|()| to.flush())
}
