//! The operations of a [`Schedule`] in SQL.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, ToSql, params_from_iter};

use super::{SqliteStore, with_cause};
use crate::schedule::{LONGEST_PAUSE, Paused, Schedule, stored};
use crate::{ProfileName, StoreError};

type Parameter = Box<dyn ToSql + Send>;

#[async_trait]
impl Schedule for SqliteStore {
    async fn set_due(&self, profile: &ProfileName, at: u64) -> Result<(), StoreError> {
        let set = "INSERT INTO due (profile, at) VALUES (?1, ?2)
                   ON CONFLICT (profile) DO UPDATE SET at = excluded.at";
        self.write(set, vec![text(profile.as_str()), time(at)])
            .await
    }

    async fn add_due(&self, profile: &ProfileName, at: u64) -> Result<(), StoreError> {
        let add = "INSERT INTO due (profile, at) VALUES (?1, ?2) ON CONFLICT (profile) DO NOTHING";
        self.write(add, vec![text(profile.as_str()), time(at)])
            .await
    }

    async fn remove_due(&self, profile: &ProfileName) -> Result<(), StoreError> {
        let remove = "DELETE FROM due WHERE profile = ?1";
        self.write(remove, vec![text(profile.as_str())]).await
    }

    async fn take_due(
        &self,
        now: u64,
        next: u64,
        limit: u32,
    ) -> Result<Vec<ProfileName>, StoreError> {
        let (now, next) = (stored(now), stored(next));
        let taken = self.writer()?.block(move |sqlite| {
            let mut take = sqlite.prepare_cached(
                "UPDATE due SET at = ?2 WHERE profile IN
                 (SELECT profile FROM due WHERE at <= ?1 ORDER BY at LIMIT ?3)
                 RETURNING profile",
            )?;
            // Fetched to the end, since the commit and its errors come after the first row.
            let taken = take.query_map((now, next, limit), |row| row.get(0))?;
            Ok(taken.collect::<rusqlite::Result<Vec<String>>>()?)
        });
        let taken = taken
            .await
            .map_err(|error| with_cause(error, self.path()))?;
        let names = taken.iter().map(|name| name.parse());
        names
            .collect::<Result<_, _>>()
            .map_err(|_| StoreError::Corrupt)
    }

    async fn count_due(&self, now: u64) -> Result<u64, StoreError> {
        let count = self.query(move |sqlite| {
            let count = "SELECT count(*) FROM due WHERE at <= ?1";
            Ok(sqlite.query_row(count, [stored(now)], |row| row.get::<_, i64>(0))?)
        });
        Ok(count.await?.unwrap_or(0).unsigned_abs())
    }

    async fn pause(&self, what: Paused, until: u64) -> Result<(), StoreError> {
        let pause = "INSERT INTO pause (what, until) VALUES (?1, ?2)
                     ON CONFLICT (what) DO UPDATE SET until = CASE
                         WHEN until > excluded.until + ?3 THEN excluded.until
                         ELSE max(until, excluded.until) END";
        self.write(
            pause,
            vec![text(what.as_str()), time(until), time(LONGEST_PAUSE)],
        )
        .await
    }

    async fn paused_until(&self, what: Paused) -> Result<u64, StoreError> {
        let until = self.query(move |sqlite| {
            let select = "SELECT until FROM pause WHERE what = ?1";
            let until = sqlite.query_row(select, [what.as_str()], |row| row.get::<_, i64>(0));
            Ok(until.optional()?)
        });
        Ok(until.await?.flatten().unwrap_or(0).unsigned_abs())
    }
}

impl SqliteStore {
    /// Executes a statement that writes and returns no rows.
    async fn write(
        &self,
        statement: &'static str,
        parameters: Vec<Parameter>,
    ) -> Result<(), StoreError> {
        let written = self.writer()?.block(move |sqlite| {
            let mut statement = sqlite.prepare_cached(statement)?;
            statement.execute(params_from_iter(&parameters))?;
            Ok(())
        });
        written
            .await
            .map_err(|error| with_cause(error, self.path()))
    }
}

fn text(text: &str) -> Parameter {
    Box::new(text.to_owned())
}

fn time(time: u64) -> Parameter {
    Box::new(stored(time))
}
