//! The line of progress on standard error.
//!
//! Every redraw cuts the line to the terminal's width at that moment, so that it takes
//! one row. The cursor stays at the beginning of the line: if the terminal becomes
//! narrower and wraps the line, the rest is below the cursor, and the next redraw
//! erases it.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};

use unicode_width::UnicodeWidthChar;

use super::view;

/// The line of progress.
pub(crate) struct Progress {
    /// Whether the person asked for lines in place of redraws.
    plain: bool,
    /// The state that was printed last, on a terminal that is not redrawn.
    printed: RefCell<String>,
}

impl Progress {
    pub(crate) fn new(plain: bool) -> Self {
        Self {
            plain,
            printed: RefCell::default(),
        }
    }

    /// Redraws the line as `line`. On a terminal that is not redrawn, prints `state`
    /// when it changes; prints nothing if standard error is not a terminal.
    pub(crate) fn show(&self, state: &str, line: &str) {
        if self.is_redrawn() {
            draw(line);
        } else if io::stderr().is_terminal() && *self.printed.borrow() != state {
            // The command goes on without its progress.
            let _ = writeln!(io::stderr(), "{state}");
            state.clone_into(&mut self.printed.borrow_mut());
        }
    }

    /// Erases the line.
    pub(crate) fn end(&self) {
        if self.is_redrawn() {
            draw("");
        }
    }

    fn is_redrawn(&self) -> bool {
        !self.plain && view::can_redraw()
    }
}

fn draw(line: &str) {
    let mut stderr = io::stderr();
    let drawn = format!("\r\x1b[J{}\r", cut(line, view::room(&stderr)));
    // In one write, so that no terminal shows a part of it.
    let _ = stderr.write_all(drawn.as_bytes());
}

/// The beginning of the line that takes at most `room` columns.
fn cut(line: &str, room: usize) -> &str {
    let ends = line.char_indices().scan(0, |used, (start, c)| {
        *used += c.width().unwrap_or(0);
        (*used <= room).then_some(start + c.len_utf8())
    });
    &line[..ends.last().unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::cut;

    /// Faults: F7
    #[test]
    fn a_line_is_cut_to_the_room_that_it_has() {
        let lines = [
            ("12345", 79, "12345"),
            ("12345", 5, "12345"),
            ("12345", 4, "1234"),
            ("12345", 0, ""),
            ("ab漢字", 6, "ab漢字"),
            ("ab漢字", 5, "ab漢"),
            ("ab漢c", 3, "ab"),
        ];
        for (line, room, shown) in lines {
            assert_eq!(cut(line, room), shown, "{line} {room}");
        }
    }
}
