//! The operations of a [`ServerStore`] in SQL.
//!
//! Entries are in the table `entry`. As in the table `record`, a write is one statement, the
//! rowid of an entry is its version, and SQLite never reuses a rowid.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::{SqliteStore, with_cause};
use crate::server_store::{Collection, Entry, EntryPlace, Owner};
use crate::{ServerStore, StoreError, Version};

#[async_trait]
impl ServerStore for SqliteStore {
    async fn entry(&self, collection: Collection, id: &str) -> Result<Option<Entry>, StoreError> {
        let id = id.to_owned();
        let found = self.query_entries(move |sqlite| {
            let mut select = sqlite.prepare_cached(
                "SELECT owner, id, version, value FROM entry WHERE collection = ?1 AND id = ?2",
            )?;
            let found = select.query_row([collection.as_str(), &id], columns);
            found
                .optional()?
                .map(|found| entry(collection, found))
                .transpose()
        });
        Ok(found.await?.flatten())
    }

    async fn swap_entry(
        &self,
        place: EntryPlace<'_>,
        expected: Option<Version>,
        value: &[u8],
    ) -> Result<Version, StoreError> {
        let collection = place.collection.as_str();
        let (owner, id) = (place.owner.as_str().to_owned(), place.id.to_owned());
        let expected = expected.map(|version| version.0);
        let value = value.to_vec();
        let written = self.writer()?.block(move |sqlite| {
            let mut swap = sqlite.prepare_cached(
                "INSERT OR REPLACE INTO entry (collection, owner, id, value)
                 SELECT ?1, ?2, ?3, ?4
                 WHERE (SELECT version FROM entry WHERE collection = ?1 AND id = ?3) IS ?5
                 AND NOT EXISTS (SELECT 1 FROM entry WHERE collection = ?1 AND id = ?3 AND owner <> ?2)
                 RETURNING version",
            )?;
            // Fetched to the end, since the commit and its errors come after the first row.
            let written = swap.query_map(params![collection, owner, id, value, expected], |row| {
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

    async fn remove_entry(
        &self,
        place: EntryPlace<'_>,
        expected: Version,
    ) -> Result<(), StoreError> {
        let collection = place.collection.as_str();
        let (owner, id) = (place.owner.as_str().to_owned(), place.id.to_owned());
        let removed = self.writer()?.block(move |sqlite| {
            let mut delete = sqlite.prepare_cached(
                "DELETE FROM entry
                 WHERE collection = ?1 AND owner = ?2 AND id = ?3 AND version = ?4",
            )?;
            Ok(delete.execute(params![collection, owner, id, expected.0])?)
        });
        let removed = removed
            .await
            .map_err(|error| with_cause(error, &self.path))?;
        match removed {
            0 => Err(StoreError::Conflict),
            _ => Ok(()),
        }
    }

    async fn entries(
        &self,
        collection: Collection,
        owner: Option<&Owner>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let owner = owner.map(|owner| owner.as_str().to_owned());
        // No id is empty.
        let after = after.unwrap_or_default().to_owned();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let page = self.query_entries(move |sqlite| {
            // One statement for each index, which holds the entries in the order of the page.
            let mut select = sqlite.prepare_cached(match owner {
                Some(_) => {
                    "SELECT owner, id, version, value FROM entry
                     WHERE collection = ?1 AND owner = ?2 AND id > ?3 ORDER BY id LIMIT ?4"
                }
                None => {
                    "SELECT owner, id, version, value FROM entry
                     WHERE collection = ?1 AND ?2 IS NULL AND id > ?3 ORDER BY id LIMIT ?4"
                }
            })?;
            let found = params![collection.as_str(), owner, after, limit];
            let found = select.query_map(found, columns)?;
            found.map(|found| entry(collection, found?)).collect()
        });
        Ok(page.await?.unwrap_or_default())
    }

    /// SQLite's `data_version`, which changes after another connection has written.
    async fn change_number(&self) -> Result<Option<i64>, StoreError> {
        self.query(|sqlite| {
            let number = sqlite.query_row("PRAGMA data_version", (), |row| row.get(0));
            Ok(number?)
        })
        .await
    }
}

impl SqliteStore {
    /// Reads entries; none if the file has no table of them.
    async fn query_entries<T: Send + 'static>(
        &self,
        work: impl Fn(&mut rusqlite::Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        match self.has_entries {
            true => self.query(work).await,
            false => Ok(None),
        }
    }
}

type Columns = (String, String, i64, Vec<u8>);

fn columns(row: &rusqlite::Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn entry(
    collection: Collection,
    (owner, id, version, value): Columns,
) -> Result<Entry, StoreError> {
    Ok(Entry {
        collection,
        owner: Owner::from_stored(&owner)?,
        id,
        version: Version(version),
        value,
    })
}
