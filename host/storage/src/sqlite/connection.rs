//! One connection of SQLite, in asynchronous code.
//!
//! A read runs on the caller's thread, because it takes less time than waking another thread.
//! It waits for no lock; if another process holds one, the read is repeated as blocking work.
//!
//! Blocking work waits for other processes and for the disk, in a thread of the connection. The
//! thread starts with the first such work and stays: a store that could write once can write
//! again when the system refuses threads.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::Builder;
use std::time::Duration;

use rusqlite::OpenFlags;
use tokio::sync::{Mutex, OnceCell, oneshot};

use crate::StoreError;
use crate::shortage::Shortage;

/// How long blocking work waits for a lock of another process.
const BUSY: Duration = Duration::from_secs(5);

/// A connection, and the thread for its blocking work.
#[derive(Debug)]
pub(super) struct Connection {
    // Dropped before the queue of the thread: if the thread was started, it closes the
    // connection, which may copy the journal into the file.
    sqlite: Arc<Mutex<rusqlite::Connection>>,
    thread: OnceCell<Sender<Work>>,
}

type Work = Box<dyn FnOnce(&mut rusqlite::Connection) + Send>;

impl Connection {
    /// Opens an existing file. Reads nothing of it.
    pub(super) fn open(location: &Path, flags: OpenFlags) -> Result<Self, StoreError> {
        // tokio's lock takes the place of SQLite's own.
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let sqlite = rusqlite::Connection::open_with_flags(location, flags)?;
        Ok(Self {
            sqlite: Arc::new(Mutex::new(sqlite)),
            thread: OnceCell::new(),
        })
    }

    /// Runs this work here. Repeats it as [blocking](Self::block) work if another process
    /// holds a lock.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&mut rusqlite::Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let attempt = {
            let mut sqlite = self.sqlite.lock().await;
            wait_for_locks(Duration::ZERO, &mut sqlite, &work)
        };
        match attempt {
            Err(StoreError::Busy) => self.block(work).await,
            attempt => attempt,
        }
    }

    /// Runs this work in the thread, which finishes it even if the caller drops the future.
    pub(super) async fn block<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut rusqlite::Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let queue = self.thread.get_or_try_init(async || self.start()).await?;
        let (done, outcome) = oneshot::channel();
        let work = move |sqlite: &mut _| {
            // The caller may have dropped the future.
            _ = done.send(wait_for_locks(BUSY, sqlite, work));
        };
        // A thread that has panicked drops the work, and the outcome is missing.
        _ = queue.send(Box::new(work));
        outcome
            .await
            .map_err(|_| StoreError::unavailable("the thread of SQLite has panicked"))?
    }

    /// Starts the thread, which ends with its queue.
    fn start(&self) -> Result<Sender<Work>, StoreError> {
        let (queue, works) = mpsc::channel::<Work>();
        let sqlite = Arc::clone(&self.sqlite);
        let run = move || {
            for work in works {
                work(&mut sqlite.blocking_lock());
            }
        };
        match Builder::new().name("sqlite".into()).spawn(run) {
            Ok(_) => Ok(queue),
            Err(error) => Err(match Shortage::of_io(&error) {
                Some(shortage) => shortage.into(),
                None => StoreError::unavailable(error.to_string()),
            }),
        }
    }
}

/// Runs this work, which waits this long for a lock of another process.
fn wait_for_locks<T>(
    at_most: Duration,
    sqlite: &mut rusqlite::Connection,
    work: impl FnOnce(&mut rusqlite::Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    sqlite.busy_timeout(at_most)?;
    work(sqlite)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_memory() -> Connection {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_MEMORY;
        Connection::open(Path::new("memory"), flags).unwrap()
    }

    fn thread(_: &mut rusqlite::Connection) -> Result<String, StoreError> {
        let thread = std::thread::current();
        Ok(thread.name().unwrap_or_default().into())
    }

    /// Faults: F1
    #[tokio::test]
    async fn a_read_starts_no_thread_and_blocking_work_starts_one_for_good() {
        let connection = in_memory();
        let here = thread(&mut *connection.sqlite.lock().await).unwrap();
        assert_eq!(connection.read(thread).await.unwrap(), here);
        assert!(!connection.thread.initialized());
        let id = async || {
            let id = |_: &mut _| Ok(std::thread::current().id());
            connection.block(id).await.unwrap()
        };
        assert_eq!(connection.block(thread).await.unwrap(), "sqlite");
        assert_eq!(id().await, id().await);
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_for_it_and_for_later_work() {
        let connection = in_memory();
        for _ in 0..2 {
            let panicked = connection
                .block::<()>(|_| panic!("as the test wants"))
                .await;
            assert!(matches!(panicked, Err(StoreError::Unavailable(_))));
        }
        connection.read(thread).await.unwrap();
    }
}
