//! The operations of a [`Store`] in SQL.
//!
//! Rows are in the table `record`, and quarantined values in `aside`. A write of a row is one
//! statement, which needs no explicit transaction: it replaces the row if the row has the
//! expected version. The rowid of the new row is its version. SQLite never reuses a rowid
//! (`AUTOINCREMENT`).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, TransactionBehavior, params};

use super::{ROOM, SqliteStore, file, with_cause};
use crate::{ProfileName, Row, ServerStore, Store, StoreError, StoreKind, Version};

/// How long quarantined values are kept at least.
const QUARANTINE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A page of profiles.
pub(super) const LIST: &str = "SELECT DISTINCT profile FROM record
     WHERE value IS NOT NULL AND profile > ?1 ORDER BY profile LIMIT ?2";

#[async_trait]
impl Store for SqliteStore {
    fn kind(&self) -> StoreKind {
        self.kind
    }

    fn identity(&self) -> Option<&str> {
        self.identity.as_deref()
    }

    fn server_store(self: Arc<Self>) -> Option<Arc<dyn ServerStore>> {
        Some(self)
    }

    async fn load(&self, profile: &ProfileName) -> Result<Vec<Row>, StoreError> {
        let profile = profile.clone();
        let rows = self.query(move |sqlite| {
            let mut select = sqlite
                .prepare_cached("SELECT key, version, value FROM record WHERE profile = ?1")?;
            let rows = select.query_map([profile.as_str()], row)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        });
        Ok(rows.await?.unwrap_or_default())
    }

    async fn read(&self, profile: &ProfileName, key: &str) -> Result<Option<Row>, StoreError> {
        let (profile, key) = (profile.clone(), key.to_owned());
        let found = self.query(move |sqlite| {
            let mut select = sqlite.prepare_cached(
                "SELECT key, version, value FROM record WHERE profile = ?1 AND key = ?2",
            )?;
            Ok(select.query_row([profile.as_str(), &key], row).optional()?)
        });
        Ok(found.await?.flatten())
    }

    async fn compare_and_swap(
        &self,
        profile: &ProfileName,
        key: &str,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, StoreError> {
        let (profile, key) = (profile.clone(), key.to_owned());
        let expected = expected.map(|version| version.0);
        let value = value.map(<[u8]>::to_vec);
        let written = self.writer()?.block(move |sqlite| {
            let mut swap = sqlite.prepare_cached(
                "INSERT OR REPLACE INTO record (profile, key, value)
                 SELECT ?1, ?2, ?3
                 WHERE (SELECT version FROM record WHERE profile = ?1 AND key = ?2) IS ?4
                 RETURNING version",
            )?;
            // Fetched to the end, since the commit and its errors come after the first row.
            let written = swap
                .query_map(params![profile.as_str(), key, value, expected], |row| {
                    row.get(0)
                })?;
            Ok(written.collect::<rusqlite::Result<Vec<i64>>>()?)
        });
        let written = written
            .await
            .map_err(|error| with_cause(error, &self.path))?;
        let written = written.first().ok_or(StoreError::Conflict)?;
        Ok(Version(*written))
    }

    async fn list(
        &self,
        after: Option<&ProfileName>,
        limit: usize,
    ) -> Result<Vec<ProfileName>, StoreError> {
        // No name is empty.
        let after = after.map_or_else(String::new, ToString::to_string);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let names = self.query(move |sqlite| {
            let mut select = sqlite.prepare_cached(LIST)?;
            let names = select.query_map(params![after, limit], |row| row.get(0))?;
            let name =
                |name: rusqlite::Result<String>| name?.parse().map_err(|_| StoreError::Corrupt);
            names.map(name).collect()
        });
        Ok(names.await?.unwrap_or_default())
    }

    async fn quarantine(
        &self,
        profile: &ProfileName,
        key: &str,
        now: u64,
    ) -> Result<bool, StoreError> {
        let (profile, key) = (profile.clone(), key.to_owned());
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let moved = self.writer()?.block(move |sqlite| {
            let transaction = sqlite.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute(
                "DELETE FROM aside WHERE since < ?1",
                [now.saturating_sub(QUARANTINE.as_secs().cast_signed())],
            )?;
            let moved = transaction.execute(
                "INSERT INTO aside (profile, key, version, value, since)
                 SELECT profile, key, version, value, ?3 FROM record
                 WHERE profile = ?1 AND key = ?2 AND value IS NOT NULL",
                params![profile.as_str(), key, now],
            )?;
            transaction.execute(
                "INSERT OR REPLACE INTO record (profile, key, value)
                 SELECT profile, key, NULL FROM record
                 WHERE profile = ?1 AND key = ?2 AND value IS NOT NULL",
                [profile.as_str(), &key],
            )?;
            transaction.commit()?;
            Ok(moved > 0)
        });
        moved.await
    }

    async fn check_room(&self) -> Result<(), StoreError> {
        if file::check_growth(&self.path, ROOM).is_ok() {
            return Ok(());
        }
        // The journal may hold pages that the store has already. If it cannot be emptied, its
        // length stays the same.
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        let emptied = self
            .writer()?
            .block(|sqlite| Ok(sqlite.execute_batch(checkpoint)?));
        _ = emptied.await;
        file::check_growth(&self.path, ROOM)
    }

    async fn check_writable(&self) -> Result<(), StoreError> {
        self.check_room().await?;
        let update = "UPDATE store SET identity = identity";
        let updated = self
            .writer()?
            .block(|sqlite| Ok(sqlite.execute_batch(update)?));
        updated
            .await
            .map_err(|error| with_cause(error, &self.path))?;
        match self.moved_to().await? {
            Some(_) => Err(StoreError::Moved),
            None => Ok(()),
        }
    }
}

impl SqliteStore {
    /// The database into which the store was moved.
    pub(crate) async fn moved_to(&self) -> Result<Option<String>, StoreError> {
        let select = "SELECT moved_to FROM store";
        let moved = self.query(|sqlite| Ok(sqlite.query_row(select, (), |row| row.get(0))?));
        Ok(moved.await?.flatten())
    }
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        key: row.get(0)?,
        version: Version(row.get(1)?),
        value: row.get(2)?,
    })
}
