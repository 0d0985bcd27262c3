//! Prints answers, errors and progress. [`Terminal`] writes an answer to standard output, as
//! JSON or as text. An error goes there as JSON, or to standard error as text; progress always
//! goes to standard error.

pub(crate) mod clap_error;
pub(crate) mod exit_code;
pub(crate) mod format;
pub(crate) mod progress;
mod terminal;
mod text;

pub(crate) use terminal::Terminal;
pub(crate) use text::Text;
