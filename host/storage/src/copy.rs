//! A store in a file, copied into a database: for a server that has outgrown one machine.
//!
//! Two living copies of a login would end it, because each would refresh it. So the file is
//! marked as moved before anything is copied. From then on it takes no writes, in any process,
//! and refreshes nothing. The mark names the database, since a second copy elsewhere would be a
//! second living one. It is removed only if it is certain that the copy failed.

#[cfg(test)]
mod tests;

use crate::postgres::{Import, Target};
use crate::{PostgresStore, Row, SqliteStore, Store, StoreError};

/// How many rows are copied at a time.
const PAGE: u32 = 500;

/// A row of a profile.
pub(crate) struct ProfileRow {
    pub(crate) profile: String,
    pub(crate) row: Row,
}

/// A quarantined value.
pub(crate) struct AsideRow {
    pub(crate) profile: String,
    pub(crate) key: String,
    pub(crate) version: i64,
    pub(crate) value: Vec<u8>,
    pub(crate) since: i64,
}

/// The outcome of a copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// How many values and tombstones of profiles were copied.
    pub rows: u64,
    /// How many of a server's entries.
    pub entries: u64,
}

/// Copies a store, sealed as it is, into a database without logins, and marks it as moved.
/// If the database holds the copy already, only the mark is written.
///
/// # Errors
///
/// [`Refused`](StoreError::Refused) when the database is in use or the file was moved into
/// another one, and those of both stores.
/// After an interruption or an error of the commit, the file stays marked, and another attempt
/// continues.
pub async fn copy(from: &SqliteStore, to: &PostgresStore) -> Result<Copied, StoreError> {
    let identity = from.identity().ok_or(StoreError::ReadOnly)?;
    if from.kind() != to.kind() {
        return Err(StoreError::WrongKind {
            found: to.kind(),
            wanted: from.kind(),
        });
    }
    let mut import = to.import().await?;
    let place = import.place().await?;
    let moved_to = from.moved_to().await?;
    if moved_to.as_ref().is_some_and(|other| *other != place) {
        return Err(moved_elsewhere());
    }
    match import.target(identity).await? {
        Target::Copied => {
            from.mark_moved(Some(&place)).await?;
            return Ok(Copied::default());
        }
        Target::InUse => return Err(in_use()),
        Target::Empty => {}
    }
    from.mark_moved(Some(&place)).await?;
    let filled = async {
        let copied = fill(from, &mut import).await?;
        Ok((copied, from.last_version().await?))
    };
    match filled.await {
        Ok((copied, last_version)) => {
            import.finish(identity, last_version).await?;
            Ok(copied)
        }
        // Dropping the import takes back what was copied.
        Err(error) if moved_to.is_some() => Err(error),
        Err(error) => {
            drop(import);
            from.mark_moved(None).await?;
            Err(error)
        }
    }
}

async fn fill(from: &SqliteStore, import: &mut Import) -> Result<Copied, StoreError> {
    let mut copied = Copied::default();
    let mut after = 0;
    loop {
        let rows = from.rows_after(after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = last.row.version.0;
        copied.rows += rows.len() as u64;
        import.rows(&rows).await?;
    }
    import.aside(&from.aside().await?).await?;
    let mut after = 0;
    loop {
        let entries = from.entries_after(after, PAGE).await?;
        let Some(last) = entries.last() else { break };
        after = last.version.0;
        copied.entries += entries.len() as u64;
        import.entries(&entries).await?;
    }
    Ok(copied)
}

fn moved_elsewhere() -> StoreError {
    StoreError::Refused {
        message: "the file was moved into another database".into(),
        hint: "name that database; if it is lost and was never used, `UPDATE store SET moved_to = NULL` by SQLite's shell puts the file back into use".into(),
    }
}

fn in_use() -> StoreError {
    StoreError::Refused {
        message: "the database has logins or keys of another store".into(),
        hint: "name a database in which only `chatgpt-oauth store migrate` has run".into(),
    }
}
