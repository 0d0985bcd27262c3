//! The signals that ask this program to end: Ctrl-C, Ctrl-\, a closed terminal, `kill`.
//!
//! No signal interrupts a call, because that could lose the answer to a refresh, and
//! with it the login. The running call ends first, within 100 s.

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

/// The first signal that asks the program to end. It is recorded from
/// [`listen`](Self::listen) on, so that no signal is missed.
#[derive(Clone)]
pub(crate) struct Interruption(watch::Receiver<Option<u8>>);

impl Interruption {
    /// Begins to listen. The caller must be within a runtime.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let (sender, receiver) = watch::channel(None);
        for kind in ENDING {
            tokio::spawn(record_first(
                signal(kind())?,
                number(kind()),
                sender.clone(),
            ));
        }
        // With a handler, a write beyond `ulimit -f` fails and does not end this
        // program. A handler, unlike SIG_IGN, is not inherited by a child process.
        drop(signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?);
        Ok(Self(receiver))
    }

    /// Waits until a signal asks this program to end.
    pub(crate) async fn wait(&mut self) {
        // The sender lives as long as the runtime.
        _ = self.0.wait_for(Option::is_some).await;
    }

    /// Whether a signal has asked this program to end.
    pub(crate) fn has_occurred(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// The exit code after a signal, as shells have it: 128 plus the signal's number.
    pub(crate) async fn exit_code(&self) -> Option<ExitCode> {
        // One turn of the runtime notices a signal that came with the end of the call, and the
        // next one records it.
        for _ in 0..2 {
            tokio::task::yield_now().await;
        }
        self.0.borrow().map(|number| ExitCode::from(128 + number))
    }
}

/// Records the first signal. Later signals change nothing; the task still receives
/// them, because they must not end this program.
async fn record_first(mut signal: unix::Signal, number: u8, sender: watch::Sender<Option<u8>>) {
    while signal.recv().await.is_some() {
        sender.send_if_modified(|first| match first {
            Some(_) => false,
            None => first.replace(number).is_none(),
        });
    }
}

/// The signal's number, which has at most two digits on every system.
fn number(kind: SignalKind) -> u8 {
    u8::try_from(kind.as_raw_value()).unwrap_or(0)
}
