//! A store in one SQLite file, for any number of processes.
//!
//! Rows are in the table `record`, and quarantined values in `aside`. A write of a row is one
//! statement, which needs no explicit transaction: it
//! replaces the row if the row has the expected version. The rowid of the new row is its
//! version. SQLite never reuses a rowid (`AUTOINCREMENT`).
//!
//! The file is in WAL mode with full synchronization: an acknowledged write survives a power
//! loss, and readers do not wait for writers.
//!
//! WAL mode needs two more files, a journal and shared memory. On a read-only file system or a
//! full disk SQLite cannot create them, and no other process can write. Then, if the journal
//! is empty, the file is read as immutable.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions, Connection as _, Row as _};
use tokio::sync::{Mutex, MutexGuard};

use crate::shortage::Shortage;
use crate::{ProfileName, Row, Store, StoreError, StoreKind, Version};

mod file;
mod schema;
#[cfg(test)]
mod tests;

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(5);
/// By how much the store and its journal may grow in one call, in bytes: four records
/// of 32 KiB, each in at most 14 pages of 4 KiB with their headers.
const ROOM: u64 = 256 << 10;
/// How many files SQLite has open at a time: the store, its journal, its shared memory, and
/// their directory.
const FILES: usize = 4;
/// How long quarantined values are kept at least.
const QUARANTINE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A store in a file.
#[derive(Debug)]
pub struct SqliteStore {
    kind: StoreKind,
    path: PathBuf,
    /// None if there is no file.
    identity: Option<String>,
    connection: Connection,
}

#[derive(Debug)]
enum Connection {
    /// Opened read-only without a file: the store is empty.
    None,
    Open(Mutex<SqliteConnection>),
    /// The file is read as immutable. Every read opens a new connection: an immutable
    /// connection would misread the later writes of another process.
    Immutable,
}

/// A connection that was opened read-only.
enum ReadOnly {
    /// Sees the writes of other processes.
    Live(SqliteConnection),
    /// Reads the file as one that does not change.
    Immutable(SqliteConnection),
}

/// A connection during one read.
enum Reader<'a> {
    Shared(MutexGuard<'a, SqliteConnection>),
    Own(SqliteConnection),
}

impl Deref for Reader<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Shared(connection) => connection,
            Self::Own(connection) => connection,
        }
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Shared(connection) => connection,
            Self::Own(connection) => connection,
        }
    }
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
            let mut connection = connect(options(&path)).await?;
            schema::create_or_upgrade(&mut connection, kind).await?;
            let identity = schema::identity(&mut connection).await?;
            Ok((connection, identity))
        };
        let (connection, identity) = open().await.map_err(|error| with_cause(error, &path))?;
        Ok(Self {
            kind,
            path,
            identity: Some(identity),
            connection: Connection::Open(Mutex::new(connection)),
        })
    }

    /// Opens a store to read. Creates and upgrades nothing. A missing store is empty, and
    /// stays empty.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`NeedsUpgrade`](StoreError::NeedsUpgrade)
    /// when the store was created by an older version.
    pub async fn open_read_only(
        path: impl AsRef<Path>,
        kind: StoreKind,
    ) -> Result<Self, StoreError> {
        let path = absolute(path.as_ref())?;
        let mut found = None;
        if file::check_if_exists(&path)? {
            found = connect_read_only(&path, kind).await?;
        }
        let identity = match &mut found {
            None => None,
            Some(ReadOnly::Live(opened) | ReadOnly::Immutable(opened)) => {
                Some(schema::identity(opened).await?)
            }
        };
        Ok(Self {
            kind,
            path,
            identity,
            connection: match found {
                None => Connection::None,
                Some(ReadOnly::Live(opened)) => Connection::Open(Mutex::new(opened)),
                Some(ReadOnly::Immutable(_)) => Connection::Immutable,
            },
        })
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn writer(&self) -> Result<MutexGuard<'_, SqliteConnection>, StoreError> {
        match &self.connection {
            Connection::Open(connection) => Ok(connection.lock().await),
            Connection::None | Connection::Immutable => Err(StoreError::ReadOnly),
        }
    }

    async fn reader(&self) -> Result<Option<Reader<'_>>, StoreError> {
        Ok(match &self.connection {
            Connection::None => None,
            Connection::Open(connection) => Some(Reader::Shared(connection.lock().await)),
            Connection::Immutable => match connect_read_only(&self.path, self.kind).await? {
                None => None,
                Some(ReadOnly::Live(own) | ReadOnly::Immutable(own)) => Some(Reader::Own(own)),
            },
        })
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

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(BUSY)
        .pragma("synchronous", "FULL")
        .statement_cache_capacity(8)
        .disable_statement_logging()
}

async fn connect(options: SqliteConnectOptions) -> Result<SqliteConnection, StoreError> {
    Ok(options.connect().await?)
}

/// Opens an existing file to read; none if it has no tables.
async fn connect_read_only(path: &Path, kind: StoreKind) -> Result<Option<ReadOnly>, StoreError> {
    let open = async |options| {
        let mut connection = connect(options).await?;
        let is_current = schema::is_current(&mut connection, kind).await?;
        Ok(is_current.then_some(connection))
    };
    // Not in SQLite's read-only mode, which cannot create the two files of WAL mode that the
    // last process has removed.
    match open(options(path).pragma("query_only", "ON")).await {
        Ok(connection) => Ok(connection.map(ReadOnly::Live)),
        Err(error) if is_of_the_file_system(&error) && file::holds_all(path) => {
            let immutable = options(path).read_only(true).immutable(true);
            let found: Result<_, StoreError> = open(immutable).await;
            found
                .map(|found| found.map(ReadOnly::Immutable))
                .map_err(|_| error)
        }
        Err(error) => Err(error),
    }
}

/// The error of a failed write, with the limit or the full disk that caused it, which
/// SQLite does not always report.
fn with_cause(error: StoreError, path: &Path) -> StoreError {
    if !matches!(error, StoreError::Unavailable(_) | StoreError::Full) {
        return error;
    }
    match file::check_growth(path, ROOM) {
        Err(limited) => limited,
        Ok(()) if file::is_disk_full(path, ROOM) => StoreError::Full,
        Ok(()) => error,
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

#[async_trait]
impl Store for SqliteStore {
    fn kind(&self) -> StoreKind {
        self.kind
    }

    fn identity(&self) -> Option<&str> {
        self.identity.as_deref()
    }

    async fn load(&self, profile: &ProfileName) -> Result<Vec<Row>, StoreError> {
        let Some(mut connection) = self.reader().await? else {
            return Ok(Vec::new());
        };
        let rows = sqlx::query("SELECT key, version, value FROM record WHERE profile = ?1")
            .bind(profile.as_str())
            .fetch_all(&mut *connection)
            .await?;
        rows.iter().map(row).collect()
    }

    async fn read(&self, profile: &ProfileName, key: &str) -> Result<Option<Row>, StoreError> {
        let Some(mut connection) = self.reader().await? else {
            return Ok(None);
        };
        let found =
            sqlx::query("SELECT key, version, value FROM record WHERE profile = ?1 AND key = ?2")
                .bind(profile.as_str())
                .bind(key)
                .fetch_optional(&mut *connection)
                .await?;
        found.as_ref().map(row).transpose()
    }

    async fn compare_and_swap(
        &self,
        profile: &ProfileName,
        key: &str,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, StoreError> {
        let mut connection = self.writer().await?;
        // Fetched to the end, since the commit and its errors come after the first row.
        let written = sqlx::query(
            "INSERT OR REPLACE INTO record (profile, key, value)
             SELECT ?1, ?2, ?3
             WHERE (SELECT version FROM record WHERE profile = ?1 AND key = ?2) IS ?4
             RETURNING version",
        )
        .bind(profile.as_str())
        .bind(key)
        .bind(value)
        .bind(expected.map(|version| version.0))
        .fetch_all(&mut *connection)
        .await
        .map_err(|error| with_cause(error.into(), &self.path))?;
        let written = written.first().ok_or(StoreError::Conflict)?;
        Ok(Version(written.try_get(0)?))
    }

    async fn list(
        &self,
        after: Option<&ProfileName>,
        limit: usize,
    ) -> Result<Vec<ProfileName>, StoreError> {
        let Some(mut connection) = self.reader().await? else {
            return Ok(Vec::new());
        };
        let rows = sqlx::query(
            "SELECT DISTINCT profile FROM record
             WHERE value IS NOT NULL AND profile > ?1 ORDER BY profile LIMIT ?2",
        )
        // No name is empty.
        .bind(after.map_or("", ProfileName::as_str))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&mut *connection)
        .await?;
        let name = |row: &SqliteRow| {
            let name: &str = row.try_get(0)?;
            name.parse().map_err(|_| StoreError::Corrupt)
        };
        rows.iter().map(name).collect()
    }

    async fn quarantine(
        &self,
        profile: &ProfileName,
        key: &str,
        now: u64,
    ) -> Result<bool, StoreError> {
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let mut connection = self.writer().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM aside WHERE since < ?1")
            .bind(now.saturating_sub(QUARANTINE.as_secs().cast_signed()))
            .execute(&mut *transaction)
            .await?;
        let moved = sqlx::query(
            "INSERT INTO aside (profile, key, version, value, since)
             SELECT profile, key, version, value, ?2 FROM record
             WHERE profile = ?1 AND key = ?3 AND value IS NOT NULL",
        )
        .bind(profile.as_str())
        .bind(now)
        .bind(key)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT OR REPLACE INTO record (profile, key, value)
             SELECT profile, key, NULL FROM record
             WHERE profile = ?1 AND key = ?2 AND value IS NOT NULL",
        )
        .bind(profile.as_str())
        .bind(key)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(moved.rows_affected() > 0)
    }

    async fn check_room(&self) -> Result<(), StoreError> {
        if file::check_growth(&self.path, ROOM).is_ok() {
            return Ok(());
        }
        let mut connection = self.writer().await?;
        // The journal may hold pages that the store has already. If it cannot be emptied, its
        // length stays the same.
        let emptied = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)");
        _ = emptied.execute(&mut *connection).await;
        file::check_growth(&self.path, ROOM)
    }

    async fn check_writable(&self) -> Result<(), StoreError> {
        self.check_room().await?;
        let mut connection = self.writer().await?;
        sqlx::query("UPDATE store SET identity = identity")
            .execute(&mut *connection)
            .await
            .map_err(|error| with_cause(error.into(), &self.path))?;
        Ok(())
    }
}

fn row(row: &SqliteRow) -> Result<Row, StoreError> {
    Ok(Row {
        key: row.try_get(0)?,
        version: Version(row.try_get(1)?),
        value: row.try_get(2)?,
    })
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let sqlx::Error::Database(database) = &error else {
            return match error {
                sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Corrupt,
                sqlx::Error::Io(error) => match Shortage::of_io(&error) {
                    Some(shortage) => shortage.into(),
                    None => Self::unavailable(error.to_string()),
                },
                error => Self::unavailable(error.to_string()),
            };
        };
        let code = database.code().and_then(|code| code.parse::<i32>().ok());
        // The low byte is the primary code: https://sqlite.org/rescode.html
        match code.map(|code| code & 0xff) {
            Some(7) => Shortage::Memory.into(),
            Some(14) if let Some(shortage) = Shortage::of_open_files(FILES) => shortage.into(),
            Some(3 | 14 | 23) => Self::Unusable(database.message().to_owned()),
            Some(5 | 6) => Self::Busy,
            Some(8) => Self::ReadOnly,
            Some(11 | 26) => Self::Corrupt,
            Some(13) => Self::Full,
            _ => Self::unavailable(database.message()),
        }
    }
}
