//! Blocking work in its own thread.
//!
//! tokio's pool panics if it cannot start a thread; this module returns an error.

use std::{io, thread};

use tokio::sync::oneshot;

/// Does this work in a thread with this name. The work runs to its end even if the
/// caller drops the future.
pub(crate) async fn in_a_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (done, outcome) = oneshot::channel();
    thread::Builder::new().name(name.into()).spawn(move || {
        // The caller may have dropped the future.
        _ = done.send(work());
    })?;
    // The panic hook has reported a panic.
    outcome
        .await
        .map_err(|_| io::Error::other("the thread panicked"))
}
