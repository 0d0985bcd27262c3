//! Ctrl-C, a closed terminal, `kill`: what asks this program to end.
//!
//! None of them ends a call half-way. The answer to a refresh would be lost, and
//! the login with it; so the call under way comes to its end first, which takes
//! 100 seconds at the most.

use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Listens from its making on, so that no signal is missed.
#[derive(Clone)]
pub(crate) struct Interruption(watch::Receiver<Option<u8>>);

impl Interruption {
    /// Begins to listen. Must be called within a runtime.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        let hangup = signal(SignalKind::hangup())?;
        let (told, heard) = watch::channel(None);
        tokio::spawn(async move {
            let first = first(interrupt, terminate, hangup).await;
            told.send_replace(Some(first));
            // Others change nothing any more, but must not kill this program.
            std::future::pending::<()>().await;
        });
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

/// The number of the signal that comes first.
async fn first(mut interrupt: Signal, mut terminate: Signal, mut hangup: Signal) -> u8 {
    let kind = tokio::select! {
        _ = interrupt.recv() => SignalKind::interrupt(),
        _ = terminate.recv() => SignalKind::terminate(),
        _ = hangup.recv() => SignalKind::hangup(),
    };
    // The three have one-digit and two-digit numbers everywhere.
    u8::try_from(kind.as_raw_value()).unwrap_or(0)
}
