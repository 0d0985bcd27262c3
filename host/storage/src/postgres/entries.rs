//! The operations of a [`ServerStore`] in PostgreSQL's SQL.

use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::PostgresStore;
use super::operations::version;
use crate::server_store::{Collection, Entry, EntryPlace, Owner};
use crate::{ServerStore, StoreError, Version};

#[async_trait]
impl ServerStore for PostgresStore {
    async fn entry(&self, collection: Collection, id: &str) -> Result<Option<Entry>, StoreError> {
        const SELECT: &str = "SELECT owner, id, version, value FROM chatgpt_oauth.entry
                              WHERE collection = $1 AND id = $2";
        let select = || sqlx::query(SELECT).bind(collection.as_str()).bind(id);
        let found = self.query(select).await?;
        found.first().map(|row| entry(collection, row)).transpose()
    }

    async fn swap_entry(
        &self,
        place: EntryPlace<'_>,
        expected: Option<Version>,
        value: &[u8],
    ) -> Result<Version, StoreError> {
        const INSERT: &str =
            "INSERT INTO chatgpt_oauth.entry (collection, owner, id, value, version)
             VALUES ($1, $2, $3, $4, nextval('chatgpt_oauth.version'))
             ON CONFLICT DO NOTHING RETURNING version";
        const UPDATE: &str = "UPDATE chatgpt_oauth.entry
                              SET value = $4, version = nextval('chatgpt_oauth.version')
                              WHERE collection = $1 AND owner = $2 AND id = $3 AND version = $5
                              RETURNING version";
        let swap = match expected {
            None => sqlx::query(INSERT),
            Some(_) => sqlx::query(UPDATE),
        };
        let (collection, owner) = (place.collection.as_str(), place.owner.as_str());
        let swap = swap.bind(collection).bind(owner).bind(place.id).bind(value);
        let swap = match expected {
            None => swap,
            Some(version) => swap.bind(version.0),
        };
        version(&self.execute(swap).await?)
    }

    async fn remove_entry(
        &self,
        place: EntryPlace<'_>,
        expected: Version,
    ) -> Result<(), StoreError> {
        const DELETE: &str = "DELETE FROM chatgpt_oauth.entry
                              WHERE collection = $1 AND owner = $2 AND id = $3 AND version = $4
                              RETURNING version";
        let (collection, owner) = (place.collection.as_str(), place.owner.as_str());
        let delete = sqlx::query(DELETE).bind(collection).bind(owner);
        let delete = delete.bind(place.id).bind(expected.0);
        version(&self.execute(delete).await?).map(drop)
    }

    async fn entries(
        &self,
        collection: Collection,
        owner: Option<&Owner>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        const OF_ALL: &str = "SELECT owner, id, version, value FROM chatgpt_oauth.entry
                              WHERE collection = $1 AND id > $2 ORDER BY id LIMIT $3";
        const OF_OWNER: &str = "SELECT owner, id, version, value FROM chatgpt_oauth.entry
                                WHERE collection = $1 AND id > $2 AND owner = $4
                                ORDER BY id LIMIT $3";
        // No id is empty.
        let after = after.unwrap_or_default();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let select = || {
            let select = sqlx::query(match owner {
                None => OF_ALL,
                Some(_) => OF_OWNER,
            });
            let select = select.bind(collection.as_str()).bind(after).bind(limit);
            match owner {
                None => select,
                Some(owner) => select.bind(owner.as_str()),
            }
        };
        let page = self.query(select).await?;
        page.iter().map(|row| entry(collection, row)).collect()
    }
}

fn entry(collection: Collection, row: &PgRow) -> Result<Entry, StoreError> {
    Ok(Entry {
        collection,
        owner: Owner::from_stored(row.try_get(0)?)?,
        id: row.try_get(1)?,
        version: Version(row.try_get(2)?),
        value: row.try_get(3)?,
    })
}
