//! Changes, by `NOTIFY` and a connection of its own that listens.
//!
//! The payload is the name of a profile, [`ADMIN_KEY`], or empty for [`Change::All`], as which a
//! listener also takes a payload that it does not know. A notification is a
//! statement after the write, never a part of it: PostgreSQL takes a lock over all commits for
//! each transaction that notifies.

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::time::{Instant, sleep, timeout};

use super::guard::STATEMENT;
use super::{PostgresStore, PostgresUrl, connection};
use crate::changes::{Announcer, Change, Changes, channel};
use crate::{ProfileName, StoreError};

const CHANNEL: &str = "chatgpt_oauth";
/// The payload of [`Change::AdminKey`], which is no name of a profile.
const ADMIN_KEY: &str = "/admin-key";
/// How long to wait before connecting again: doubled after each failure.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How often a silent connection is asked whether its server is still there.
const ASK: Duration = Duration::from_secs(30);

impl PostgresStore {
    pub(super) async fn notify(&self, change: &Change) -> Result<(), StoreError> {
        let payload = match change {
            Change::Profile(name) => name.as_str(),
            Change::AdminKey => ADMIN_KEY,
            Change::All => "",
        };
        let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL);
        self.execute(notify.bind(payload)).await.map(drop)
    }

    /// Listens in a task of its own until the changes are dropped.
    pub(super) fn listen(&self) -> Changes {
        let (announcer, changes) = channel();
        let url = self.url.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = announcer.changes.closed() => {}
                () = hear(&url, &announcer) => {}
            }
        });
        changes
    }
}

/// Connects, and connects again whenever the connection ends.
async fn hear(url: &PostgresUrl, announcer: &Announcer) {
    let mut pause = FIRST_PAUSE;
    loop {
        if let Ok(Ok(listener)) = timeout(STATEMENT, connect(url)).await {
            tracing::info!("changes by other servers are heard");
            announcer.connected.send_replace(true);
            let begun = Instant::now();
            relay(listener, announcer).await;
            // A server that ends each connection at once is not asked in a hurry.
            if begun.elapsed() > LONGEST_PAUSE {
                pause = FIRST_PAUSE;
            }
            announcer.connected.send_replace(false);
            tracing::warn!("changes by other servers are not heard, and count within 30 s");
        }
        sleep(pause).await;
        pause = LONGEST_PAUSE.min(2 * pause);
    }
}

async fn connect(url: &PostgresUrl) -> Result<PgListener, StoreError> {
    let pool = connection::pool_of_one(url)?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// Hands on what is heard until the connection ends.
async fn relay(mut listener: PgListener, announcer: &Announcer) {
    // Until now nothing was heard.
    let mut change = Change::All;
    while announcer.changes.send(change).await.is_ok() {
        change = loop {
            match timeout(ASK, listener.try_recv()).await {
                Ok(Ok(Some(heard))) => break of_payload(heard.payload()),
                Ok(Ok(None) | Err(_)) => return,
                Err(_) if is_there(&mut listener).await => {}
                Err(_) => return,
            }
        };
    }
}

async fn is_there(listener: &mut PgListener) -> bool {
    let answer = sqlx::query("SELECT").execute(listener);
    matches!(timeout(STATEMENT, answer).await, Ok(Ok(_)))
}

fn of_payload(payload: &str) -> Change {
    if payload == ADMIN_KEY {
        return Change::AdminKey;
    }
    let name = payload.parse::<ProfileName>();
    name.map_or(Change::All, Change::Profile)
}
