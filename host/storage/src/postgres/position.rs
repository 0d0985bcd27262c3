//! Where a server stands in its write-ahead log.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row};

use crate::StoreError;

/// Where a server stands in its write-ahead log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// The identifier that `initdb` gave.
    pub(super) system: i64,
    /// The object identifier of the database; a restored dump is in another database.
    pub(super) database: i64,
    /// Rises with each promotion and each recovery to a point in time.
    pub(super) timeline: i32,
    /// Bytes of the log that are on the disk.
    pub(super) flushed: i64,
    /// Whether commits wait for a standby.
    pub(super) synchronous: bool,
}

/// What a new position says about the writes up to the previous one; the worst comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// They are there.
    Complete,
    /// They are there if the server was the synchronous standby.
    Promoted,
    /// They may be lost.
    Suspected,
}

impl Position {
    /// What this position says of the server that stood there before.
    pub(super) fn after(self, before: Option<Self>) -> Verdict {
        let Some(before) = before else {
            return Verdict::Complete;
        };
        let place = |at: Self| (at.system, at.database);
        if place(self) != place(before) || self.timeline < before.timeline {
            return Verdict::Suspected;
        }
        match self.timeline > before.timeline {
            true if before.synchronous => Verdict::Promoted,
            false if self.flushed >= before.flushed => Verdict::Complete,
            _ => Verdict::Suspected,
        }
    }

    /// From five columns, of which the first is null if there is no position.
    pub(super) fn from_columns(row: &PgRow, first: usize) -> Result<Option<Self>, StoreError> {
        let Some(system) = row.try_get(first)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            system,
            database: row.try_get(first + 1)?,
            timeline: row.try_get(first + 2)?,
            flushed: row.try_get(first + 3)?,
            synchronous: row.try_get(first + 4)?,
        }))
    }

    /// A statement whose first five parameters are this position.
    pub(super) fn bound_to(self, statement: &'static str) -> Query<'static, Postgres, PgArguments> {
        sqlx::query(statement)
            .bind(self.system)
            .bind(self.database)
            .bind(self.timeline)
            .bind(self.flushed)
            .bind(self.synchronous)
    }
}

/// Whether the server has not the functions that show its position, or does not permit them.
pub(super) fn is_hidden(error: &sqlx::Error) -> bool {
    let state = error.as_database_error().and_then(|error| error.code());
    matches!(
        state.as_deref(),
        Some("55000" | "0A000" | "42883" | "42501")
    )
}

/// Where a server stood before, in tests.
#[cfg(test)]
pub(super) const BEFORE: Position = Position {
    system: 7,
    database: 5,
    timeline: 3,
    flushed: 100,
    synchronous: false,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_stands_where_its_predecessor_did_or_later_has_all_writes() {
        for flushed in [100, 101] {
            let now = Position { flushed, ..BEFORE };
            assert_eq!(now.after(Some(BEFORE)), Verdict::Complete);
        }
    }

    /// Faults: S19 S29
    #[test]
    fn another_system_an_earlier_place_and_another_timeline_may_lack_writes() {
        for now in [
            Position {
                system: 8,
                ..BEFORE
            },
            Position {
                database: 6,
                ..BEFORE
            },
            Position {
                flushed: 99,
                ..BEFORE
            },
            Position {
                timeline: 2,
                ..BEFORE
            },
            Position {
                timeline: 4,
                ..BEFORE
            },
        ] {
            assert_eq!(now.after(Some(BEFORE)), Verdict::Suspected, "{now:?}");
        }
    }

    #[test]
    fn a_later_timeline_after_synchronous_commits_has_them() {
        let before = Position {
            synchronous: true,
            ..BEFORE
        };
        let now = Position {
            timeline: 4,
            flushed: 90,
            ..BEFORE
        };
        assert_eq!(now.after(Some(before)), Verdict::Promoted);
        let elsewhere = Position { system: 8, ..now };
        assert_eq!(elsewhere.after(Some(before)), Verdict::Suspected);
    }
}
