//! A gate: holds streams until a test opens it.

use std::sync::Arc;

use tokio::sync::watch;

/// Holds the streams that come to it until it is opened, for [`Script::gate`](super::Script::gate).
///
/// A test that needs streams open for as long as something else takes has no time to guess.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    /// Lets all streams pass, those that come later too.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub(crate) async fn opened(&self) {
        // An error means that the sender is gone, and `self` holds it.
        let _ = self.0.subscribe().wait_for(|is_open| *is_open).await;
    }
}
