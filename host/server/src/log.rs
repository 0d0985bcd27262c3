//! The log: one JSON object a line, on standard error.

use std::io;
use std::panic;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

/// Begins the log of this process: events of chatgpt-oauth alone, since those of other
/// libraries could quote requests and answers. `verbose` is how often more was asked for.
///
/// A panic is logged with its place and without its message, which could quote what the
/// process was working on.
pub fn log(verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::INFO,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(io::stderr);
    let ours = Targets::new().with_target("chatgpt_oauth", level);
    // A process has one log: another one that was begun before stays.
    _ = tracing_subscriber::registry()
        .with(lines.with_filter(ours))
        .try_init();
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "a panic");
    }));
}
