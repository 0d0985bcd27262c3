//! Detection of a server that lacks acknowledged writes: a standby that was promoted before it
//! had them, a restored dump, a restored snapshot.
//!
//! A lost write may be that of a refresh, and the older refresh token can end its login. So
//! each process compares where the server stands in its log with where it stood before. What
//! was seen last is in memory and, for processes that begin later, in the table `store`.
//!
//! | the server now | then |
//! |---|---|
//! | the same system and timeline, at the same place or later | goes on |
//! | a later timeline, and its predecessor had a synchronous standby | is noted, with a warning |
//! | another one | `failover` is set in the table `store`, until a person accepts the loss |

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use crate::StoreError;
use crate::store::History;

/// How often a process writes to the table `store` where the server stands.
const NOTED: Duration = Duration::from_secs(60);

/// Where a server stands in its write-ahead log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    /// The identifier that `initdb` gave.
    system: i64,
    /// The object identifier of the database; a restored dump is in another database.
    database: i64,
    /// Rises with each promotion and each recovery to a point in time.
    timeline: i32,
    /// Bytes of the log that are on the disk.
    flushed: i64,
    /// Whether commits wait for a standby.
    synchronous: bool,
}

/// What one look at a server has shown.
#[derive(Clone, Copy, Debug)]
struct Look {
    now: Position,
    /// The table `store`: where the server stood; none before the first look.
    noted: Option<Position>,
    history: History,
}

/// What a process has seen before.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    position: Option<Position>,
    /// What the table `store` said.
    noted: Option<Position>,
    history: History,
    /// When this process wrote to the table `store`.
    wrote: Option<Instant>,
}

/// What a new position says about the writes up to the previous one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// They are there.
    Complete,
    /// They are there if the server was the synchronous standby.
    Promoted,
    /// They may be lost.
    Suspected,
}

/// The history of the servers that a process has been connected to.
#[derive(Debug, Default)]
pub(super) struct Watch(Mutex<Seen>);

impl Watch {
    /// What is known of the store's history.
    pub(super) fn history(&self) -> History {
        self.lock().history
    }

    /// Looks where the server stands, before anything else is done with this connection.
    pub(super) async fn look(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        // Before the look: the look of another connection may be later, and end sooner.
        let seen = *self.lock();
        let look = Look::at(connection).await?;
        match seen.verdict(&look) {
            Verdict::Suspected => {
                // Counts although it may be impossible to write it.
                self.suspect();
                suspect(connection).await?;
            }
            Verdict::Promoted => tracing::warn!(
                timeline = look.now.timeline,
                "a standby was promoted; nothing is lost if it was the synchronous one"
            ),
            Verdict::Complete => {}
        }
        let writes = !self.history().is_suspected && seen.is_to_be_noted(&look);
        if writes {
            note(connection, &look).await?;
        }
        self.keep(&look, writes);
        Ok(())
    }

    fn suspect(&self) {
        let was_suspected = std::mem::replace(&mut self.lock().history.is_suspected, true);
        if !was_suspected {
            tracing::error!(
                "the database may lack acknowledged writes: logins are served, but not refreshed until `chatgpt-oauth store accept-failover`"
            );
        }
    }

    fn keep(&self, look: &Look, wrote: bool) {
        let mut seen = self.lock();
        seen.position = Some(look.now);
        seen.noted = look.noted;
        if wrote {
            seen.wrote = Some(Instant::now());
        }
        if look.history.era > seen.history.era {
            if seen.history.is_suspected && !look.history.is_suspected {
                tracing::info!("the loss was accepted: logins are refreshed again");
            }
            seen.history = look.history;
        }
        seen.history.is_suspected |= look.history.is_suspected;
    }

    /// Nothing panics while it is locked, so poisoning is ignored.
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn verdict(&self, look: &Look) -> Verdict {
        if look.history.era > self.history.era {
            // What a process saw before a person accepted a loss is no news.
            return look.now.after(look.noted);
        }
        let flushed = |noted: Position| noted.flushed;
        let is_table_older = look.noted.map(flushed) < self.noted.map(flushed);
        match is_table_older || look.history.era < self.history.era {
            true => Verdict::Suspected,
            false => look.now.after(self.position.or(look.noted)),
        }
    }

    fn is_to_be_noted(&self, look: &Look) -> bool {
        let is_due = self.wrote.is_none_or(|wrote| wrote.elapsed() >= NOTED);
        let place = |at: Position| (at.system, at.database, at.timeline, at.synchronous);
        is_due || look.noted.map(place) != Some(place(look.now))
    }
}

impl Position {
    fn after(self, before: Option<Self>) -> Verdict {
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
    fn from_columns(row: &PgRow, first: usize) -> Result<Option<Self>, StoreError> {
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
}

impl Look {
    /// The functions need no rights. What is flushed survives a crash of the machine, what is
    /// only written does not.
    async fn at(connection: &mut PgConnection) -> Result<Self, StoreError> {
        const LOOK: &str = "SELECT control.system_identifier,
                (SELECT oid FROM pg_database WHERE datname = current_database())::bigint,
                ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::integer,
                (pg_current_wal_flush_lsn() - '0/0')::bigint,
                current_setting('synchronous_standby_names') <> '',
                system, database, timeline, flushed, synchronous, failover,
                coalesce((extract(epoch FROM accepted_at) * 1000000)::bigint, 0)
            FROM pg_control_system() control, chatgpt_oauth.store";
        let row = sqlx::query(LOOK).fetch_one(connection).await?;
        Ok(Self {
            now: Position::from_columns(&row, 0)?.ok_or(StoreError::Corrupt)?,
            noted: Position::from_columns(&row, 5)?,
            history: History {
                is_suspected: row.try_get(10)?,
                era: row.try_get(11)?,
            },
        })
    }
}

/// Writes where the server stands, unless another process knows better.
async fn note(connection: &mut PgConnection, look: &Look) -> Result<(), StoreError> {
    const NOTE: &str = "UPDATE chatgpt_oauth.store
        SET system = $1, database = $2, timeline = $3, flushed = $4, synchronous = $5
        WHERE NOT failover AND coalesce(timeline, 0) <= $3
          AND (timeline IS DISTINCT FROM $3 OR flushed <= $4)";
    let note = sqlx::query(NOTE)
        .bind(look.now.system)
        .bind(look.now.database)
        .bind(look.now.timeline)
        .bind(look.now.flushed)
        .bind(look.now.synchronous);
    note.execute(connection).await?;
    Ok(())
}

async fn suspect(connection: &mut PgConnection) -> Result<(), StoreError> {
    let suspect = "UPDATE chatgpt_oauth.store SET failover = true WHERE NOT failover";
    sqlx::query(suspect).execute(connection).await?;
    Ok(())
}

/// Accepts that writes are lost, and what the server has now. Returns whether a loss was
/// suspected.
pub(super) async fn accept(connection: &mut PgConnection) -> Result<bool, StoreError> {
    const ACCEPT: &str = "UPDATE chatgpt_oauth.store
        SET failover = false,
            system = NULL, database = NULL, timeline = NULL, flushed = NULL, synchronous = NULL,
            accepted_at = greatest(clock_timestamp(), accepted_at + interval '1 microsecond')
        WHERE failover";
    let accepted = sqlx::query(ACCEPT).execute(connection).await?;
    Ok(accepted.rows_affected() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: Position = Position {
        system: 7,
        database: 5,
        timeline: 3,
        flushed: 100,
        synchronous: false,
    };

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

    /// Faults: S29
    #[test]
    fn a_table_that_says_less_than_before_comes_from_a_backup() {
        let look = |noted| Look {
            now: BEFORE,
            noted,
            history: History::default(),
        };
        let seen = Seen {
            noted: Some(BEFORE),
            ..Seen::default()
        };
        let older = Position {
            flushed: 99,
            ..BEFORE
        };
        for noted in [None, Some(older)] {
            assert_eq!(seen.verdict(&look(noted)), Verdict::Suspected);
        }
        assert_eq!(seen.verdict(&look(Some(BEFORE))), Verdict::Complete);
    }

    #[test]
    fn what_a_process_saw_counts_before_the_table_unless_a_person_has_accepted_since() {
        let now = Position {
            timeline: 4,
            ..BEFORE
        };
        let look = |era| Look {
            now,
            noted: Some(now),
            history: History {
                era,
                is_suspected: false,
            },
        };
        let seen = Seen {
            position: Some(BEFORE),
            ..Seen::default()
        };
        assert_eq!(seen.verdict(&look(0)), Verdict::Suspected);
        assert_eq!(seen.verdict(&look(1)), Verdict::Complete);
        assert_eq!(Seen::default().verdict(&look(0)), Verdict::Complete);
    }
}
