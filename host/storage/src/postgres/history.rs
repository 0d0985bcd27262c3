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

use sqlx::{PgConnection, Row};

use super::position::{self, Position, Verdict};
use crate::StoreError;
use crate::store::History;

/// How often a process writes to the table `store` where the server stands.
const NOTED: Duration = Duration::from_secs(60);

/// For a service that does not permit the functions, as some that manage PostgreSQL.
const HIDDEN: &str = "the database does not say where it stands in its log \
    (pg_control_system, pg_current_wal_flush_lsn), so that lost logins would go unnoticed";

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
    /// When this process wrote to the table `store`, or began.
    wrote: Option<Instant>,
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

    /// Accepts that writes are lost: what the server has now is the latest. Returns whether the
    /// store had the mark. A process that could not set the mark is heard too: a new era clears
    /// what any process suspects.
    pub(super) async fn accept(&self, connection: &mut PgConnection) -> Result<bool, StoreError> {
        const ACCEPT: &str = "UPDATE chatgpt_oauth.store
            SET system = $1, database = $2, timeline = $3, flushed = $4, synchronous = $5,
                failover = false,
                accepted_at = greatest(clock_timestamp(), accepted_at + interval '1 microsecond')";
        let look = Look::at(connection).await?;
        look.now.bound_to(ACCEPT).execute(&mut *connection).await?;
        self.look(connection).await?;
        Ok(look.history.is_suspected)
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
        if look.history.era < seen.history.era && !seen.history.is_suspected {
            // It began before a person accepted a loss, and ends after another look.
            return;
        }
        seen.position = Some(look.now);
        seen.noted = look.noted;
        // A process that lives less than that writes nothing.
        if wrote || seen.wrote.is_none() {
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
            // A process that has slept knows less than the table.
            false => {
                let (seen, noted) = (look.now.after(self.position), look.now.after(look.noted));
                seen.max(noted)
            }
        }
    }

    fn is_to_be_noted(&self, look: &Look) -> bool {
        let is_due = self.wrote.is_some_and(|wrote| wrote.elapsed() >= NOTED);
        let place = |at: Position| (at.system, at.database, at.timeline, at.synchronous);
        is_due || look.noted.map(place) != Some(place(look.now))
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
        let row = sqlx::query(LOOK).fetch_one(connection).await;
        let row = row.map_err(|error| match position::is_hidden(&error) {
            true => StoreError::Unusable(HIDDEN.into()),
            false => error.into(),
        })?;
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
    look.now.bound_to(NOTE).execute(connection).await?;
    Ok(())
}

async fn suspect(connection: &mut PgConnection) -> Result<(), StoreError> {
    let suspect = "UPDATE chatgpt_oauth.store SET failover = true WHERE NOT failover";
    sqlx::query(suspect).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::position::BEFORE;
    use super::*;

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
