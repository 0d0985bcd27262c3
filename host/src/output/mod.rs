//! Prints answers, errors and progress. [`Terminal`] writes an answer to standard output, as
//! JSON or as text. An error goes there as JSON, or to standard error as text; progress always
//! goes to standard error.

mod block_letters;
pub(crate) mod clap_error;
pub(crate) mod clipboard;
pub(crate) mod clock;
pub(crate) mod exit_code;
pub(crate) mod format;
mod pace;
mod progress;
pub(crate) mod prompt;
pub(crate) mod qr_code;
mod terminal;
pub(crate) mod text;
pub(crate) mod usage;
mod view;

pub(crate) use clock::Clock;
pub(crate) use terminal::{Printed, Terminal};
pub(crate) use text::Text;
pub(crate) use view::{Screen, has_colors};
