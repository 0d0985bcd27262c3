//! What a copy to a database reads of the file, and the mark that the file has moved.

use rusqlite::params;

use super::{SqliteStore, with_cause};
use crate::copy::{AsideRow, ProfileRow};
use crate::server_store::{Collection, Entry, Owner};
use crate::{Row, StoreError, Version};

impl SqliteStore {
    /// Marks the store as moved into this database, or removes the mark. A marked store takes
    /// no writes.
    pub(crate) async fn mark_moved(&self, to: Option<&str>) -> Result<(), StoreError> {
        let to = to.map(str::to_owned);
        let marked = self.writer()?.block(move |sqlite| {
            sqlite.execute("UPDATE store SET moved_to = ?1", [to])?;
            Ok(())
        });
        marked.await.map_err(|error| with_cause(error, self.path()))
    }

    /// The highest version that the store has given.
    pub(crate) async fn last_version(&self) -> Result<i64, StoreError> {
        let select = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence";
        let last = self.query(|sqlite| Ok(sqlite.query_row(select, (), |row| row.get(0))?));
        Ok(last.await?.unwrap_or(0))
    }

    /// At most `limit` rows with a higher version, in order.
    pub(crate) async fn rows_after(
        &self,
        version: i64,
        limit: u32,
    ) -> Result<Vec<ProfileRow>, StoreError> {
        let rows = self.query(move |sqlite| {
            let mut select = sqlite.prepare_cached(
                "SELECT profile, key, version, value FROM record
                 WHERE version > ?1 ORDER BY version LIMIT ?2",
            )?;
            let rows = select.query_map(params![version, limit], |row| {
                Ok(ProfileRow {
                    profile: row.get(0)?,
                    row: Row {
                        key: row.get(1)?,
                        version: Version(row.get(2)?),
                        value: row.get(3)?,
                    },
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        });
        Ok(rows.await?.unwrap_or_default())
    }

    /// All quarantined values.
    pub(crate) async fn aside(&self) -> Result<Vec<AsideRow>, StoreError> {
        let rows = self.query(|sqlite| {
            let mut select =
                sqlite.prepare("SELECT profile, key, version, value, since FROM aside")?;
            let rows = select.query_map((), |row| {
                Ok(AsideRow {
                    profile: row.get(0)?,
                    key: row.get(1)?,
                    version: row.get(2)?,
                    value: row.get(3)?,
                    since: row.get(4)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        });
        Ok(rows.await?.unwrap_or_default())
    }

    /// At most `limit` entries with a higher version, in order.
    pub(crate) async fn entries_after(
        &self,
        version: i64,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        type Columns = (String, String, String, i64, Vec<u8>);
        let rows = self.query(move |sqlite| {
            let mut select = sqlite.prepare_cached(
                "SELECT collection, owner, id, version, value FROM entry
                 WHERE version > ?1 ORDER BY version LIMIT ?2",
            )?;
            let rows = select.query_map(params![version, limit], |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                ))
            })?;
            Ok(rows.collect::<rusqlite::Result<Vec<Columns>>>()?)
        });
        let rows = rows.await?.unwrap_or_default().into_iter();
        let entries = rows.map(|(collection, owner, id, version, value)| {
            Ok(Entry {
                collection: Collection::from_stored(&collection)?,
                owner: Owner::from_stored(&owner)?,
                id,
                version: Version(version),
                value,
            })
        });
        entries.collect()
    }
}
