//! [`View`]: what a stream can show. A terminal has columns, colors and room to draw; a pipe
//! gets plain lines of any length.

use std::io::{self, IsTerminal};

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use rustix::fd::AsFd;
use rustix::termios::{Winsize, tcgetwinsize};

use super::Text;

/// The columns of a terminal that does not report how many it has.
const USUAL_COLUMNS: u16 = 80;

/// What a stream can show.
#[derive(Clone, Copy)]
pub(crate) struct View {
    /// The columns that a line may take; `None` without a terminal.
    room: Option<usize>,
    /// The rows of the terminal; 0 if it does not report them.
    rows: usize,
    /// Whether to draw bars, frames and large letters.
    draws: bool,
    /// Whether styles are shown: `NO_COLOR` and `CLICOLOR_FORCE` decide.
    has_colors: bool,
}

/// A terminal on which something can be drawn.
#[derive(Clone, Copy)]
pub(crate) struct Screen {
    /// The columns that a drawing may take.
    pub(crate) columns: usize,
    /// The rows; 0 if the terminal does not report them.
    pub(crate) rows: usize,
    /// Whether colors are shown.
    pub(crate) has_colors: bool,
}

impl View {
    /// What the stream can show. With `plain`, nothing is drawn: a screen reader reads lines.
    pub(crate) fn of<S: RawStream + AsFd>(stream: &S, plain: bool) -> Self {
        let is_terminal = stream.is_terminal();
        Self {
            room: is_terminal.then(|| room(stream)),
            rows: size(stream).map_or(0, |size| size.ws_row.into()),
            draws: is_terminal && !plain && understands_escapes(),
            has_colors: has_colors(stream),
        }
    }

    /// The columns that a drawing may take; `None` where nothing is drawn.
    pub(crate) fn canvas(&self) -> Option<usize> {
        self.room.filter(|_| self.draws)
    }

    /// The terminal, if something can be drawn on it.
    pub(crate) fn screen(&self) -> Option<Screen> {
        Some(Screen {
            columns: self.canvas()?,
            rows: self.rows,
            has_colors: self.has_colors,
        })
    }

    /// The text, wrapped and with the styles that the stream shows.
    pub(crate) fn render(&self, text: &Text) -> String {
        let text = text.wrap(self.room);
        match self.has_colors {
            true => text,
            false => anstream::adapter::strip_str(&text).to_string(),
        }
    }
}

/// Whether standard error can be redrawn: a terminal that understands escape sequences.
pub(crate) fn can_redraw() -> bool {
    io::stderr().is_terminal() && understands_escapes()
}

/// Whether the stream shows colors.
pub(crate) fn has_colors(stream: &impl RawStream) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
        && (understands_escapes() || !stream.is_terminal())
}

/// The columns that a line on the terminal may take. The last one stays free: some
/// terminals begin a new row as soon as the last column is written.
pub(crate) fn room(terminal: &impl AsFd) -> usize {
    let columns = match size(terminal).map_or(0, |size| size.ws_col) {
        0 => USUAL_COLUMNS,
        columns => columns,
    };
    usize::from(columns) - 1
}

fn size(terminal: &impl AsFd) -> Option<Winsize> {
    tcgetwinsize(terminal).ok()
}

/// Whether the terminal understands escape sequences.
fn understands_escapes() -> bool {
    let kind = std::env::var_os("TERM").unwrap_or_default();
    !kind.is_empty() && kind != "dumb"
}
