//! The rows of another store, copied as they are: sealed, with their versions, under the
//! identity of that store.

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{Postgres, Row as _, Transaction};

use super::PostgresStore;
use crate::StoreError;
use crate::copy::{AsideRow, ProfileRow};
use crate::server_store::Entry;

/// A copy under way. Nothing of it is visible before it is finished.
pub(crate) struct Import {
    transaction: Transaction<'static, Postgres>,
}

/// What a database holds before a copy.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Empty,
    /// The copy of the store with this identity.
    Copied,
    /// Logins or keys of another store.
    InUse,
}

impl PostgresStore {
    /// Begins a copy. A write by another process fails as busy after 3 s.
    pub(crate) async fn import(&self) -> Result<Import, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let patience = "SET LOCAL statement_timeout = 0";
        sqlx::query(patience).execute(&mut *transaction).await?;
        let lock = "LOCK TABLE chatgpt_oauth.store, chatgpt_oauth.record, chatgpt_oauth.aside,
                    chatgpt_oauth.entry IN EXCLUSIVE MODE";
        sqlx::query(lock).execute(&mut *transaction).await?;
        Ok(Import { transaction })
    }
}

impl Import {
    /// Which database this is: another one has another place, also after a restore of a dump.
    pub(crate) async fn place(&mut self) -> Result<String, StoreError> {
        let select = "SELECT system_identifier || '/' || oid
                      FROM pg_control_system(), pg_database WHERE datname = current_database()";
        let found = sqlx::query(select).fetch_one(&mut *self.transaction);
        Ok(found.await?.try_get(0)?)
    }

    /// What the database holds, for a copy of the store with this identity.
    pub(crate) async fn target(&mut self, identity: &str) -> Result<Target, StoreError> {
        let select = "SELECT identity = $1,
                        EXISTS (SELECT FROM chatgpt_oauth.record)
                        OR EXISTS (SELECT FROM chatgpt_oauth.aside)
                        OR EXISTS (SELECT FROM chatgpt_oauth.entry)
                      FROM chatgpt_oauth.store";
        let select = sqlx::query(select).bind(identity);
        let found = select.fetch_one(&mut *self.transaction).await?;
        Ok(match (found.try_get(0)?, found.try_get(1)?) {
            (true, _) => Target::Copied,
            (false, true) => Target::InUse,
            (false, false) => Target::Empty,
        })
    }

    pub(crate) async fn rows(&mut self, rows: &[ProfileRow]) -> Result<(), StoreError> {
        let insert = "INSERT INTO chatgpt_oauth.record (profile, key, version, value)
                      SELECT * FROM UNNEST($1::text[], $2::text[], $3::bigint[], $4::bytea[])";
        let insert = sqlx::query(insert)
            .bind(column(rows, |row| row.profile.clone()))
            .bind(column(rows, |row| row.row.key.clone()))
            .bind(column(rows, |row| row.row.version.0))
            .bind(column(rows, |row| row.row.value.clone()));
        self.execute(insert).await
    }

    pub(crate) async fn aside(&mut self, rows: &[AsideRow]) -> Result<(), StoreError> {
        let insert = "INSERT INTO chatgpt_oauth.aside (profile, key, version, value, since)
                      SELECT * FROM
                      UNNEST($1::text[], $2::text[], $3::bigint[], $4::bytea[], $5::bigint[])";
        let insert = sqlx::query(insert)
            .bind(column(rows, |row| row.profile.clone()))
            .bind(column(rows, |row| row.key.clone()))
            .bind(column(rows, |row| row.version))
            .bind(column(rows, |row| row.value.clone()))
            .bind(column(rows, |row| row.since));
        self.execute(insert).await
    }

    pub(crate) async fn entries(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        let insert = "INSERT INTO chatgpt_oauth.entry (collection, owner, id, version, value)
                      SELECT * FROM
                      UNNEST($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bytea[])";
        let insert = sqlx::query(insert)
            .bind(column(entries, |entry| entry.collection.to_string()))
            .bind(column(entries, |entry| entry.owner.as_str().to_owned()))
            .bind(column(entries, |entry| entry.id.clone()))
            .bind(column(entries, |entry| entry.version.0))
            .bind(column(entries, |entry| entry.value.clone()));
        self.execute(insert).await
    }

    /// Gives the database the identity of the other store, and later versions than that has
    /// given. After an error the copy may be finished.
    pub(crate) async fn finish(
        mut self,
        identity: &str,
        last_version: i64,
    ) -> Result<(), StoreError> {
        let update = "UPDATE chatgpt_oauth.store SET identity = $1";
        self.execute(sqlx::query(update).bind(identity)).await?;
        let next = "SELECT setval('chatgpt_oauth.version', $1)";
        let next = sqlx::query(next).bind(last_version.max(1));
        self.execute(next).await?;
        Ok(self.transaction.commit().await?)
    }

    async fn execute(
        &mut self,
        statement: Query<'_, Postgres, PgArguments>,
    ) -> Result<(), StoreError> {
        statement.execute(&mut *self.transaction).await?;
        Ok(())
    }
}

fn column<R, T>(rows: &[R], value: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}
