//! Standard output and standard error. The rules:
//!
//! 1. With `--json`, standard output gets one JSON object and nothing else.
//!    Exceptions are `--help` and `completions`, which are text.
//! 2. Without `--json`, standard output gets the answer as text.
//! 3. Progress, notices and errors as text go to standard error.
//! 4. Text has no control or bidirectional characters, so that no value from outside
//!    can control the terminal.
//! 5. Escape sequences go only to a terminal that understands them.
//! 6. Only `authorize --reveal-token` prints a token.

use std::io::{self, Write};
use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::Failure;
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
            true => self.print(&escape_json(json)),
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
            self.print(&escape_json(&Failure::from(error)));
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
    text.chars().filter(|c| !controls(*c)).collect()
}

/// The answer as JSON, with the characters that could control a terminal as escapes.
fn escape_json(json: &impl Serialize) -> String {
    let escaped = |c: char| match controls(c) {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    };
    // Every map in an answer has text as keys.
    let json = serde_json::to_string(json).expect("an answer is JSON");
    json.chars().map(escaped).collect()
}

/// Whether a character could control a terminal or turn the direction of text. Each
/// of them has four hexadecimal digits at most, as a JSON escape needs.
fn controls(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::{escape_json, sanitize};
    use serde_json::json;

    /// Faults: M12
    #[test]
    fn json_escapes_control_characters_and_loses_nothing() {
        let text = "a\u{1b}[31mb\u{9b}c\n\u{202e}d\u{7f}ä";
        let printed = escape_json(&json!({"x": text}));
        assert_eq!(printed, r#"{"x":"a\u001b[31mb\u009bc\n\u202ed\u007fä"}"#);
        let read: serde_json::Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(read["x"], text);
    }

    /// Faults: M12
    #[test]
    fn text_has_no_control_or_bidirectional_characters() {
        assert_eq!(
            sanitize("a\u{1b}[31mb\u{9b}c\r\n\u{202e}d\u{7}"),
            "a[31mbc\nd"
        );
    }
}
