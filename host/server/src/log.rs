//! The log: one JSON object a line, on standard error.

mod line;

use std::io::{self, BufWriter, Stderr, Write};
use std::time::Duration;
use std::{panic, thread};

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use line::Line;

/// How many lines may wait to be written, as many as two cores write in a second. Each place
/// takes 32 bytes from the beginning.
const WAITING: usize = 20_000;
/// How long the lines that come after some were written wait for others. Without it, each line
/// of a busy server wakes the thread that writes.
const GATHERED: Duration = Duration::from_millis(5);
/// How often dropped lines are reported.
const REPORTED: Duration = Duration::from_secs(10);

/// Writes the log until it is dropped, which writes what is left.
pub type LogGuard = WorkerGuard;

/// Begins the log of this process: events of chatgpt-oauth alone, since those of other
/// libraries could quote requests and answers. `verbose` is how often more was asked for.
///
/// A panic is logged with its place and without its message, which could quote what the
/// process was working on.
///
/// A separate thread writes the lines, those that have come together at once, so that no
/// request waits for the reader of standard error. At most 20,000 lines wait; later ones are
/// dropped, and their number is logged.
pub fn log(verbose: u8) -> LogGuard {
    let level = match verbose {
        0 => LevelFilter::INFO,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(WAITING)
        .lossy(true)
        .finish(Gathered(BufWriter::new(io::stderr())));
    let dropped = writer.error_counter();
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .event_format(Line)
        .with_writer(writer);
    let ours = Targets::new().with_target("chatgpt_oauth", level);
    // A process has one log: another one that was begun before stays.
    _ = tracing_subscriber::registry()
        .with(lines.with_filter(ours))
        .try_init();
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "a panic");
    }));
    thread::spawn(move || report(&dropped));
    guard
}

/// Standard error, for lines that come in batches: a flush ends one.
struct Gathered(BufWriter<Stderr>);

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()?;
        thread::sleep(GATHERED);
        Ok(())
    }
}

/// Says how many lines were dropped, when there are more of them.
fn report(dropped: &ErrorCounter) {
    let mut reported = 0;
    loop {
        thread::sleep(REPORTED);
        let lines = dropped.dropped_lines();
        if lines > reported {
            tracing::warn!(lines = lines - reported, "lines of the log were dropped");
        }
        reported = lines;
    }
}
