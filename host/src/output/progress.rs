//! One line on standard error that shows how far something is.
//!
//! It is one row wherever it is redrawn: cut to the width that the terminal has at
//! that moment. The cursor waits at its beginning, so that what a terminal makes of
//! the line when it becomes narrower is below the cursor and is erased with it.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};

/// The columns of a terminal that does not say how many it has.
const USUAL_COLUMNS: u16 = 80;

/// The line of progress.
#[derive(Default)]
pub(crate) struct Progress {
    /// The state that was said last, where nothing can be redrawn.
    said: RefCell<String>,
}

impl Progress {
    /// Shows `line` in place. A terminal that cannot redraw gets `state` instead,
    /// once, until another one comes; what is no terminal gets nothing.
    pub(crate) fn show(&self, state: &str, line: &str) {
        if takes_escapes() {
            draw(line);
        } else if io::stderr().is_terminal() && *self.said.borrow() != state {
            // A line of progress that is lost harms nobody.
            let _ = writeln!(io::stderr(), "{state}");
            state.clone_into(&mut self.said.borrow_mut());
        }
    }

    /// Takes the line away.
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

/// As much of the line as leaves the last column free: some terminals begin a new
/// row as soon as it is written.
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
