//! The operations of a [`Schedule`] in PostgreSQL's SQL.

use async_trait::async_trait;
use sqlx::Row as _;

use super::PostgresStore;
use crate::schedule::{LONGEST_PAUSE, Paused, Schedule, stored};
use crate::{ProfileName, StoreError};

#[async_trait]
impl Schedule for PostgresStore {
    async fn set_due(&self, profile: &ProfileName, at: u64) -> Result<(), StoreError> {
        const SET: &str = "INSERT INTO chatgpt_oauth.due (profile, at) VALUES ($1, $2)
                           ON CONFLICT (profile) DO UPDATE SET at = excluded.at";
        let set = sqlx::query(SET).bind(profile.as_str()).bind(stored(at));
        self.execute(set).await.map(drop)
    }

    async fn add_due(&self, profile: &ProfileName, at: u64) -> Result<(), StoreError> {
        const ADD: &str = "INSERT INTO chatgpt_oauth.due (profile, at) VALUES ($1, $2)
                           ON CONFLICT (profile) DO NOTHING";
        let add = sqlx::query(ADD).bind(profile.as_str()).bind(stored(at));
        self.execute(add).await.map(drop)
    }

    async fn remove_due(&self, profile: &ProfileName) -> Result<(), StoreError> {
        const REMOVE: &str = "DELETE FROM chatgpt_oauth.due WHERE profile = $1";
        let remove = sqlx::query(REMOVE).bind(profile.as_str());
        self.execute(remove).await.map(drop)
    }

    async fn take_due(
        &self,
        now: u64,
        next: u64,
        limit: u32,
    ) -> Result<Vec<ProfileName>, StoreError> {
        // Materialized: a plan that runs the subquery more than once would lock more rows.
        const TAKE: &str = "WITH taken AS MATERIALIZED (
                SELECT profile FROM chatgpt_oauth.due WHERE at <= $1
                ORDER BY at LIMIT $3 FOR UPDATE SKIP LOCKED
            )
            UPDATE chatgpt_oauth.due SET at = $2 FROM taken
            WHERE due.profile = taken.profile RETURNING due.profile";
        let take = sqlx::query(TAKE).bind(stored(now)).bind(stored(next));
        let taken = self.execute(take.bind(i64::from(limit))).await?;
        let names = taken.iter().map(|row| {
            let name: &str = row.try_get(0)?;
            name.parse().map_err(|_| StoreError::Corrupt)
        });
        names.collect()
    }

    async fn count_due(&self, now: u64) -> Result<u64, StoreError> {
        const COUNT: &str = "SELECT count(*) FROM chatgpt_oauth.due WHERE at <= $1";
        let count = self.query(|| sqlx::query(COUNT).bind(stored(now))).await?;
        let count: i64 = count.first().ok_or(StoreError::Corrupt)?.try_get(0)?;
        Ok(count.unsigned_abs())
    }

    async fn pause(&self, what: Paused, until: u64) -> Result<(), StoreError> {
        const PAUSE: &str = "INSERT INTO chatgpt_oauth.pause (what, until) VALUES ($1, $2)
            ON CONFLICT (what) DO UPDATE SET until = CASE
                WHEN pause.until > excluded.until + $3 THEN excluded.until
                ELSE greatest(pause.until, excluded.until) END";
        let pause = sqlx::query(PAUSE).bind(what.as_str()).bind(stored(until));
        self.execute(pause.bind(stored(LONGEST_PAUSE)))
            .await
            .map(drop)
    }

    async fn paused_until(&self, what: Paused) -> Result<u64, StoreError> {
        const SELECT: &str = "SELECT until FROM chatgpt_oauth.pause WHERE what = $1";
        let until = self
            .query(|| sqlx::query(SELECT).bind(what.as_str()))
            .await?;
        let until = until.first().map(|row| row.try_get::<i64, _>(0));
        Ok(until.transpose()?.unwrap_or(0).unsigned_abs())
    }
}
