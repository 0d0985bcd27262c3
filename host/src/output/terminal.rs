//! What this program prints, and where. The rules:
//!
//! 1. With `--json`, standard output carries one JSON object and nothing else;
//!    but for `--help` and `completions`, which are text.
//! 2. Without it, standard output carries the answer in words.
//! 3. Progress, notices and errors in words go to standard error.
//! 4. Nothing that came from outside can steer the terminal: control characters
//!    and marks that turn the direction of writing are taken out of all words.
//! 5. No escape sequence goes to what is no terminal, or one that takes none.
//! 6. No token is printed, but by `authorize --reveal-token`.

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

    /// Prints the answer, as JSON or in the words that `words` makes, and returns
    /// the exit code: an answer that cannot be printed is none.
    pub(crate) fn answer(&self, json: &impl Serialize, words: impl FnOnce() -> String) -> ExitCode {
        match self.json {
            true => self.print(&harmless_json(json)),
            false => self.print(&harmless(&words())),
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

    /// Prints an error: as JSON on standard output, or in words on standard error.
    pub(crate) fn error(&self, error: &Error) {
        if self.json {
            self.print(&harmless_json(&Failure::from(error)));
            return;
        }
        self.notice(&format!("error: {}\n{}", error.message, error.hint));
    }

    /// Says something beside the answer, on standard error.
    pub(crate) fn notice(&self, text: &str) {
        // Where standard error is closed, nobody wants to know.
        let _ = write(&mut io::stderr(), &harmless(text));
    }

    /// Says how far something is: `line` in place on a terminal, `state` on one that
    /// cannot redraw, when it changes; nothing elsewhere.
    pub(crate) fn progress(&self, state: &str, line: &str) {
        self.progress.show(&harmless(state), &harmless(line));
    }

    /// Takes the line of progress away.
    pub(crate) fn end_progress(&self) {
        self.progress.end();
    }
}

fn write(to: &mut impl Write, text: &str) -> io::Result<()> {
    match writeln!(to, "{text}").and_then(|()| to.flush()) {
        // Whoever closed the other end of a pipe wants no more of it.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// The text without what could steer a terminal; lines stay lines.
fn harmless(text: &str) -> String {
    text.chars().filter(|c| !steers(*c)).collect()
}

/// The same for JSON, where nothing is lost: it is written as an escape.
fn harmless_json(json: &impl Serialize) -> String {
    let escaped = |c: char| match steers(c) {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    };
    // Answers have no maps but with text as keys.
    let json = serde_json::to_string(json).expect("an answer is JSON");
    json.chars().map(escaped).collect()
}

/// Whether a character could steer a terminal. All of these fit into four digits.
fn steers(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::{harmless, harmless_json};
    use serde_json::json;

    #[test]
    fn m12_json_escapes_what_steers_the_terminal_and_loses_nothing() {
        let text = "a\u{1b}[31mb\u{9b}c\n\u{202e}d\u{7f}ä";
        let printed = harmless_json(&json!({"x": text}));
        assert_eq!(printed, r#"{"x":"a\u001b[31mb\u009bc\n\u202ed\u007fä"}"#);
        let read: serde_json::Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(read["x"], text);
    }

    #[test]
    fn m12_nothing_from_outside_steers_the_terminal() {
        assert_eq!(
            harmless("a\u{1b}[31mb\u{9b}c\r\n\u{202e}d\u{7}"),
            "a[31mbc\nd"
        );
    }
}
