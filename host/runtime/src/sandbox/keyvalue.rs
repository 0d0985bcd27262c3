//! `wasi:keyvalue/store`: one bucket per profile, written by compare-and-swap.
//!
//! The portable interface has no conditional write. Here every `set` is conditional: the
//! handle remembers the version of each key that its guest saw last, by `get` or by its
//! own `set`, and writes only over that version. A write to a key that was not read, or
//! that another call has written since, is a conflict.
//!
//! `open` loads all rows of the profile in one query. The first `get` of a key is
//! answered from these rows, every later `get` from the store.
//!
//! The key `clock` is not a row: it reads the [steady clock](steady_clock) of this
//! machine, and is read-only.
//!
//! A read or write of a record that may hold the only copy of an answer is repeated until a
//! deadline.
//!
//! An error of the store is `other(…)` with one word of a closed [list](Fault). The
//! component treats every other text as `unavailable`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chatgpt_oauth_storage::sealed_store::{CREDENTIAL, SealedProfile, is_irreplaceable};
use chatgpt_oauth_storage::{Row, StoreError, Version};
use tokio::time::{Instant, sleep, timeout_at};
use wasmtime::component::{HasData, Resource, ResourceTable, ResourceTableError};

use super::activity::Activity;
use super::bindings::wasi::keyvalue0_2_0_draft as keyvalue;
use super::failpoint::step;
use super::limits::{self, Deadline};
use super::steady_clock;
use super::wall_clock::WallClock;

/// The only name of a bucket that a guest can open.
const BUCKET: &str = "default";
/// The largest credential and the largest pending login, in bytes.
const LARGEST_RECORD: usize = 32 << 10;
/// The largest value of any other key, a cache entry, in bytes.
const LARGEST_CACHE: usize = 256 << 10;
/// Minimum time for each step that stores an answer.
const MIN_STEP_TIME: Duration = Duration::from_secs(1);
/// The longest key, in bytes.
const LONGEST_KEY: usize = 64;
/// How many keys a profile may have.
const MOST_KEYS: usize = 32;
/// How long to wait before a record is read or written again.
const PAUSE: Duration = Duration::from_millis(250);

/// The bucket of one call: its rows, and the deadline of the call.
pub(crate) struct KeyValueCtx {
    records: SealedProfile,
    deadline: Deadline,
    activity: Arc<Activity>,
    clock: WallClock,
    /// Whether a write of this call has succeeded.
    has_written: AtomicBool,
}

/// An open bucket.
#[allow(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Bucket {
    /// The rows that `open` loaded and no `get` has returned yet.
    unread: HashMap<String, Row>,
    /// The version of each key that the guest saw last; none if there was no row.
    seen: HashMap<String, Option<Version>>,
    /// How many keys the profile has.
    keys: usize,
}

/// Why an operation failed, as the guest gets it.
#[allow(unreachable_pub, reason = "the generated bindings export it again")]
pub enum Fault {
    /// There is no bucket with this name.
    NoSuchStore,
    /// The text is not a key.
    AccessDenied,
    /// The store failed: one word of the list in [`Fault::word`].
    Store(StoreError),
    /// The guest used a handle wrongly; its call ends.
    Trap(wasmtime::Error),
}

impl Fault {
    /// The closed list of words in `other(…)`.
    fn word(error: &StoreError) -> &'static str {
        match error {
            StoreError::Conflict => "conflict",
            StoreError::Busy => "busy",
            StoreError::ReadOnly => "read-only",
            StoreError::Full => "full",
            StoreError::TooLarge => "too-large",
            StoreError::KeyUnknown | StoreError::NoKey { .. } => "key-unknown",
            StoreError::Corrupt | StoreError::Damaged => "corrupt",
            StoreError::Newer => "newer",
            StoreError::Rollback | StoreError::Failover => "rollback",
            StoreError::Unavailable(_) | StoreError::Limited { may_pass: true, .. } => {
                "unavailable"
            }
            StoreError::Unusable(_)
            | StoreError::Limited { .. }
            | StoreError::NeedsUpgrade
            | StoreError::NeedsMigration
            | StoreError::Moved
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

impl KeyValueCtx {
    pub(crate) fn new(
        records: SealedProfile,
        deadline: Deadline,
        activity: Arc<Activity>,
        clock: WallClock,
    ) -> Self {
        Self {
            records,
            deadline,
            activity,
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

    /// Reads a key: the first time from the rows that `open` loaded.
    async fn get(&self, bucket: &mut Bucket, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if key == steady_clock::KEY {
            return Ok(steady_clock::reading(&self.clock).map(String::into_bytes));
        }
        let row = if bucket.seen.contains_key(key) {
            let read = || self.records.read(key);
            self.retry_until(self.irreplaceable_since(key), read)
                .await?
        } else {
            bucket.unread.get(key).cloned()
        };
        // A value that does not decrypt does not count as seen, so it is not written over.
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
        if value.is_some() && is_irreplaceable(key) && self.activity.answered_at().is_none() {
            // No token is spent yet, and there must be room for the service's answer.
            self.within(self.records.check_room()).await?;
        }
        if key == CREDENTIAL {
            self.activity.take_slot()?;
        }
        // After a failover, the answer to a refresh in flight has the only valid token.
        let records = match self.activity.has_login_answer() {
            true => &self.records.with_answer(),
            false => &self.records,
        };
        let write = || records.write(key, seen, value);
        let irreplaceable_since = self.irreplaceable_since(key).filter(|_| value.is_some());
        let written = self.retry_until(irreplaceable_since, write).await;
        let was_repeated = irreplaceable_since.is_some();
        if key == CREDENTIAL && (was_repeated || may_have_written(&written)) {
            self.activity.note_login_written();
        }
        let version = written?;
        if key == CREDENTIAL && self.activity.has_login_answer() {
            self.activity.release_slot();
        }
        self.has_written.store(true, Ordering::Relaxed);
        bucket.seen.insert(key.to_owned(), Some(version));
        bucket.keys += usize::from(seen.is_none());
        Ok(())
    }

    /// When the answer came that may be waiting to be stored under the key.
    fn irreplaceable_since(&self, key: &str) -> Option<Instant> {
        let answered_at = self.activity.answered_at()?;
        is_irreplaceable(key).then_some(answered_at)
    }

    /// Runs an operation. Retries reads and writes of an irreplaceable value on transient
    /// errors until the deadline. A record is read before it is written, so a failed read
    /// would lose an answer as well.
    ///
    /// All steps that store one answer share the time of one operation, and each step has
    /// at least [`MIN_STEP_TIME`]. So another process can compute when the call that held
    /// the answer has finished (docs/refresh.md, Constants).
    async fn retry_until<T, O>(
        &self,
        irreplaceable_since: Option<Instant>,
        operation: impl Fn() -> O,
    ) -> Result<T, StoreError>
    where
        O: Future<Output = Result<T, StoreError>>,
    {
        let deadline = match irreplaceable_since {
            Some(answered_at) => {
                let longest = (answered_at + limits::STORE).max(Instant::now() + MIN_STEP_TIME);
                longest.min(self.deadline.at_most(limits::STORE))
            }
            None => self.deadline.at_most(limits::STORE),
        };
        loop {
            let error = match self.by(deadline, operation()).await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let may_pass = error.may_pass(self.has_written.load(Ordering::Relaxed));
            if irreplaceable_since.is_none() || !may_pass || Instant::now() + PAUSE >= deadline {
                return Err(error);
            }
            tracing::warn!(error = %error, "an answer could not be stored yet, retrying");
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

    /// The word of an error for the guest; the log and the caller get the full text.
    fn report(&self, error: StoreError) -> String {
        let word = Fault::word(&error);
        match error {
            // Not a failure: the guest reads the key again.
            StoreError::Conflict => tracing::debug!("another process has written the key"),
            _ if self.activity.lacks_slot() => {
                tracing::debug!("the call waits, because many logins are being refreshed");
            }
            error => {
                tracing::warn!(word, %error, "the store failed");
                self.activity.note_fault(error);
            }
        }
        word.to_owned()
    }

    /// Runs one operation within its time.
    async fn within<T>(
        &self,
        operation: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.by(self.deadline.at_most(limits::STORE), operation)
            .await
    }

    /// Runs an operation until a deadline; does not start it after the end of the call.
    async fn by<T>(
        &self,
        deadline: Instant,
        operation: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        if self.deadline.has_passed() {
            return Err(StoreError::unavailable("the call has taken too long"));
        }
        let outcome = timeout_at(deadline, operation).await;
        outcome.unwrap_or_else(|_| Err(StoreError::unavailable("the store does not answer")))
    }
}

/// Whether a write that was not repeated was done or may have been. These errors say that it
/// was not; after an earlier attempt they do not, which may have done it.
fn may_have_written(written: &Result<Version, StoreError>) -> bool {
    !matches!(
        written,
        Err(StoreError::Conflict
            | StoreError::Failover
            | StoreError::Rollback
            | StoreError::ReadOnly)
    )
}

/// The largest value of a key, in bytes.
fn largest(key: &str) -> usize {
    match is_irreplaceable(key) {
        true => LARGEST_RECORD,
        false => LARGEST_CACHE,
    }
}

/// Only the component names keys, so few characters suffice.
fn check_key(key: &str) -> Result<(), Fault> {
    let fits = (1..=LONGEST_KEY).contains(&key.len());
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    if fits && key.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Fault::AccessDenied)
    }
}

/// A [`KeyValueCtx`] during a host call, with the resource table.
pub(crate) struct KeyValueCtxView<'a> {
    pub(super) ctx: &'a KeyValueCtx,
    pub(super) table: &'a mut ResourceTable,
}

impl HasData for KeyValueCtxView<'static> {
    type Data<'a> = KeyValueCtxView<'a>;
}

impl keyvalue::store::Host for KeyValueCtxView<'_> {
    async fn open(&mut self, identifier: String) -> Result<Resource<Bucket>, Fault> {
        if identifier != BUCKET {
            return Err(Fault::NoSuchStore);
        }
        let bucket = step("open", BUCKET, self.ctx.open()).await?;
        Ok(self.table.push(bucket)?)
    }

    fn convert_error(&mut self, fault: Fault) -> wasmtime::Result<keyvalue::store::Error> {
        use keyvalue::store::Error;

        match fault {
            Fault::NoSuchStore => Ok(Error::NoSuchStore),
            Fault::AccessDenied => Ok(Error::AccessDenied),
            Fault::Store(error) => Ok(Error::Other(self.ctx.report(error))),
            Fault::Trap(error) => Err(error),
        }
    }
}

impl keyvalue::store::HostBucket for KeyValueCtxView<'_> {
    async fn get(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
    ) -> Result<Option<Vec<u8>>, Fault> {
        check_key(&key)?;
        let bucket = self.table.get_mut(&bucket)?;
        Ok(step("get", &key, self.ctx.get(bucket, &key)).await?)
    }

    async fn set(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), Fault> {
        check_key(&key)?;
        let bucket = self.table.get_mut(&bucket)?;
        let written = self.ctx.put(bucket, &key, Some(&value));
        Ok(step("set", &key, written).await?)
    }

    async fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Result<(), Fault> {
        check_key(&key)?;
        let bucket = self.table.get_mut(&bucket)?;
        Ok(step("delete", &key, self.ctx.put(bucket, &key, None)).await?)
    }

    async fn exists(&mut self, _: Resource<Bucket>, key: String) -> Result<bool, Fault> {
        check_key(&key)?;
        Ok(self.ctx.exists(&key).await?)
    }

    async fn list_keys(
        &mut self,
        _: Resource<Bucket>,
        _cursor: Option<u64>,
    ) -> Result<keyvalue::store::KeyResponse, Fault> {
        let keys = self.ctx.keys().await?;
        Ok(keyvalue::store::KeyResponse { keys, cursor: None })
    }

    async fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
