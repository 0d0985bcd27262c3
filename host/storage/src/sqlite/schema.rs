//! The schema of a SQLite store, and its migrations.
//!
//! A SQLite file has two numbers for the application. `application_id` identifies a store of
//! this software and its [kind](StoreKind). `user_version` is the number of [`STEPS`] that
//! were applied.

use std::thread::sleep;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use crate::{StoreError, StoreKind};

/// The migrations from an empty file to the current schema. A released step never changes; a
/// new schema is a new step.
const STEPS: [&str; 4] = [
    "CREATE TABLE record (
        version INTEGER PRIMARY KEY AUTOINCREMENT,
        profile TEXT NOT NULL,
        key TEXT NOT NULL,
        value BLOB,
        UNIQUE (profile, key)
    ) STRICT",
    "CREATE TABLE store (identity TEXT NOT NULL) STRICT;
     INSERT INTO store VALUES (lower(hex(randomblob(16))));
     CREATE TABLE aside (
        profile TEXT NOT NULL,
        key TEXT NOT NULL,
        version INTEGER NOT NULL,
        value BLOB NOT NULL,
        since INTEGER NOT NULL
    ) STRICT",
    "CREATE TABLE entry (
        version INTEGER PRIMARY KEY AUTOINCREMENT,
        collection TEXT NOT NULL,
        owner TEXT NOT NULL,
        id TEXT NOT NULL,
        value BLOB NOT NULL,
        UNIQUE (collection, id)
    ) STRICT;
     CREATE INDEX entry_of_owner ON entry (collection, owner, id);
     ALTER TABLE store ADD COLUMN moved_to TEXT;
     CREATE TRIGGER moved BEFORE INSERT ON record
        WHEN (SELECT moved_to FROM store) IS NOT NULL
        BEGIN SELECT RAISE(ABORT, 'moved'); END;
     CREATE TRIGGER moved_entry BEFORE INSERT ON entry
        WHEN (SELECT moved_to FROM store) IS NOT NULL
        BEGIN SELECT RAISE(ABORT, 'moved'); END;
     CREATE TRIGGER moved_entry_removed BEFORE DELETE ON entry
        WHEN (SELECT moved_to FROM store) IS NOT NULL
        BEGIN SELECT RAISE(ABORT, 'moved'); END",
    "CREATE TABLE due (profile TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;
     CREATE INDEX due_at ON due (at);
     CREATE TABLE pause (what TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT",
];

/// How many steps a file needs to be written.
pub(super) const CURRENT: usize = STEPS.len();
/// How many steps a file needs to be read.
pub(super) const READABLE: usize = 2;
/// How many steps a file needs to have entries.
const WITH_ENTRIES: usize = 3;

/// How often, and after what pause, to retry a statement for which SQLite does not wait.
const MAX_ATTEMPTS: u32 = 500;
const PAUSE: Duration = Duration::from_millis(10);

/// "CGO" and a letter for the kind.
const fn application_id(kind: StoreKind) -> i64 {
    match kind {
        StoreKind::OpenAi => 0x4347_4f4f,
        StoreKind::Test => 0x4347_4f54,
    }
}

/// The state of a file's schema.
#[derive(Debug, PartialEq, Eq)]
enum SchemaState {
    Empty,
    /// The number of steps that were applied.
    Made(usize),
}

/// What a file with tables says of itself.
#[derive(Debug)]
pub(super) struct Description {
    /// The identity that the store got when it was created.
    pub(super) identity: String,
    /// Whether the table of a server's entries is there.
    pub(super) has_entries: bool,
}

/// The description of a store to which at least `needed` steps were applied; none if there
/// are no tables. Creates none.
pub(super) fn describe(
    connection: &Connection,
    kind: StoreKind,
    needed: usize,
) -> Result<Option<Description>, StoreError> {
    match schema_state(connection, kind)? {
        SchemaState::Empty => Ok(None),
        SchemaState::Made(made) if made < needed => Err(StoreError::NeedsUpgrade),
        SchemaState::Made(made) => Ok(Some(Description {
            identity: read_identity(connection)?,
            has_entries: made >= WITH_ENTRIES,
        })),
    }
}

/// Creates missing tables, applies missing steps, and describes the store.
pub(super) fn create_or_upgrade(
    connection: &mut Connection,
    kind: StoreKind,
) -> Result<Description, StoreError> {
    enter_wal_mode(connection)?;
    // Several processes may be here at once: the first one applies the steps.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let made = match schema_state(&transaction, kind)? {
        SchemaState::Made(made) => made,
        SchemaState::Empty => 0,
    };
    if made < CURRENT {
        for step in &STEPS[made..] {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "application_id", application_id(kind))?;
        transaction.pragma_update(None, "user_version", CURRENT as i64)?;
    }
    let description = Description {
        identity: read_identity(&transaction)?,
        has_entries: true,
    };
    transaction.commit()?;
    Ok(description)
}

fn read_identity(connection: &Connection) -> Result<String, StoreError> {
    let found = connection.query_row("SELECT identity FROM store", (), |row| row.get(0));
    Ok(found?)
}

fn schema_state(connection: &Connection, kind: StoreKind) -> Result<SchemaState, StoreError> {
    let numbers = "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
                   FROM pragma_application_id, pragma_user_version";
    let numbers = connection.query_row(numbers, (), |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    });
    let (application, version, tables) = numbers?;
    judge(application, version, tables, kind)
}

fn judge(
    application: i64,
    version: i64,
    tables: i64,
    wanted: StoreKind,
) -> Result<SchemaState, StoreError> {
    if (application, version, tables) == (0, 0, 0) {
        return Ok(SchemaState::Empty);
    }
    let kinds = [StoreKind::OpenAi, StoreKind::Test];
    let found = kinds
        .into_iter()
        .find(|&kind| application_id(kind) == application);
    let Some(found) = found else {
        return Err(StoreError::Refused {
            message: "the file is a database of another application".into(),
            hint: "name another file".into(),
        });
    };
    if found != wanted {
        return Err(StoreError::WrongKind { found, wanted });
    }
    match usize::try_from(version) {
        Ok(made) if made > CURRENT => Err(StoreError::Newer),
        Ok(made) => Ok(SchemaState::Made(made)),
        Err(_) => Err(StoreError::Damaged),
    }
}

/// Switches the file to WAL mode, which the file keeps. SQLite does not wait for another
/// process that switches the mode too.
fn enter_wal_mode(connection: &Connection) -> Result<(), StoreError> {
    // Fetched to the end, since the commit and its errors come after the row.
    let enter = || -> rusqlite::Result<()> {
        let mut pragma = connection.prepare("PRAGMA journal_mode = WAL")?;
        let mut rows = pragma.query(())?;
        while rows.next()?.is_some() {}
        Ok(())
    };
    for _ in 1..MAX_ATTEMPTS {
        match enter().map_err(StoreError::from) {
            Err(StoreError::Busy) => sleep(PAUSE),
            entered => return entered,
        }
    }
    Err(StoreError::Busy)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: i64 = application_id(StoreKind::OpenAi);

    #[test]
    fn a_file_is_judged_by_its_numbers() {
        let judge =
            |application, version, tables| judge(application, version, tables, StoreKind::OpenAi);
        let steps = CURRENT as i64;
        assert_eq!(judge(0, 0, 0), Ok(SchemaState::Empty));
        assert_eq!(judge(OURS, steps, 3), Ok(SchemaState::Made(CURRENT)));
        assert_eq!(judge(OURS, 0, 1), Ok(SchemaState::Made(0)));
        assert_eq!(judge(OURS, steps + 1, 3), Err(StoreError::Newer));
        assert_eq!(judge(OURS, -1, 3), Err(StoreError::Damaged));
    }

    #[test]
    fn a_database_of_something_else_is_refused() {
        for (application, version, tables) in [(0, 0, 1), (0, 1, 0), (0x1234, 1, 3)] {
            let judged = judge(application, version, tables, StoreKind::OpenAi);
            assert!(matches!(judged, Err(StoreError::Refused { .. })));
        }
    }

    #[test]
    fn a_store_for_tests_is_not_opened_for_real_logins_nor_the_reverse() {
        let kinds = [StoreKind::OpenAi, StoreKind::Test];
        for (found, wanted) in [(kinds[0], kinds[1]), (kinds[1], kinds[0])] {
            let judged = judge(application_id(found), 1, 3, wanted);
            assert_eq!(judged, Err(StoreError::WrongKind { found, wanted }));
        }
    }
}
