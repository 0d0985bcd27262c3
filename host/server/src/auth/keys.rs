//! The keys of the store, with a copy of those in use.
//!
//! A copy is used for 30 seconds at most, so that a key that was revoked by another server
//! ends within them. Of the keys whose calls run, the store is asked every 10 seconds. Some
//! stores tell when another process has written to them: then every copy is dropped, and the
//! calls of keys that have ended are ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chatgpt_oauth::api_keys::{ApiKey, ApiKeyId, ApiKeyState, ApiKeys};
use chatgpt_oauth::store::SealedEntries;
use chatgpt_oauth::{Error, ErrorCode, Host, ProfileName};

use super::{Caller, Rejection};
use crate::limits::Calls;
use crate::outage::Outage;

/// How often the store is asked whether something has changed.
pub(crate) const EVERY: Duration = Duration::from_millis(500);
/// How long a copy of a key is used.
const KEPT: Duration = Duration::from_secs(30);
/// How often the store is asked for the keys whose calls run.
const CHECKED: Duration = Duration::from_secs(10);
/// How long it is remembered that there is no key with an id.
const ABSENT: Duration = Duration::from_secs(5);
/// How many ids are remembered.
const MOST: usize = 10_000;
/// How often it is noted that a key was used.
const NOTED: Duration = Duration::from_secs(5 * 60);

/// The keys of a store.
pub(super) struct Keys {
    keys: ApiKeys,
    entries: SealedEntries,
    copies: Mutex<Copies>,
    outage: Outage,
    /// The outage of the number of the last change, which needs no sealing key.
    changes_outage: Outage,
}

#[derive(Default)]
struct Copies {
    /// Rises when the copies are dropped, so that a read that began before adds none.
    generation: u64,
    /// The number of the store's last change.
    change: Option<i64>,
    /// When the keys of running calls were looked at last.
    checked: Option<Instant>,
    by_id: HashMap<ApiKeyId, Copy>,
    /// Until when it is remembered that there is no key with an id.
    absent: HashMap<ApiKeyId, Instant>,
    noted: HashMap<ApiKeyId, Instant>,
}

struct Copy {
    caller: Caller,
    until: Instant,
}

impl Keys {
    pub(super) fn of(host: &Host) -> Result<Self, Error> {
        let entries = host.entries().ok_or_else(|| {
            Error::permanent(
                ErrorCode::InvalidArgument,
                "the store keeps no API keys",
                "use a store of this software",
            )
        })?;
        Ok(Self {
            keys: ApiKeys::new(entries.clone()),
            entries,
            copies: Mutex::default(),
            outage: Outage::default(),
            changes_outage: Outage::default(),
        })
    }

    /// The keys in the store.
    pub(super) fn stored(&self) -> ApiKeys {
        self.keys.clone()
    }

    /// Whose key this is.
    pub(super) async fn find(&self, key: &ApiKey) -> Result<Result<Caller, Rejection>, Error> {
        let Some(caller) = self.known(key.id()).await? else {
            return Ok(Err(Rejection::Unknown));
        };
        let now = self.keys.now();
        if !caller.record().admits(key, now) {
            let is_active = caller.record().state(now) == ApiKeyState::Active;
            return Ok(Err(match is_active {
                true => Rejection::Unknown,
                false => Rejection::Ended,
            }));
        }
        self.note_use(&caller, now);
        Ok(Ok(caller))
    }

    /// What is known of the key with this id, by a copy or by the store.
    async fn known(&self, id: &ApiKeyId) -> Result<Option<Caller>, Error> {
        let copy = self.lock().copy(id);
        match copy {
            Some(known) => Ok(known),
            None => self.read(id).await,
        }
    }

    /// What the store says of the key with this id.
    async fn read(&self, id: &ApiKeyId) -> Result<Option<Caller>, Error> {
        let (generation, begun) = (self.lock().generation, Instant::now());
        let found = self.outage.note(self.keys.find(id).await)?;
        let caller = found.map(Caller::new);
        self.lock().keep(id, caller.clone(), begun, generation);
        Ok(caller)
    }

    /// Whether the store need not be asked for the key with this id.
    pub(super) fn has_copy(&self, id: &ApiKeyId) -> bool {
        self.lock().copy(id).is_some()
    }

    /// Notes that a key was used, and that its login is, in a task of its own: no call waits
    /// for it, and none fails because of it.
    fn note_use(&self, caller: &Caller, now: u64) {
        let id = caller.record().id.clone();
        if !self.lock().is_to_be_noted(&id) {
            return;
        }
        let (keys, entries) = (self.keys.clone(), self.entries.clone());
        let profile = caller.profile().cloned();
        tokio::spawn(async move {
            if let Err(error) = keys.note_use(&id, now).await {
                tracing::debug!(%error, key = %id, "the use of a key is not noted");
            }
            let Some(profile) = profile else { return };
            // A login without a time is looked at soon, and gets one.
            if let Err(error) = entries.store().add_due(&profile, 0).await {
                tracing::debug!(%error, "a login gets no time");
            }
        });
    }

    /// Drops the copies after a change by this process, of which the store may not tell.
    pub(super) fn forget(&self) {
        self.lock().clear();
    }

    /// Drops the copies if the store has changed, and ends the calls of keys that have ended.
    pub(super) async fn follow_changes(&self, calls: &Calls) -> Result<(), Error> {
        let change = self.entries.store().change_number().await;
        let change = self.changes_outage.note(change)?;
        if !self.lock().is_to_be_checked(change) {
            return Ok(());
        }
        let begun = Instant::now();
        let ended = self.end_calls(calls, &calls.keys()).await;
        // After a key that could not be read, all are read again at the next look.
        self.lock().checked = ended.is_ok().then_some(begun);
        ended
    }

    /// Drops the copies of a profile's keys, and ends the calls of keys that have ended.
    pub(super) async fn follow_profile(
        &self,
        profile: &ProfileName,
        calls: &Calls,
    ) -> Result<(), Error> {
        let dropped = self.lock().clear_of(profile);
        let mut keys = calls.keys();
        keys.retain(|key| dropped.contains(key));
        self.end_calls(calls, &keys).await
    }

    /// Reads these keys, ends the calls of those that have ended, and returns the last failure.
    async fn end_calls(&self, calls: &Calls, keys: &[Arc<str>]) -> Result<(), Error> {
        let mut ended = Ok(());
        for key in keys {
            let Ok(id) = key.parse() else { continue };
            match self.read(&id).await {
                Ok(Some(caller))
                    if caller.record().state(self.keys.now()) == ApiKeyState::Active => {}
                Ok(_) => {
                    tracing::info!(key = %id, "the calls of a key that has ended are ended");
                    calls.end_of_key(key);
                }
                Err(error) => ended = Err(error),
            }
        }
        ended
    }

    /// No panic leaves the copies incomplete, so poisoning is ignored.
    fn lock(&self) -> MutexGuard<'_, Copies> {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Copies {
    /// What is remembered: a key, or that there is none.
    fn copy(&self, id: &ApiKeyId) -> Option<Option<Caller>> {
        let now = Instant::now();
        let copy = self.by_id.get(id).filter(|copy| copy.until > now);
        let is_absent = || self.absent.get(id).is_some_and(|until| *until > now);
        match copy {
            Some(copy) => Some(Some(copy.caller.clone())),
            None => is_absent().then_some(None),
        }
    }

    /// Remembers what a read that began then, in this generation, has found.
    fn keep(&mut self, id: &ApiKeyId, caller: Option<Caller>, begun: Instant, generation: u64) {
        if generation != self.generation {
            return;
        }
        match caller {
            Some(caller) => {
                make_room(&mut self.by_id);
                let until = begun + KEPT;
                self.by_id.insert(id.clone(), Copy { caller, until });
            }
            None => {
                self.by_id.remove(id);
                make_room(&mut self.absent);
                self.absent.insert(id.clone(), begun + ABSENT);
            }
        }
    }

    fn is_to_be_noted(&mut self, id: &ApiKeyId) -> bool {
        let noted = self.noted.get(id);
        if noted.is_some_and(|noted| noted.elapsed() < NOTED) {
            return false;
        }
        make_room(&mut self.noted);
        self.noted.insert(id.clone(), Instant::now());
        true
    }

    /// Drops the copies of a profile's keys, and returns their ids.
    fn clear_of(&mut self, profile: &ProfileName) -> Vec<Arc<str>> {
        self.generation += 1;
        let is_of_it = |_: &ApiKeyId, copy: &mut Copy| copy.caller.profile() == Some(profile);
        let dropped = self.by_id.extract_if(is_of_it);
        dropped
            .map(|(_, copy)| copy.caller.key_id().clone())
            .collect()
    }

    fn clear(&mut self) {
        self.generation += 1;
        self.checked = None;
        self.by_id.clear();
        self.absent.clear();
    }

    /// Drops the copies if the store has changed. Whether the keys of running calls are to be
    /// read: after a change, and every 10 seconds, because a store may not tell.
    fn is_to_be_checked(&mut self, change: Option<i64>) -> bool {
        if change != self.change {
            self.change = change;
            self.clear();
        }
        let is_due = |checked: Instant| checked.elapsed() >= CHECKED;
        self.checked.is_none_or(is_due)
    }
}

/// Forgets one of too many: the store has it.
fn make_room<V>(known: &mut HashMap<ApiKeyId, V>) {
    if known.len() >= MOST
        && let Some(id) = known.keys().next().cloned()
    {
        known.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use chatgpt_oauth::api_keys::{NewApiKey, Permission, Scopes};
    use chatgpt_oauth::store::MemoryStore;

    use super::*;

    fn keys() -> Keys {
        let host = Host::builder(MemoryStore::new()).build().unwrap();
        Keys::of(&host).unwrap()
    }

    async fn create(keys: &Keys) -> ApiKey {
        let new = NewApiKey {
            permission: Permission::Profile {
                profile: "ada".parse().unwrap(),
                scopes: Scopes::default(),
            },
            label: "test".parse().unwrap(),
            expires_at: None,
        };
        keys.keys.create(new, keys.keys.now()).await.unwrap().key
    }

    /// Faults: G17 G18
    #[tokio::test]
    async fn a_key_is_known_by_its_copy_until_the_store_says_that_it_changed() {
        let keys = keys();
        let calls = Calls::new(8.try_into().unwrap());
        let key = create(&keys).await;
        keys.follow_changes(&calls).await.unwrap();
        assert!(keys.find(&key).await.unwrap().is_ok());
        keys.keys.revoke(key.id(), keys.keys.now()).await.unwrap();
        assert!(keys.find(&key).await.unwrap().is_ok(), "the copy is used");

        let mut running = calls.begin(&key.id().as_str().into()).unwrap();
        // A store in memory does not tell of changes: the keys of calls are read after a while.
        keys.follow_changes(&calls).await.unwrap();
        assert!(keys.find(&key).await.unwrap().is_ok(), "the copy is used");
        keys.lock().checked = Instant::now().checked_sub(CHECKED);
        keys.follow_changes(&calls).await.unwrap();
        assert_eq!(
            keys.find(&key).await.unwrap().unwrap_err(),
            Rejection::Ended
        );
        let stop = running.stopped().await;
        assert_eq!(stop, chatgpt_oauth_gateway::Stop::KeyRevoked);
    }

    #[tokio::test]
    async fn a_read_that_began_before_a_change_leaves_no_copy() {
        let keys = keys();
        let key = create(&keys).await;
        let generation = keys.lock().generation;
        keys.forget();
        let begun = Instant::now();
        keys.lock().keep(key.id(), None, begun, generation);
        assert!(keys.find(&key).await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn an_id_that_is_not_known_is_asked_for_once_in_a_while() {
        let keys = keys();
        let unknown = create(&self::keys()).await;
        for _ in 0..2 {
            let found = keys.find(&unknown).await.unwrap();
            assert_eq!(found.unwrap_err(), Rejection::Unknown);
        }
        assert_eq!(keys.lock().absent.len(), 1);
    }
}
