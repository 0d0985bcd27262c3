//! The connections to a database.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions, PgConnection, PgPool};

use super::guard::Connection;
use super::server::{Server, refuse_standby};
use super::{PostgresStore, PostgresUrl, schema};
use crate::StoreError;

/// How long a call waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(3);
/// How long a write waits for a connection that answers. The pool's may all be broken.
const ACQUIRE_LIVE: Duration = Duration::from_secs(6);
/// How long a connection lives, less up to a tenth.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// How often to look which store the database holds.
const CHECK_EVERY: Duration = Duration::from_secs(60);
/// Set for each session, by statements: PgBouncer refuses them as parameters of the start. A
/// host waits at most 15 seconds for an operation.
const SETTINGS: &str = "SET statement_timeout = '5s';
    SET lock_timeout = '3s';
    SET idle_in_transaction_session_timeout = '10s';
    SET synchronous_commit = on";

/// The largest number of connections of this process.
pub(super) fn most_connections() -> u32 {
    let cores = available_parallelism().map_or(1, std::num::NonZero::get);
    u32::try_from(2 * cores + 4).unwrap_or(u32::MAX)
}

/// One connection to a server that is no standby.
pub(super) async fn connect(url: &PostgresUrl) -> Result<PgConnection, StoreError> {
    let options = options(url)?;
    let connect = tokio::time::timeout(ACQUIRE, options.connect());
    let timed_out = |_| StoreError::unavailable("the database does not answer");
    let mut connection = connect.await.map_err(timed_out)??;
    sqlx::raw_sql(SETTINGS).execute(&mut connection).await?;
    refuse_standby(&mut connection).await?;
    Ok(connection)
}

/// The pool, whose connections are made when they are needed.
pub(super) fn pool(url: &PostgresUrl, server: Arc<Server>) -> Result<PgPool, StoreError> {
    let pool = PgPoolOptions::new()
        .max_connections(most_connections())
        .acquire_timeout(ACQUIRE)
        .max_lifetime(LIFETIME - jitter())
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            let server = server.clone();
            Box::pin(async move {
                sqlx::raw_sql(SETTINGS).execute(&mut *connection).await?;
                server.check(connection).await.map_err(not_usable)
            })
        });
    Ok(pool.connect_lazy_with(options(url)?))
}

/// A pool of the one connection that listens, to a server that is no standby.
pub(super) fn pool_of_one(url: &PostgresUrl) -> Result<PgPool, StoreError> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE)
        .after_connect(|connection, _| {
            Box::pin(async move { refuse_standby(connection).await.map_err(not_usable) })
        });
    Ok(pool.connect_lazy_with(options(url)?))
}

fn not_usable(error: StoreError) -> sqlx::Error {
    sqlx::Error::Configuration(error.into())
}

impl PostgresStore {
    /// A connection for one statement.
    pub(super) async fn acquire(&self) -> Result<Connection, StoreError> {
        let mut connection = self.take().await?;
        self.check_in_time(&mut connection).await?;
        Ok(connection)
    }

    /// A connection of the pool.
    async fn take(&self) -> Result<Connection, StoreError> {
        let connection = match self.pool.acquire().await {
            // The pool keeps trying to connect while the server is down or is a standby.
            Err(sqlx::Error::PoolTimedOut) if self.pool.size() < most_connections() => {
                return Err(StoreError::unavailable(
                    "no connection to the primary server",
                ));
            }
            acquired => acquired?,
        };
        Ok(Connection::from(connection))
    }

    /// A connection that has just answered. After a restart of the server all that the pool
    /// holds are broken.
    pub(super) async fn acquire_live(&self) -> Result<Connection, StoreError> {
        let take = async {
            loop {
                let mut connection = self.take().await?;
                if connection.is_there().await {
                    return Ok(connection);
                }
                self.close_idle();
            }
        };
        let taken = tokio::time::timeout(ACQUIRE_LIVE, take).await;
        let silent = |_| StoreError::unavailable("the database does not answer");
        let mut connection = taken.map_err(silent).flatten()?;
        self.check_in_time(&mut connection).await?;
        Ok(connection)
    }

    /// Closes the idle connections. They lead to the server that another one has lost.
    pub(super) fn close_idle(&self) {
        while let Some(idle) = self.pool.try_acquire() {
            Connection::from(idle).close();
        }
    }

    /// Looks once a minute what the database holds.
    async fn check_in_time(&self, connection: &mut Connection) -> Result<(), StoreError> {
        match self.is_to_be_checked() {
            true => self.check_store(connection).await,
            false => Ok(()),
        }
    }

    fn is_to_be_checked(&self) -> bool {
        let checked = self.checked.lock();
        checked.unwrap_or_else(PoisonError::into_inner).elapsed() >= CHECK_EVERY
    }

    /// Fails once the database holds another store, or a layout that this program does not
    /// know. Looks at the server again.
    async fn check_store(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let describe = async |connection: &mut PgConnection| {
            let identity = schema::describe(connection, self.kind).await?;
            self.server.check(connection).await?;
            Ok(identity)
        };
        let described = connection.within_time(describe).await.flatten();
        match described {
            Ok(identity) if identity == self.identity => {
                let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
                *checked = Instant::now();
                Ok(())
            }
            Ok(_) => Err(StoreError::Unusable(
                "the database holds another store than before: restart this program".into(),
            )),
            // The statement meets the same.
            Err(StoreError::Unavailable(_) | StoreError::Busy) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The options, with a server that has a certificate for its name, unless the connection stays
/// on this machine.
fn options(url: &PostgresUrl) -> Result<PgConnectOptions, StoreError> {
    let options = url.options();
    let options = options.ok_or_else(|| StoreError::Unusable("no URL of a database".into()))?;
    let options = match stays_here(&options) {
        true => options,
        false => options.ssl_mode(PgSslMode::VerifyFull),
    };
    let options = options.application_name("chatgpt-oauth");
    Ok(options.extra_float_digits(None).disable_statement_logging())
}

fn stays_here(options: &PgConnectOptions) -> bool {
    let host = options.get_host().trim_matches(['[', ']']);
    let is_loopback = |address: IpAddr| address.is_loopback();
    options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.parse().is_ok_and(is_loopback)
}

/// So that connections that were made together do not end together.
fn jitter() -> Duration {
    let share = getrandom::u32().unwrap_or_default() % 100;
    LIFETIME * share / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ssl_mode(url: &str) -> PgSslMode {
        let options = options(&url.parse().unwrap()).unwrap();
        options.get_ssl_mode()
    }

    #[test]
    fn a_server_elsewhere_needs_a_certificate_whatever_the_url_says() {
        for url in [
            "postgres://db.example/x",
            "postgres://db.example/x?sslmode=disable",
            "postgres://10.0.0.1/x?sslmode=prefer",
            "postgres://localhost.example/x",
            "postgres://[2001:db8::1]/x",
        ] {
            assert!(matches!(ssl_mode(url), PgSslMode::VerifyFull), "{url}");
        }
    }

    #[test]
    fn a_connection_that_stays_on_the_machine_needs_none() {
        for url in [
            "postgres://localhost/x?sslmode=disable",
            "postgres://127.0.0.1/x?sslmode=disable",
            "postgres://[::1]/x?sslmode=disable",
            "postgres:///x?host=/run/postgresql&sslmode=disable",
        ] {
            assert!(matches!(ssl_mode(url), PgSslMode::Disable), "{url}");
        }
    }
}
