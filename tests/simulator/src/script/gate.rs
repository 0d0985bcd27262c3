//! A gate: holds answers until a test opens it.

use std::sync::Arc;

use tokio::sync::watch;

/// Holds what comes to it until it is opened: streams, for [`Script::gate`](super::Script::gate), and whole answers,
/// for [`Fault::gate`](crate::Fault::gate).
///
/// A test does what must happen before the answer, and then opens the gate.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    /// Opens the gate for what waits and for what comes later.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub(crate) async fn opened(&self) {
        // An error means that the sender is gone, and `self` holds it.
        let _ = self.0.subscribe().wait_for(|is_open| *is_open).await;
    }
}
