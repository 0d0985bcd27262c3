//! Prints answers, errors and progress. [`Terminal`] writes an answer to standard
//! output, as JSON or as text, and everything else to standard error.

pub(crate) mod exit_code;
pub(crate) mod format;
pub(crate) mod progress;
mod terminal;
mod text;
pub(crate) mod usage_error;

pub(crate) use terminal::Terminal;
pub(crate) use text::Text;
