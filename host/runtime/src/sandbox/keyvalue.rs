//! `wasi:keyvalue/store`: one bucket, its profile's, with compare-and-swap
//! underneath.
//!
//! The portable interface has no conditional write. Here every `set` is one: the
//! handle remembers which version of a key its guest saw last, by `get` or by its
//! own `set`, and writes only over that version. A key that was not read, or that
//! somebody has written since, is a conflict.
//!
//! `open` is one query, which brings all rows of the profile; the first `get` of
//! a key is answered from it, every later one from the database.
//!
//! The key `clock` is no row: it reads the [steady clock](steady_clock) of this
//! machine, and cannot be written.
//!
//! What goes wrong is `other(…)` with one word of a closed [list](Fault); a host
//! that is not this one says other things there, which mean `unavailable`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use wasmtime::component::{HasData, Resource, ResourceTable, ResourceTableError};

use super::bindings::wasi::keyvalue0_2_0_draft as keyvalue;
use super::failpoint::step;
use super::limits::{self, Bound};
use super::state::Traffic;
use super::steady_clock;
use super::wall_clock::WallClock;
use chatgpt_oauth_storage::sealed_store::{SealedProfile, is_irreplaceable};
use chatgpt_oauth_storage::{Row, StoreError, Version};

/// The name under which a guest opens its bucket. There is no other.
const BUCKET: &str = "default";
/// The largest credential and the largest pending login, in bytes.
const LARGEST_RECORD: usize = 32 << 10;
/// The largest value of any other key, a cache, in bytes.
const LARGEST_CACHE: usize = 256 << 10;
/// What each step to store an answer has, however long the others have taken.
const LAST_WORD: Duration = Duration::from_secs(1);
/// The longest name of a key.
const LONGEST_KEY: usize = 64;
/// How many keys a profile may have.
const MOST_KEYS: usize = 32;
/// How long to wait before a record is read or written once more.
const PAUSE: Duration = Duration::from_millis(250);

/// What `open` needs: whose bucket it is, and for how long.
pub(crate) struct Opener {
    records: SealedProfile,
    bound: Bound,
    traffic: Arc<Traffic>,
    clock: WallClock,
    /// Whether the store has taken a write of this call.
    has_written: AtomicBool,
}

/// An open bucket.
#[allow(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Bucket {
    /// The rows that `open` found and no `get` has asked for yet.
    unread: HashMap<String, Row>,
    /// The version that the guest saw last of each key it has read: none where
    /// there was no row.
    seen: HashMap<String, Option<Version>>,
    /// How many keys the profile had.
    keys: usize,
}

/// Why an operation failed, as the guest hears it.
#[allow(unreachable_pub, reason = "the generated bindings export it again")]
pub enum Fault {
    /// There is no bucket of that name.
    NoSuchStore,
    /// That is no name of a key.
    AccessDenied,
    /// The store failed: one word of the list in [`Fault::word`].
    Store(StoreError),
    /// The guest broke the rules; its call ends.
    Trap(wasmtime::Error),
}

impl Fault {
    /// The closed list of what `other(…)` says.
    fn word(error: &StoreError) -> &'static str {
        match error {
            StoreError::Conflict => "conflict",
            StoreError::Busy => "busy",
            StoreError::ReadOnly => "read-only",
            StoreError::Full => "full",
            StoreError::TooLarge => "too-large",
            StoreError::KeyUnknown | StoreError::NoKey { .. } => "key-unknown",
            StoreError::Corrupt => "corrupt",
            StoreError::Newer => "newer",
            StoreError::Rollback => "rollback",
            StoreError::Unavailable(_) | StoreError::Limited { may_pass: true, .. } => {
                "unavailable"
            }
            StoreError::Unusable(_)
            | StoreError::Limited { .. }
            | StoreError::NeedsUpgrade
            | StoreError::WrongKind { .. }
            | StoreError::Refused { .. } => "unusable",
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ResourceTableError> for Fault {
    fn from(error: ResourceTableError) -> Self {
        Self::Trap(error.into())
    }
}

impl Opener {
    pub(crate) fn new(
        records: SealedProfile,
        bound: Bound,
        traffic: Arc<Traffic>,
        clock: WallClock,
    ) -> Self {
        Self {
            records,
            bound,
            traffic,
            clock,
            has_written: AtomicBool::new(false),
        }
    }

    async fn open(&self) -> Result<Bucket, StoreError> {
        let rows = self.within(self.records.load()).await?;
        Ok(Bucket {
            keys: rows.len(),
            unread: rows.into_iter().map(|row| (row.key.clone(), row)).collect(),
            seen: HashMap::new(),
        })
    }

    /// Reads a key, from what `open` found if it is the first time.
    async fn get(&self, bucket: &mut Bucket, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if key == steady_clock::KEY {
            return Ok(steady_clock::reading(&self.clock).map(String::into_bytes));
        }
        let row = if bucket.seen.contains_key(key) {
            let read = || self.records.read(key);
            self.insist(self.precious_since(key), read).await?
        } else {
            bucket.unread.get(key).cloned()
        };
        // What cannot be opened has not been seen, so it is not written over.
        let value = row.as_ref().map(|row| self.records.open(row)).transpose()?;
        bucket.unread.remove(key);
        let version = row.map(|row| row.version);
        bucket.seen.insert(key.to_owned(), version);
        Ok(value.flatten())
    }

    /// Writes a key, or deletes it, over the version that the guest saw last.
    async fn put(
        &self,
        bucket: &mut Bucket,
        key: &str,
        value: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        if key == steady_clock::KEY {
            return Err(StoreError::ReadOnly);
        }
        if value.is_some_and(|value| value.len() > largest(key)) {
            return Err(StoreError::TooLarge);
        }
        let seen = *bucket.seen.get(key).ok_or(StoreError::Conflict)?;
        if seen.is_none() && bucket.keys >= MOST_KEYS {
            return Err(StoreError::Full);
        }
        if value.is_some() && is_irreplaceable(key) && self.traffic.answered_at().is_none() {
            // Nothing is spent yet, and what the service will answer must find room.
            self.within(self.records.check_room()).await?;
        }
        let write = || self.records.write(key, seen, value);
        let precious_since = self.precious_since(key).filter(|_| value.is_some());
        let version = self.insist(precious_since, write).await?;
        self.has_written.store(true, Ordering::Relaxed);
        bucket.seen.insert(key.to_owned(), Some(version));
        bucket.keys += usize::from(seen.is_none());
        Ok(())
    }

    /// Since when an answer of the service may be waiting to be stored under the key.
    fn precious_since(&self, key: &str) -> Option<Instant> {
        let answered_at = self.traffic.answered_at()?;
        is_irreplaceable(key).then_some(answered_at)
    }

    /// Makes an operation once; but a precious one again and again while its
    /// failure may pass. A record is read before it is written, so a read that
    /// fails would lose an answer as well.
    ///
    /// All that is done to store one answer has the time of one operation, and
    /// each of its steps a second at least, so that others can tell when whoever
    /// held the answer is done (docs/refresh.md, Constants).
    async fn insist<T, O>(
        &self,
        precious_since: Option<Instant>,
        operation: impl Fn() -> O,
    ) -> Result<T, StoreError>
    where
        O: Future<Output = Result<T, StoreError>>,
    {
        let give_up = match precious_since {
            Some(answered_at) => {
                let longest = (answered_at + limits::STORE).max(Instant::now() + LAST_WORD);
                longest.min(self.bound.deadline(limits::STORE))
            }
            None => self.bound.deadline(limits::STORE),
        };
        loop {
            let error = match self.by(give_up, operation()).await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let may_pass = error.may_pass(self.has_written.load(Ordering::Relaxed));
            if precious_since.is_none() || !may_pass || Instant::now() + PAUSE >= give_up {
                return Err(error);
            }
            tracing::warn!(error = %error, "an answer could not be stored yet, trying again");
            sleep(PAUSE).await;
        }
    }

    async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        let row = self.within(self.records.read(key)).await?;
        Ok(row.is_some_and(|row| row.value.is_some()))
    }

    async fn keys(&self) -> Result<Vec<String>, StoreError> {
        let rows = self.within(self.records.load()).await?;
        let live = rows.into_iter().filter(|row| row.value.is_some());
        Ok(live.map(|row| row.key).collect())
    }

    /// What a guest is told of an error; the log and the caller hear it in full.
    fn tell(&self, error: StoreError) -> String {
        let word = Fault::word(&error);
        match error {
            // No failure: the guest reads again and goes on.
            StoreError::Conflict => tracing::debug!("somebody else has written the key"),
            error => {
                tracing::warn!(word, %error, "the store failed");
                self.traffic.note_fault(error);
            }
        }
        word.to_owned()
    }

    /// Bounds one operation.
    async fn within<T>(
        &self,
        operation: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.by(self.bound.deadline(limits::STORE), operation).await
    }

    /// Ends an operation at a deadline; none begins once the call is over.
    async fn by<T>(
        &self,
        deadline: Instant,
        operation: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        if self.bound.is_spent() {
            return Err(StoreError::unavailable("the call has taken too long"));
        }
        let outcome = timeout_at(deadline, operation).await;
        outcome.unwrap_or_else(|_| Err(StoreError::unavailable("the store does not answer")))
    }
}

/// The largest value of a key, in bytes.
fn largest(key: &str) -> usize {
    match is_irreplaceable(key) {
        true => LARGEST_RECORD,
        false => LARGEST_CACHE,
    }
}

/// Key names are ours alone, so few letters do.
fn check_key(key: &str) -> Result<(), Fault> {
    let fits = (1..=LONGEST_KEY).contains(&key.len());
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    if fits && key.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Fault::AccessDenied)
    }
}

/// The bucket's interface during a host call.
pub(crate) struct BucketView<'a> {
    pub(super) opener: &'a Opener,
    pub(super) table: &'a mut ResourceTable,
}

impl HasData for BucketView<'static> {
    type Data<'a> = BucketView<'a>;
}

impl keyvalue::store::Host for BucketView<'_> {
    async fn open(&mut self, identifier: String) -> Result<Resource<Bucket>, Fault> {
        if identifier != BUCKET {
            return Err(Fault::NoSuchStore);
        }
        let bucket = step("open", BUCKET, self.opener.open()).await?;
        Ok(self.table.push(bucket)?)
    }

    fn convert_error(&mut self, fault: Fault) -> wasmtime::Result<keyvalue::store::Error> {
        use keyvalue::store::Error;

        match fault {
            Fault::NoSuchStore => Ok(Error::NoSuchStore),
            Fault::AccessDenied => Ok(Error::AccessDenied),
            Fault::Store(error) => Ok(Error::Other(self.opener.tell(error))),
            Fault::Trap(error) => Err(error),
        }
    }
}

impl keyvalue::store::HostBucket for BucketView<'_> {
    async fn get(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
    ) -> Result<Option<Vec<u8>>, Fault> {
        check_key(&key)?;
        let bucket = self.table.get_mut(&bucket)?;
        Ok(step("get", &key, self.opener.get(bucket, &key)).await?)
    }

    async fn set(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), Fault> {
        check_key(&key)?;
        let bucket = self.table.get_mut(&bucket)?;
        let written = self.opener.put(bucket, &key, Some(&value));
        Ok(step("set", &key, written).await?)
    }

    async fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Result<(), Fault> {
        check_key(&key)?;
        let bucket = self.table.get_mut(&bucket)?;
        Ok(step("delete", &key, self.opener.put(bucket, &key, None)).await?)
    }

    async fn exists(&mut self, _: Resource<Bucket>, key: String) -> Result<bool, Fault> {
        check_key(&key)?;
        Ok(self.opener.exists(&key).await?)
    }

    async fn list_keys(
        &mut self,
        _: Resource<Bucket>,
        _cursor: Option<u64>,
    ) -> Result<keyvalue::store::KeyResponse, Fault> {
        let keys = self.opener.keys().await?;
        Ok(keyvalue::store::KeyResponse { keys, cursor: None })
    }

    async fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
