//! Work that blocks, in a thread of its own.
//!
//! tokio's pool panics where no thread can be started; this says so.

use std::{io, thread};

use tokio::sync::oneshot;

/// Does this in a thread of this name. It goes on to its end even if the caller does
/// not wait for it.
pub(crate) async fn in_a_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (done, outcome) = oneshot::channel();
    thread::Builder::new().name(name.into()).spawn(move || {
        // The caller may have gone.
        _ = done.send(work());
    })?;
    // A panic has been reported where it happened.
    outcome
        .await
        .map_err(|_| io::Error::other("the thread broke off"))
}
