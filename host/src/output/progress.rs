//! The line of progress on standard error.
//!
//! Every redraw cuts the line to the terminal's width at that moment, so that it takes
//! one row. The cursor stays at the beginning of the line: if the terminal becomes
//! narrower and wraps the line, the rest is below the cursor, and the next redraw
//! erases it.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};

/// The columns of a terminal that does not report how many it has.
const USUAL_COLUMNS: u16 = 80;

/// The line of progress.
#[derive(Default)]
pub(crate) struct Progress {
    /// The state that was printed last, on a terminal that cannot redraw.
    printed: RefCell<String>,
}

impl Progress {
    /// Redraws the line as `line`. On a terminal that cannot redraw, prints `state`
    /// when it changes; prints nothing if standard error is not a terminal.
    pub(crate) fn show(&self, state: &str, line: &str) {
        if takes_escapes() {
            draw(line);
        } else if io::stderr().is_terminal() && *self.printed.borrow() != state {
            // The command goes on without its progress.
            let _ = writeln!(io::stderr(), "{state}");
            state.clone_into(&mut self.printed.borrow_mut());
        }
    }

    /// Erases the line.
    pub(crate) fn end(&self) {
        if takes_escapes() {
            draw("");
        }
    }
}

/// Whether standard error is a terminal that understands escape sequences.
pub(crate) fn takes_escapes() -> bool {
    let kind = std::env::var_os("TERM").unwrap_or_default();
    io::stderr().is_terminal() && !kind.is_empty() && kind != "dumb"
}

fn draw(line: &str) {
    let mut stderr = io::stderr();
    let _ = write!(stderr, "\r\x1b[J{}\r", cut(line, columns()));
    let _ = stderr.flush();
}

fn columns() -> u16 {
    let size = rustix::termios::tcgetwinsize(io::stderr());
    let columns = size.map_or(0, |size| size.ws_col);
    match columns {
        0 => USUAL_COLUMNS,
        columns => columns,
    }
}

/// The beginning of the line that leaves the last column free: some terminals begin
/// a new row as soon as the last column is written.
fn cut(line: &str, columns: u16) -> &str {
    let free = usize::from(columns).saturating_sub(1);
    // No character takes more than two columns.
    let width = |c: char| if c.is_ascii() { 1 } else { 2 };
    let ends = line.char_indices().scan(0, |used, (start, c)| {
        *used += width(c);
        (*used <= free).then_some(start + c.len_utf8())
    });
    &line[..ends.last().unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::cut;

    /// Faults: F7
    #[test]
    fn a_line_is_cut_so_that_the_last_column_stays_free() {
        let lines = [
            ("12345", 80, "12345"),
            ("12345", 6, "12345"),
            ("12345", 5, "1234"),
            ("12345", 1, ""),
            ("12345", 0, ""),
            ("ab漢字", 7, "ab漢字"),
            ("ab漢字", 6, "ab漢"),
            ("ab漢c", 4, "ab"),
        ];
        for (line, columns, shown) in lines {
            assert_eq!(cut(line, columns), shown, "{line} {columns}");
        }
    }
}
