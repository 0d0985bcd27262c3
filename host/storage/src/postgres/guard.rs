//! A connection that does not outlive a statement without an end.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::{Connection as _, PgConnection, Postgres};

use super::Statement;
use super::error::BROKEN;
use crate::StoreError;

/// How long a statement may take, with its way over the network. The server ends it earlier.
pub(super) const STATEMENT: Duration = Duration::from_secs(6);
/// How long a connection may take to answer before a write.
const PING: Duration = Duration::from_secs(1);

/// A connection of the pool. It is closed, not returned, when its statement has no end: the
/// pool would wait for that end, and the server may be gone.
pub(super) struct Connection(Option<PoolConnection<Postgres>>);

impl From<PoolConnection<Postgres>> for Connection {
    fn from(connection: PoolConnection<Postgres>) -> Self {
        Self(Some(connection))
    }
}

impl Connection {
    /// The rows of a statement. The outer error is that of a server that does not answer.
    pub(super) async fn fetch_all(
        &mut self,
        statement: Statement<'_>,
    ) -> Result<Result<Vec<PgRow>, sqlx::Error>, StoreError> {
        self.within_time(async |connection| statement.fetch_all(connection).await)
            .await
    }

    /// Runs statements. The error is that of a server that does not answer.
    pub(super) async fn within_time<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut PgConnection) -> T,
    ) -> Result<T, StoreError> {
        // Out of its place while it works: dropping the future drops it.
        let mut working = Working(self.0.take());
        let Some(connection) = &mut working.0 else {
            return Err(StoreError::unavailable(BROKEN));
        };
        let done = tokio::time::timeout(STATEMENT, work(connection)).await;
        let done = done.map_err(|_| StoreError::unavailable("the database does not answer"))?;
        self.0 = working.0.take();
        Ok(done)
    }

    /// Whether the server answers. A connection without an answer is closed.
    pub(super) async fn is_there(&mut self) -> bool {
        let mut working = Working(self.0.take());
        let Some(connection) = &mut working.0 else {
            return false;
        };
        let answered = tokio::time::timeout(PING, connection.ping()).await;
        let is_there = matches!(answered, Ok(Ok(())));
        if is_there {
            self.0 = working.0.take();
        }
        is_there
    }

    /// Closes the connection without a word to the server.
    pub(super) fn close(mut self) {
        drop(Working(self.0.take()));
    }
}

/// A connection that is closed when it is dropped.
struct Working(Option<PoolConnection<Postgres>>);

impl Drop for Working {
    fn drop(&mut self) {
        drop(self.0.take().map(PoolConnection::detach));
    }
}
