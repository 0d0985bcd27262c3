//! Ctrl-C, Ctrl-\, a closed terminal, `kill`: what asks this program to end.
//!
//! None of them ends a call half-way. The answer to a refresh would be lost, and
//! the login with it; so the call under way comes to its end first, which takes
//! 100 seconds at the most.

use std::process::ExitCode;

use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind, signal};
use tokio::sync::watch;

/// The signals that ask a program to end.
const ENDING: [fn() -> SignalKind; 4] = [
    SignalKind::interrupt,
    SignalKind::terminate,
    SignalKind::hangup,
    SignalKind::quit,
];

/// Listens from its making on, so that no signal is missed.
#[derive(Clone)]
pub(crate) struct Interruption(watch::Receiver<Option<u8>>);

impl Interruption {
    /// Begins to listen. Must be called within a runtime.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let (told, heard) = watch::channel(None);
        for kind in ENDING {
            tokio::spawn(tell_once(signal(kind())?, number(kind()), told.clone()));
        }
        // A handler, so that a write beyond the limit of a file's size fails instead of
        // ending this program; a child process does not inherit it.
        drop(signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?);
        Ok(Self(heard))
    }

    /// Waits until this program is asked to end.
    pub(crate) async fn come(&mut self) {
        // The sender lives as long as the runtime.
        _ = self.0.wait_for(Option::is_some).await;
    }

    /// Whether this program was asked to end.
    pub(crate) fn has_come(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// The exit code of who was asked to end, as shells have it: 128 and the
    /// signal's number.
    pub(crate) fn exit_code(&self) -> Option<ExitCode> {
        self.0.borrow().map(|number| ExitCode::from(128 + number))
    }
}

/// Tells of the first signal. Others change nothing any more, but must not end this
/// program, so whoever tells stays.
async fn tell_once(mut signal: unix::Signal, number: u8, told: watch::Sender<Option<u8>>) {
    while signal.recv().await.is_some() {
        told.send_if_modified(|first| match first {
            Some(_) => false,
            None => first.replace(number).is_none(),
        });
    }
}

/// They have one-digit and two-digit numbers everywhere.
fn number(kind: SignalKind) -> u8 {
    u8::try_from(kind.as_raw_value()).unwrap_or(0)
}
