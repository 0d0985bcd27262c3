//! Changes that one process announces and others hear, so that they drop their copies early.
//!
//! Nothing depends on them: an announcement may be lost, and a copy is used for 30 seconds at
//! most without one.

use tokio::sync::{mpsc, watch};

use crate::ProfileName;

/// How many changes wait for a listener.
#[cfg(feature = "postgres")]
const WAITING: usize = 1024;

/// What has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The login or an API key of a profile.
    Profile(ProfileName),
    /// An API key of an administrator.
    AdminKey,
    /// Anything, because changes were not heard.
    All,
}

/// The changes that other processes and this one announce. Dropping it ends the listening.
#[derive(Debug)]
pub struct Changes {
    changes: mpsc::Receiver<Change>,
    connected: watch::Receiver<bool>,
}

impl Changes {
    /// The next change; none when the store has closed. [`Change::All`] comes first, and
    /// whenever the store is heard again after an interruption.
    pub async fn next(&mut self) -> Option<Change> {
        self.changes.recv().await
    }

    /// Whether changes are heard at this moment.
    #[must_use]
    pub fn connected(&self) -> watch::Receiver<bool> {
        self.connected.clone()
    }
}

/// Hands changes to [`Changes`].
#[cfg(feature = "postgres")]
pub(crate) struct Announcer {
    pub(crate) changes: mpsc::Sender<Change>,
    pub(crate) connected: watch::Sender<bool>,
}

#[cfg(feature = "postgres")]
pub(crate) fn channel() -> (Announcer, Changes) {
    let (sender, changes) = mpsc::channel(WAITING);
    let (connected, is_connected) = watch::channel(false);
    let announcer = Announcer {
        changes: sender,
        connected,
    };
    let changes = Changes {
        changes,
        connected: is_connected,
    };
    (announcer, changes)
}
