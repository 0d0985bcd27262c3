//! Refreshes logins that no call uses at the moment, so that the next call finds a live token.
//!
//! The store has a time for each login ([`due`]). The servers of the store share the logins
//! whose time has come: one that takes some postpones them, so that they come back if it dies.
//! The component decides whether a refresh is due, and the record in the store keeps two
//! refreshes apart; a time that is wrong or lost harms no login.

mod clock;
mod due;

use std::sync::Arc;
use std::time::Duration;

use chatgpt_oauth::api_keys::ApiKeys;
use chatgpt_oauth::store::{LONGEST_PAUSE, Owner, Paused, Schedule};
use chatgpt_oauth::{Error, Host, Profile, ProfileName};
use futures_util::{StreamExt, stream};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::MissedTickBehavior;

use crate::outage::Outage;
use clock::Clock;

/// How many logins a server takes at a time.
const TAKEN: u32 = 32;
/// How many of them it refreshes at a time.
const AT_A_TIME: usize = 4;
/// When a login that was taken comes back, in seconds.
const AGAIN: u64 = 5 * 60;
/// For how long a login without calls is kept fresh, in seconds.
const IN_USE: u64 = 30 * 24 * 60 * 60;
/// How many keys of a profile are looked at.
const KEYS: usize = 1000;

/// Keeps the logins of a store fresh. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Refresher {
    host: Host,
    schedule: Arc<dyn Schedule>,
    keys: ApiKeys,
    due: Gauge,
    outage: Arc<Outage>,
}

impl Refresher {
    /// None if the store keeps no times.
    pub(crate) fn of(host: &Host, keys: ApiKeys, due: Gauge) -> Option<Self> {
        Some(Self {
            schedule: host.schedule()?,
            host: host.clone(),
            keys,
            due,
            outage: Arc::default(),
        })
    }

    /// Looks at the logins whose time has come, at this interval.
    pub(crate) async fn keep_fresh(self, every: Duration) {
        let mut rounds = tokio::time::interval(every);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut clock = Clock::default();
        loop {
            rounds.tick().await;
            // After a failure, which is logged once, the logins come back.
            _ = self.outage.note(self.round(&mut clock).await);
        }
    }

    /// Sets the time of each login that this server writes.
    pub(crate) async fn follow(self, mut written: Receiver<ProfileName>) {
        loop {
            let planned = match written.recv().await {
                Ok(name) => self.plan(&self.host.profile(name)).await,
                // A login without a time gets one when it is used.
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return,
            };
            if let Err(error) = planned {
                tracing::debug!(%error, "a login gets no time");
            }
        }
    }

    async fn round(&self, clock: &mut Clock) -> Result<(), Error> {
        let now = self.host.now()?;
        if clock.has_jumped(now) {
            tracing::warn!("the clock was set: no login is refreshed in this round");
            return Ok(());
        }
        let due = self.schedule.count_due(now).await?;
        self.due.set(i64::try_from(due).unwrap_or(i64::MAX));
        while !self.is_paused().await? {
            let taken = self.schedule.take_due(now, now + AGAIN, TAKEN).await?;
            let is_last = taken.len() < TAKEN as usize;
            let look = |name| async move {
                if let Err(error) = self.look(name).await {
                    tracing::debug!(code = ?error.code, %error, "a login is not refreshed");
                }
            };
            stream::iter(taken)
                .for_each_concurrent(AT_A_TIME, look)
                .await;
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// Looks at a login that was taken. A refresh sets the next time, as every write does.
    async fn look(&self, name: ProfileName) -> Result<(), Error> {
        if !self.is_in_use(&name).await? {
            return Ok(self.schedule.remove_due(&name).await?);
        }
        let profile = self.host.profile(name);
        let is_due = self.plan(&profile).await?;
        if is_due && !self.is_paused().await? {
            profile.refresh_if_due().await?;
        }
        Ok(())
    }

    /// Sets the time of a login, or removes that of a login which cannot be refreshed. Returns
    /// whether the time has come.
    async fn plan(&self, profile: &Profile) -> Result<bool, Error> {
        let status = profile.status().await?;
        let Some(at) = due::of(profile.name(), &status) else {
            self.schedule.remove_due(profile.name()).await?;
            return Ok(false);
        };
        let now = self.host.now()?;
        let next = at.max(now + AGAIN);
        self.schedule.set_due(profile.name(), next).await?;
        Ok(at <= now)
    }

    /// Whether the token endpoint is left alone.
    async fn is_paused(&self) -> Result<bool, Error> {
        let until = self.schedule.paused_until(Paused::Token).await?;
        let now = self.host.now()?;
        // One that would last longer was stored by a wrong clock.
        Ok(until > now && until <= now + LONGEST_PAUSE)
    }

    /// Whether a key of the profile was made or used in the last 30 days.
    async fn is_in_use(&self, name: &ProfileName) -> Result<bool, Error> {
        let owner = Owner::Profile(name.clone());
        let keys = self.keys.list(Some(&owner), None, KEYS).await?;
        let last = keys.iter().filter_map(|key| {
            let key = key.record.as_ref().ok()?;
            Some(key.last_used_at.unwrap_or(0).max(key.created_at))
        });
        Ok(last
            .max()
            .is_some_and(|last| last + IN_USE > self.keys.now()))
    }
}
