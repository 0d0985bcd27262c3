//! A store in one SQLite file, for any number of processes.
//!
//! The file is in WAL mode with full synchronization: an acknowledged write survives a power
//! loss, and readers do not wait for writers.
//!
//! WAL mode needs two more files, a journal and shared memory. On a read-only file system or a
//! full disk SQLite cannot create them, and no other process can write. Then, if the journal
//! is empty, the file is read as immutable.

use std::path::{Path, PathBuf};

use rusqlite::OpenFlags;

use crate::{StoreError, StoreKind};

mod connection;
mod entries;
mod error;
#[cfg(feature = "postgres")]
mod export;
mod file;
mod operations;
mod schedule;
mod schema;
#[cfg(test)]
mod tests;

use connection::Connection;
use schema::Description;

/// By how much the store and its journal may grow in one call, in bytes: four records
/// of 32 KiB, each in at most 14 pages of 4 KiB with their headers.
const ROOM: u64 = 256 << 10;

/// A store in a file.
#[derive(Debug)]
pub struct SqliteStore {
    kind: StoreKind,
    path: PathBuf,
    /// None if there is no file.
    identity: Option<String>,
    /// Whether the file has the table of a server's entries. An older file that is only read
    /// has none.
    has_entries: bool,
    access: Access,
}

#[derive(Debug)]
enum Access {
    /// Opened read-only without a file: the store is empty.
    Empty,
    /// Sees the writes of other processes.
    Live(Connection),
    /// The file is read as immutable. Every read opens a new connection: an immutable
    /// connection would misread the later writes of another process.
    Immutable,
}

/// An open file with tables.
struct Opened {
    connection: Connection,
    description: Description,
    is_immutable: bool,
}

impl SqliteStore {
    /// Opens a store to read and write. Creates a missing store with its directory, and
    /// upgrades a store of an older version.
    ///
    /// # Errors
    ///
    /// [`Refused`](StoreError::Refused) when the file is not private,
    /// [`WrongKind`](StoreError::WrongKind) and [`Newer`](StoreError::Newer) when the store
    /// has another kind or a newer version, and those of the file system.
    pub async fn open(path: impl AsRef<Path>, kind: StoreKind) -> Result<Self, StoreError> {
        let path = absolute(path.as_ref())?;
        file::create_or_check(&path)?;
        let open = async || {
            let connection = Connection::open(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            let found = connection.read(move |sqlite| {
                sqlite.execute_batch("PRAGMA synchronous = FULL")?;
                schema::describe(sqlite, kind, schema::CURRENT)
            });
            let description = match found.await {
                Ok(Some(description)) => description,
                Ok(None) | Err(StoreError::NeedsUpgrade) => {
                    let upgrade = move |sqlite: &mut _| schema::create_or_upgrade(sqlite, kind);
                    connection.block(upgrade).await?
                }
                Err(error) => return Err(error),
            };
            Ok((connection, description))
        };
        let (connection, description) = open().await.map_err(|error| with_cause(error, &path))?;
        Ok(Self {
            kind,
            path,
            identity: Some(description.identity),
            has_entries: description.has_entries,
            access: Access::Live(connection),
        })
    }

    /// Opens a store to read. Creates and upgrades nothing. A missing store is empty, and
    /// stays empty.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`NeedsUpgrade`](StoreError::NeedsUpgrade) when the store
    /// was created by a version that is too old to be read.
    pub async fn open_read_only(
        path: impl AsRef<Path>,
        kind: StoreKind,
    ) -> Result<Self, StoreError> {
        let path = absolute(path.as_ref())?;
        let opened = match file::check_if_exists(&path)? {
            true => open_existing(&path, kind).await?,
            false => None,
        };
        let mut store = Self {
            kind,
            path,
            identity: None,
            has_entries: false,
            access: Access::Empty,
        };
        if let Some(opened) = opened {
            store.identity = Some(opened.description.identity);
            store.has_entries = opened.description.has_entries;
            store.access = match opened.is_immutable {
                true => Access::Immutable,
                false => Access::Live(opened.connection),
            };
        }
        Ok(store)
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads; none if the store has no file.
    async fn query<T: Send + 'static>(
        &self,
        work: impl Fn(&mut rusqlite::Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        match &self.access {
            Access::Empty => Ok(None),
            Access::Live(connection) => connection.read(work).await.map(Some),
            Access::Immutable => match open_existing(&self.path, self.kind).await? {
                None => Ok(None),
                Some(opened) => opened.connection.read(work).await.map(Some),
            },
        }
    }

    fn writer(&self) -> Result<&Connection, StoreError> {
        match &self.access {
            Access::Live(connection) => Ok(connection),
            Access::Empty | Access::Immutable => Err(StoreError::ReadOnly),
        }
    }
}

/// An absolute path, which SQLite does not take for a URI.
fn absolute(path: &Path) -> Result<PathBuf, StoreError> {
    let path = std::path::absolute(path);
    let path = path.map_err(|error| StoreError::Unusable(error.to_string()))?;
    if path.to_str().is_none() {
        return Err(StoreError::Refused {
            message: format!("{} is not in UTF-8, which SQLite needs", path.display()),
            hint: "name the store by another path".into(),
        });
    }
    Ok(path)
}

/// The URI of a file that SQLite reads as immutable.
fn immutable(path: &Path) -> PathBuf {
    let octets = path.as_os_str().as_encoded_bytes().iter();
    let path: String = octets.map(|octet| format!("%{octet:02x}")).collect();
    format!("file:{path}?immutable=1").into()
}

/// Opens an existing file to read; none if it has no tables.
async fn open_existing(path: &Path, kind: StoreKind) -> Result<Option<Opened>, StoreError> {
    let open = async |location: &Path, flags, is_immutable| {
        let connection = Connection::open(location, flags)?;
        let description = connection.read(move |sqlite| {
            sqlite.execute_batch("PRAGMA synchronous = FULL; PRAGMA query_only = ON")?;
            schema::describe(sqlite, kind, schema::READABLE)
        });
        let description = description.await?;
        Ok(description.map(|description| Opened {
            connection,
            description,
            is_immutable,
        }))
    };
    // Not in SQLite's read-only mode, which cannot create the two files of WAL mode that the
    // last process has removed.
    match open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, false).await {
        Err(error) if is_of_the_file_system(&error) && file::holds_all(path) => {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            let opened: Result<_, StoreError> = open(&immutable(path), flags, true).await;
            opened.map_err(|_| error)
        }
        opened => opened,
    }
}

/// The error of a failed write, with the limit, the full disk or the read-only directory that
/// caused it, which SQLite does not always report.
fn with_cause(error: StoreError, path: &Path) -> StoreError {
    match error {
        // SQLite reports the file that it could not create beside the store.
        StoreError::Unusable(_) if file::is_directory_read_only(path) => StoreError::ReadOnly,
        StoreError::Unavailable(_) | StoreError::Full => match file::check_growth(path, ROOM) {
            Err(limited) => limited,
            Ok(()) if file::is_disk_full(path, ROOM) => StoreError::Full,
            Ok(()) => error,
        },
        error => error,
    }
}

/// Whether an error may come from the two files of WAL mode.
fn is_of_the_file_system(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Unavailable(_)
            | StoreError::Unusable(_)
            | StoreError::Limited { .. }
            | StoreError::ReadOnly
            | StoreError::Full
    )
}
