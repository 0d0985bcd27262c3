//! A store in a PostgreSQL database, for any number of hosts.
//!
//! | file | holds |
//! |---|---|
//! | `connection.rs` | the options of a connection, and the pool |
//! | `guard.rs` | a connection that is closed when its statement has no end |
//! | `server.rs` | what is checked of a server: no standby, its history, its clock |
//! | `history.rs` | whether the server lacks acknowledged writes |
//! | `position.rs` | where a server stands in its log |
//! | `clock.rs` | how far the server's clock is ahead of this machine's |
//! | `schema.rs` | the layout, its migrations, and what a database says of itself |
//! | `changes.rs` | what other processes announce |
//! | `operations.rs`, `entries.rs`, `schedule.rs` | the three traits in SQL |
//! | `error.rs` | what a `SQLSTATE` says about the store |
//! | `import.rs` | the rows of another store, copied as they are |
//!
//! An acknowledged write is on the server's disk (`synchronous_commit`). A write is one
//! statement outside of a transaction, so that no lock outlives it. Versions come from one
//! sequence of the database. It is not cached: a connection with numbers of its own would give
//! a later write a lower version.
//!
//! The server's texts are not shown, because they can quote values.

mod changes;
mod clock;
mod connection;
mod entries;
mod error;
mod guard;
mod history;
mod import;
mod operations;
mod position;
mod schedule;
mod schema;
mod server;
#[cfg(test)]
mod tests;
mod url;

use std::sync::{Arc, Mutex};
use std::time::Instant;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, PgPool};

use crate::{StoreError, StoreKind};
use guard::Connection;
use server::Server;

pub(crate) use import::{Import, Target};
pub use schema::Migrated;
pub use url::{InvalidPostgresUrl, PostgresUrl};

/// A store in a database.
#[derive(Debug)]
pub struct PostgresStore {
    kind: StoreKind,
    identity: String,
    pool: PgPool,
    /// For the connection that listens.
    url: PostgresUrl,
    server: Arc<Server>,
    /// When the database was last seen to hold this store.
    checked: Mutex<Instant>,
}

type Statement<'a> = Query<'a, sqlx::Postgres, PgArguments>;

impl PostgresStore {
    /// Opens a store. Creates and upgrades nothing.
    ///
    /// # Errors
    ///
    /// [`NeedsMigration`](StoreError::NeedsMigration) when the database has no store or an
    /// older one, [`WrongKind`](StoreError::WrongKind) and [`Newer`](StoreError::Newer) when the
    /// store has another kind or a newer layout, [`Unavailable`](StoreError::Unavailable) when
    /// the server is a standby, and those of the connection.
    pub async fn open(url: &PostgresUrl, kind: StoreKind) -> Result<Self, StoreError> {
        // The errors of a single connection say more than those of the pool.
        let mut connection = connection::connect(url).await?;
        let identity = schema::describe(&mut connection, kind).await?;
        let server = Arc::new(Server::default());
        server.check(&mut connection).await?;
        Ok(Self {
            kind,
            identity,
            pool: connection::pool(url, server.clone())?,
            url: url.clone(),
            server,
            checked: Mutex::new(Instant::now()),
        })
    }

    /// Creates the tables of a store in a database that has none, or applies the missing steps
    /// to an older store.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`Unusable`](StoreError::Unusable) when this user of the
    /// database may not create tables.
    pub async fn migrate(url: &PostgresUrl, kind: StoreKind) -> Result<Migrated, StoreError> {
        let mut connection = connection::connect(url).await?;
        schema::migrate(&mut connection, kind).await
    }

    /// Accepts that the database lacks acknowledged writes, so that logins are refreshed again.
    /// A login that was refreshed by a lost write presents an old refresh token, which may end
    /// it. Returns whether a loss was suspected.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn accept_failover(&self) -> Result<bool, StoreError> {
        let mut connection = self.acquire_live().await?;
        let accept = async |connection: &mut PgConnection| {
            let watch = &self.server.watch;
            watch.accept(connection).await
        };
        connection.within_time(accept).await?
    }

    /// The rows of a statement that reads. It is repeated on another connection while the one
    /// that it got turns out to be broken, as all are after a restart of the server.
    async fn query<'a>(
        &self,
        statement: impl Fn() -> Statement<'a>,
    ) -> Result<Vec<PgRow>, StoreError> {
        // One more than the pool can hold: all that it holds may be broken.
        for _ in 0..=connection::most_connections() {
            let mut connection = self.acquire().await?;
            match connection.fetch_all(statement()).await {
                Ok(Err(error)) if error::is_broken(&error) => connection.close(),
                Ok(fetched) => return Ok(fetched?),
                Err(silent) => {
                    self.close_idle();
                    return Err(silent);
                }
            }
        }
        Err(StoreError::unavailable(error::BROKEN))
    }

    /// The rows of a statement that writes. It is never repeated: it may have been executed
    /// although its connection broke. So the connection must answer before it.
    async fn execute(&self, statement: Statement<'_>) -> Result<Vec<PgRow>, StoreError> {
        let connection = self.acquire_live().await?;
        Self::execute_on(connection, statement).await
    }

    /// The same for the statement that begins a refresh. The last check may be a minute old,
    /// and a connection may outlive a restore of its database, so the server is checked again.
    async fn execute_unless_suspected(
        &self,
        statement: Statement<'_>,
    ) -> Result<Vec<PgRow>, StoreError> {
        let mut connection = self.acquire_live().await?;
        let check = async |connection: &mut PgConnection| {
            self.server.check_before_refresh(connection).await
        };
        connection.within_time(check).await.flatten()?;
        Self::execute_on(connection, statement).await
    }

    async fn execute_on(
        mut connection: Connection,
        statement: Statement<'_>,
    ) -> Result<Vec<PgRow>, StoreError> {
        let written = connection.fetch_all(statement).await?;
        let written = written.map_err(StoreError::from);
        if matches!(written, Err(StoreError::ReadOnly)) {
            // The server has become a standby.
            connection.close();
        }
        written
    }
}
