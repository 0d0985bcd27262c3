//! What is checked of a server: before a connection to it is used, once a minute, and before a
//! refresh begins.

use sqlx::{PgConnection, Row};

use super::clock::Clock;
use super::history::Watch;
use crate::StoreError;

const CLOCK_SET: &str =
    "a clock was set, here or on the database's machine, so no refresh begins for 15 seconds";

/// What a process knows of the server that its connections lead to.
#[derive(Debug, Default)]
pub(super) struct Server {
    pub(super) watch: Watch,
    pub(super) clock: Clock,
}

impl Server {
    /// Looks whether the server takes writes, whether it lacks some, and at its clock.
    pub(super) async fn check(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        refuse_standby(connection).await?;
        self.watch.look(connection).await?;
        self.clock.measure(connection).await
    }

    /// Refuses a refresh if the server may lack acknowledged writes, or if the caller may have
    /// computed times by a clock that was set since.
    pub(super) async fn check_before_refresh(
        &self,
        connection: &mut PgConnection,
    ) -> Result<(), StoreError> {
        self.watch.look(connection).await?;
        self.clock.measure(connection).await?;
        if self.watch.history().is_suspected {
            return Err(StoreError::Failover);
        }
        match self.clock.is_unsettled() {
            true => Err(StoreError::unavailable(CLOCK_SET)),
            false => Ok(()),
        }
    }
}

/// A standby would show old values and take no new ones.
pub(super) async fn refuse_standby(connection: &mut PgConnection) -> Result<(), StoreError> {
    let state = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'";
    let state = sqlx::query(state).fetch_one(connection).await?;
    match state.try_get(0)? {
        true => Err(StoreError::unavailable(
            "the server is a standby or read-only",
        )),
        false => Ok(()),
    }
}
