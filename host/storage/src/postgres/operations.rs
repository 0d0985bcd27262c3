//! The operations of a [`Store`] in PostgreSQL's SQL.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::{PostgresStore, Statement};
use crate::clock::ClockOffset;
use crate::store::{History, StoreConnections};
use crate::{
    Change, Changes, ProfileName, Row, ServerStore, Store, StoreError, StoreKind, Version,
};

/// How long quarantined values are kept at least.
const QUARANTINE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A page of profiles.
pub(super) const LIST: &str = "SELECT DISTINCT profile FROM chatgpt_oauth.record
                               WHERE value IS NOT NULL AND profile > $1
                               ORDER BY profile LIMIT $2";

#[async_trait]
impl Store for PostgresStore {
    fn kind(&self) -> StoreKind {
        self.kind
    }

    fn identity(&self) -> Option<&str> {
        Some(&self.identity)
    }

    fn history(&self) -> History {
        self.server.watch.history()
    }

    fn clock_offset(&self) -> Option<ClockOffset> {
        self.server.clock.offset()
    }

    fn server_store(self: Arc<Self>) -> Option<Arc<dyn ServerStore>> {
        Some(self)
    }

    async fn load(&self, profile: &ProfileName) -> Result<Vec<Row>, StoreError> {
        const SELECT: &str = "SELECT key, version, value FROM chatgpt_oauth.record
                              WHERE profile = $1 ORDER BY key";
        let select = || sqlx::query(SELECT).bind(profile.as_str());
        self.query(select).await?.iter().map(row).collect()
    }

    async fn read(&self, profile: &ProfileName, key: &str) -> Result<Option<Row>, StoreError> {
        const SELECT: &str = "SELECT key, version, value FROM chatgpt_oauth.record
                              WHERE profile = $1 AND key = $2";
        let select = || sqlx::query(SELECT).bind(profile.as_str()).bind(key);
        self.query(select).await?.first().map(row).transpose()
    }

    async fn compare_and_swap(
        &self,
        profile: &ProfileName,
        key: &str,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, StoreError> {
        let swap = swap(profile, key, expected, value);
        version(&self.execute(swap).await?)
    }

    async fn swap_unless_suspected(
        &self,
        profile: &ProfileName,
        key: &str,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, StoreError> {
        let swap = swap(profile, key, expected, value);
        version(&self.execute_unless_suspected(swap).await?)
    }

    async fn list(
        &self,
        after: Option<&ProfileName>,
        limit: usize,
    ) -> Result<Vec<ProfileName>, StoreError> {
        // No name is empty.
        let after = after.map_or("", ProfileName::as_str);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let names = self
            .query(|| sqlx::query(LIST).bind(after).bind(limit))
            .await?;
        let name = |row: &PgRow| {
            let name: &str = row.try_get(0)?;
            name.parse().map_err(|_| StoreError::Corrupt)
        };
        names.iter().map(name).collect()
    }

    async fn quarantine(
        &self,
        profile: &ProfileName,
        key: &str,
        now: u64,
    ) -> Result<bool, StoreError> {
        // The row is locked before it is read, so that the value which is put aside is the one
        // that is removed.
        const MOVE: &str = "WITH found AS (
                SELECT profile, key, version, value FROM chatgpt_oauth.record
                WHERE profile = $1 AND key = $2 AND value IS NOT NULL FOR UPDATE
            ), expired AS (
                DELETE FROM chatgpt_oauth.aside WHERE since < $4
            ), kept AS (
                INSERT INTO chatgpt_oauth.aside (profile, key, version, value, since)
                SELECT profile, key, version, value, $3 FROM found
            )
            UPDATE chatgpt_oauth.record
            SET value = NULL, version = nextval('chatgpt_oauth.version')
            FROM found
            WHERE record.profile = found.profile AND record.key = found.key
            RETURNING record.version";
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let oldest = now.saturating_sub(QUARANTINE.as_secs().cast_signed());
        let moved = sqlx::query(MOVE).bind(profile.as_str()).bind(key);
        let moved = self.execute(moved.bind(now).bind(oldest)).await?;
        Ok(!moved.is_empty())
    }

    async fn check_writable(&self) -> Result<(), StoreError> {
        let update = "UPDATE chatgpt_oauth.store SET identity = identity";
        self.execute(sqlx::query(update)).await.map(drop)
    }

    fn connections(&self) -> Option<StoreConnections> {
        let open = self.pool.size();
        let idle = u32::try_from(self.pool.num_idle())
            .unwrap_or(open)
            .min(open);
        Some(StoreConnections {
            used: open - idle,
            idle,
        })
    }

    async fn announce(&self, change: &Change) -> Result<(), StoreError> {
        self.notify(change).await
    }

    fn changes(&self) -> Option<Changes> {
        Some(self.listen())
    }
}

/// The conditional write of a row.
fn swap<'a>(
    profile: &'a ProfileName,
    key: &'a str,
    expected: Option<Version>,
    value: Option<&'a [u8]>,
) -> Statement<'a> {
    const INSERT: &str = "INSERT INTO chatgpt_oauth.record (profile, key, value, version)
                          VALUES ($1, $2, $3, nextval('chatgpt_oauth.version'))
                          ON CONFLICT DO NOTHING RETURNING version";
    const UPDATE: &str = "UPDATE chatgpt_oauth.record
                          SET value = $3, version = nextval('chatgpt_oauth.version')
                          WHERE profile = $1 AND key = $2 AND version = $4
                          RETURNING version";
    let swap = match expected {
        None => sqlx::query(INSERT),
        Some(_) => sqlx::query(UPDATE),
    };
    let swap = swap.bind(profile.as_str()).bind(key).bind(value);
    match expected {
        None => swap,
        Some(version) => swap.bind(version.0),
    }
}

/// The version that a conditional write returns; it returns none after a conflict.
pub(super) fn version(written: &[PgRow]) -> Result<Version, StoreError> {
    let written = written.first().ok_or(StoreError::Conflict)?;
    Ok(Version(written.try_get(0)?))
}

fn row(row: &PgRow) -> Result<Row, StoreError> {
    Ok(Row {
        key: row.try_get(0)?,
        version: Version(row.try_get(1)?),
        value: row.try_get(2)?,
    })
}
