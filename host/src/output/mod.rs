//! What the program prints. An answer comes in as JSON and as text; [`Terminal`]
//! writes one of the two to standard output, everything else to standard error.

pub(crate) mod exit_code;
pub(crate) mod format;
pub(crate) mod progress;
mod terminal;
mod text;
pub(crate) mod usage_error;

pub(crate) use terminal::Terminal;
pub(crate) use text::Text;
