//! The guest's bucket over a store with injected failures.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chatgpt_oauth_storage::sealed_store::{LoginWrite, SealedStore};
use chatgpt_oauth_storage::{MemoryStore, ProfileName, Store, StoreKind};
use wasmtime::component::Resource;

use super::*;
use crate::sandbox::bindings::wasi::keyvalue0_2_0_draft::store as wasi;

/// A store that counts its reads and fails its next operations with the given errors.
#[derive(Default)]
struct Faulty {
    store: MemoryStore,
    reads: AtomicUsize,
    failures: Mutex<VecDeque<StoreError>>,
    /// From this time on, writes never end.
    stalls_at: Option<Instant>,
}

#[async_trait]
impl Store for Faulty {
    fn kind(&self) -> StoreKind {
        self.store.kind()
    }

    async fn load(&self, profile: &ProfileName) -> Result<Vec<Row>, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.store.load(profile).await
    }

    async fn read(&self, profile: &ProfileName, key: &str) -> Result<Option<Row>, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if let Some(failure) = self.failures.lock().unwrap().pop_front() {
            return Err(failure);
        }
        self.store.read(profile, key).await
    }

    async fn compare_and_swap(
        &self,
        profile: &ProfileName,
        key: &str,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, StoreError> {
        if self.stalls_at.is_some_and(|at| Instant::now() >= at) {
            std::future::pending().await
        }
        if let Some(failure) = self.failures.lock().unwrap().pop_front() {
            return Err(failure);
        }
        self.store
            .compare_and_swap(profile, key, expected, value)
            .await
    }

    async fn list(
        &self,
        after: Option<&ProfileName>,
        limit: usize,
    ) -> Result<Vec<ProfileName>, StoreError> {
        self.store.list(after, limit).await
    }

    async fn quarantine(
        &self,
        profile: &ProfileName,
        key: &str,
        now: u64,
    ) -> Result<bool, StoreError> {
        self.store.quarantine(profile, key, now).await
    }

    async fn check_writable(&self) -> Result<(), StoreError> {
        self.store.check_writable().await
    }
}

/// A guest's side: the bucket's interface as the linker calls it.
struct Guest {
    store: Arc<Faulty>,
    activity: Arc<Activity>,
    ctx: KeyValueCtx,
    table: ResourceTable,
}

impl Guest {
    fn new() -> Self {
        Self::over(Arc::default(), Deadline::of_a_call())
    }

    fn over(store: Arc<Faulty>, deadline: Deadline) -> Self {
        let activity = Arc::new(Activity::default());
        let records = SealedStore {
            store: store.clone(),
            keys: None,
            marks: None,
        };
        let records = records.profile("alice".parse().unwrap(), LoginWrite::Update);
        Self {
            ctx: KeyValueCtx::new(
                records,
                deadline,
                activity.clone(),
                WallClock::OfStore(Arc::new(MemoryStore::new())),
            ),
            table: limits::resource_table(),
            store,
            activity,
        }
    }

    /// Another call, over the same store.
    fn other(&self) -> Self {
        Self::over(self.store.clone(), Deadline::of_a_call())
    }

    fn view(&mut self) -> KeyValueCtxView<'_> {
        KeyValueCtxView {
            ctx: &self.ctx,
            table: &mut self.table,
        }
    }

    async fn open(&mut self) -> Handle<'_> {
        let bucket = wasi::Host::open(&mut self.view(), "default".into()).await;
        Handle {
            rep: text(bucket).unwrap().rep(),
            guest: self,
        }
    }
}

struct Handle<'a> {
    guest: &'a mut Guest,
    rep: u32,
}

impl Handle<'_> {
    async fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, String> {
        let bucket = Resource::new_borrow(self.rep);
        text(wasi::HostBucket::get(&mut self.guest.view(), bucket, key.into()).await)
    }

    async fn set(&mut self, key: &str, value: &[u8]) -> Result<(), String> {
        let bucket = Resource::new_borrow(self.rep);
        text(wasi::HostBucket::set(&mut self.guest.view(), bucket, key.into(), value.into()).await)
    }

    async fn delete(&mut self, key: &str) -> Result<(), String> {
        let bucket = Resource::new_borrow(self.rep);
        text(wasi::HostBucket::delete(&mut self.guest.view(), bucket, key.into()).await)
    }

    async fn exists(&mut self, key: &str) -> Result<bool, String> {
        let bucket = Resource::new_borrow(self.rep);
        text(wasi::HostBucket::exists(&mut self.guest.view(), bucket, key.into()).await)
    }

    async fn list_keys(&mut self) -> Result<Vec<String>, String> {
        let bucket = Resource::new_borrow(self.rep);
        let keys = wasi::HostBucket::list_keys(&mut self.guest.view(), bucket, None).await;
        text(keys.map(|response| response.keys))
    }

    fn reads(&self) -> usize {
        self.guest.store.reads.load(Ordering::Relaxed)
    }

    fn fail(&self, failures: impl IntoIterator<Item = StoreError>) {
        self.guest.store.failures.lock().unwrap().extend(failures);
    }
}

fn text<T>(outcome: Result<T, Fault>) -> Result<T, String> {
    outcome.map_err(|fault| match fault {
        Fault::NoSuchStore => "no-such-store".into(),
        Fault::AccessDenied => "access-denied".into(),
        Fault::Store(error) => Fault::word(&error).into(),
        Fault::Trap(error) => panic!("{error}"),
    })
}

fn is(word: &str) -> Result<(), String> {
    Err(word.into())
}

/// Faults: M19
#[tokio::test]
async fn there_is_one_bucket() {
    let mut guest = Guest::new();
    for name in ["", "default ", "alice", "other"] {
        let opened = wasi::Host::open(&mut guest.view(), name.into()).await;
        assert_eq!(
            text(opened).err().as_deref(),
            Some("no-such-store"),
            "{name:?}"
        );
    }
    guest.open().await;
}

#[tokio::test]
async fn opening_is_one_query_and_answers_the_first_get_of_every_key() {
    let mut guest = Guest::new();
    let mut bucket = guest.open().await;
    for key in ["credential", "pending", "models"] {
        assert_eq!(bucket.get(key).await, Ok(None));
    }
    assert_eq!(bucket.reads(), 1);
    bucket.get("models").await.unwrap();
    assert_eq!(bucket.reads(), 2);
}

#[tokio::test]
async fn a_later_get_sees_what_others_have_written_meanwhile() {
    let mut guest = Guest::new();
    let mut other = guest.other();
    let mut bucket = guest.open().await;
    let mut others = other.open().await;
    assert_eq!(bucket.get("key").await, Ok(None));
    others.get("key").await.unwrap();
    others.set("key", b"theirs").await.unwrap();
    assert_eq!(bucket.get("key").await, Ok(Some(b"theirs".to_vec())));
}

#[tokio::test]
async fn a_key_that_was_not_read_cannot_be_written() {
    let mut guest = Guest::new();
    let mut bucket = guest.open().await;
    assert_eq!(bucket.set("key", b"1").await, is("conflict"));
    assert_eq!(bucket.delete("key").await, is("conflict"));
    assert_eq!(bucket.exists("key").await, Ok(false));
    assert_eq!(bucket.set("key", b"1").await, is("conflict"));
    bucket.get("key").await.unwrap();
    bucket.set("key", b"1").await.unwrap();
}

#[tokio::test]
async fn a_key_that_another_call_wrote_is_a_conflict_until_it_is_read_again() {
    let mut guest = Guest::new();
    let mut other = guest.other();
    let mut bucket = guest.open().await;
    let mut others = other.open().await;
    bucket.get("key").await.unwrap();
    others.get("key").await.unwrap();
    others.set("key", b"theirs").await.unwrap();

    assert_eq!(bucket.set("key", b"ours").await, is("conflict"));
    assert_eq!(bucket.delete("key").await, is("conflict"));
    assert_eq!(bucket.get("key").await, Ok(Some(b"theirs".to_vec())));
    bucket.set("key", b"ours").await.unwrap();
    assert_eq!(others.set("key", b"theirs").await, is("conflict"));
}

#[tokio::test]
async fn own_writes_can_be_written_over() {
    let mut guest = Guest::new();
    let mut bucket = guest.open().await;
    bucket.get("key").await.unwrap();
    bucket.set("key", b"1").await.unwrap();
    bucket.set("key", b"2").await.unwrap();
    bucket.delete("key").await.unwrap();
    bucket.set("key", b"3").await.unwrap();
    assert_eq!(bucket.get("key").await, Ok(Some(b"3".to_vec())));
}

#[tokio::test]
async fn a_deletion_by_others_is_a_conflict_too() {
    let mut guest = Guest::new();
    let mut other = guest.other();
    let mut bucket = guest.open().await;
    bucket.get("key").await.unwrap();
    bucket.set("key", b"1").await.unwrap();
    let mut others = other.open().await;
    others.get("key").await.unwrap();
    others.delete("key").await.unwrap();

    assert_eq!(bucket.set("key", b"2").await, is("conflict"));
    assert_eq!(bucket.get("key").await, Ok(None));
    bucket.set("key", b"2").await.unwrap();
}

#[tokio::test]
async fn keys_with_values_are_listed_and_exist() {
    let mut guest = Guest::new();
    let mut bucket = guest.open().await;
    for key in ["credential", "pending"] {
        bucket.get(key).await.unwrap();
        bucket.set(key, b"1").await.unwrap();
    }
    bucket.delete("pending").await.unwrap();
    assert_eq!(bucket.list_keys().await, Ok(vec!["credential".to_owned()]));
    assert_eq!(bucket.exists("credential").await, Ok(true));
    assert_eq!(bucket.exists("pending").await, Ok(false));
}

#[tokio::test]
async fn keys_with_other_characters_are_denied() {
    let mut guest = Guest::new();
    let mut bucket = guest.open().await;
    for key in ["", "Key", "a b", "a/b", "a_b", "a1", "ä", &"x".repeat(65)] {
        assert_eq!(
            bucket.get(key).await,
            Err("access-denied".into()),
            "{key:?}"
        );
        assert_eq!(bucket.set(key, b"").await, is("access-denied"), "{key:?}");
    }
    bucket.get(&"x".repeat(64)).await.unwrap();
}

/// Faults: S36
#[tokio::test]
async fn records_have_their_size_and_caches_have_theirs() {
    let mut guest = Guest::new();
    let mut bucket = guest.open().await;
    for (key, largest) in [("credential", 32), ("pending", 32), ("models", 256)] {
        bucket.get(key).await.unwrap();
        let mut value = vec![b'x'; largest << 10];
        bucket.set(key, &value).await.unwrap();
        value.push(b'x');
        assert_eq!(bucket.set(key, &value).await, is("too-large"), "{key}");
    }
}

/// Faults: S35
#[tokio::test]
async fn a_profile_cannot_be_filled_with_keys() {
    let mut guest = Guest::new();
    let mut bucket = guest.open().await;
    let mut outcome = Ok(());
    for n in 0..=MOST_KEYS {
        let key = "k".repeat(n + 1);
        bucket.get(&key).await.unwrap();
        outcome = bucket.set(&key, b"1").await;
        assert_eq!(outcome.is_ok(), n < MOST_KEYS);
    }
    assert_eq!(outcome, is("full"));
}

fn limited(may_pass: bool) -> StoreError {
    StoreError::Limited {
        message: "CANARY".into(),
        hint: "CANARY".into(),
        may_pass,
    }
}

#[tokio::test]
async fn failures_are_one_word_of_the_list() {
    let mut guest = Guest::new();
    let mut bucket = guest.open().await;
    bucket.get("key").await.unwrap();
    for (failure, word) in [
        (StoreError::Busy, "busy"),
        (StoreError::unavailable("CANARY"), "unavailable"),
        (StoreError::Unusable("CANARY".into()), "unusable"),
        (StoreError::NeedsUpgrade, "unusable"),
        (limited(true), "unavailable"),
        (limited(false), "unusable"),
        (StoreError::ReadOnly, "read-only"),
        (StoreError::Full, "full"),
        (StoreError::KeyUnknown, "key-unknown"),
        (StoreError::Corrupt, "corrupt"),
        (StoreError::Newer, "newer"),
        (StoreError::Rollback, "rollback"),
        (StoreError::Failover, "rollback"),
    ] {
        bucket.fail([failure]);
        assert_eq!(bucket.set("key", b"1").await, is(word));
    }
}

/// The log, as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_cause_of_a_failure_is_logged_and_the_guest_hears_one_word() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let sent = tracing::subscriber::with_default(subscriber, || {
        let cause = StoreError::unavailable("disk I/O error");
        wasi::Host::convert_error(&mut Guest::new().view(), Fault::Store(cause))
    });
    assert_eq!(sent.unwrap(), wasi::Error::Other("unavailable".into()));
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("WARN"), "{logged}");
    assert!(logged.contains("disk I/O error"), "{logged}");
}

/// Faults: S11
#[tokio::test(start_paused = true)]
async fn a_record_is_read_and_written_again_while_an_answer_waits_to_be_stored() {
    for key in ["credential", "pending"] {
        let mut guest = Guest::new();
        guest.activity.note_answered(true);
        let mut bucket = guest.open().await;
        bucket.get(key).await.unwrap();
        bucket.fail([StoreError::Busy, StoreError::unavailable("")]);
        assert_eq!(bucket.get(key).await, Ok(None), "{key}");
        bucket.fail([
            StoreError::Full,
            StoreError::Busy,
            StoreError::unavailable(""),
        ]);
        assert_eq!(bucket.set(key, b"1").await, Ok(()), "{key}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_permanent_error_is_retried_after_a_successful_write_of_the_call() {
    for lasting in [StoreError::ReadOnly, StoreError::Unusable(String::new())] {
        let word = Fault::word(&lasting);
        let mut guest = Guest::new();
        guest.activity.note_answered(true);
        let mut bucket = guest.open().await;
        bucket.get("credential").await.unwrap();
        bucket.fail([lasting.clone()]);
        assert_eq!(bucket.set("credential", b"1").await, is(word));
        bucket.set("credential", b"1").await.unwrap();
        bucket.fail([lasting.clone(), lasting]);
        assert_eq!(bucket.set("credential", b"2").await, Ok(()));
    }
}

#[tokio::test(start_paused = true)]
async fn retries_end_after_fifteen_seconds() {
    let mut guest = Guest::new();
    guest.activity.note_answered(true);
    let mut bucket = guest.open().await;
    bucket.get("credential").await.unwrap();
    bucket.fail(std::iter::repeat_n(StoreError::Full, 1000));
    let started = Instant::now();
    assert_eq!(bucket.set("credential", b"1").await, is("full"));
    assert!((14..=15).contains(&started.elapsed().as_secs()));
    // The next step of the same answer has one second.
    let started = Instant::now();
    assert_eq!(bucket.get("credential").await, is("full").map(|()| None));
    assert!(started.elapsed() <= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn retries_end_after_fifteen_seconds_even_if_the_last_one_stalls() {
    let started = Instant::now();
    let stalling = Faulty {
        stalls_at: Some(started + Duration::from_millis(14_600)),
        ..Faulty::default()
    };
    let mut guest = Guest::over(Arc::new(stalling), Deadline::of_a_call());
    guest.activity.note_answered(true);
    let mut bucket = guest.open().await;
    bucket.get("credential").await.unwrap();
    bucket.fail(std::iter::repeat_n(StoreError::Full, 1000));
    assert_eq!(bucket.set("credential", b"1").await, is("unavailable"));
    assert_eq!(started.elapsed().as_secs(), 15);
}

#[tokio::test(start_paused = true)]
async fn no_other_operation_is_retried() {
    let mut guest = Guest::new();
    let mut bucket = guest.open().await;
    bucket.get("credential").await.unwrap();
    bucket.fail([StoreError::Busy]);
    assert_eq!(bucket.set("credential", b"1").await, is("busy"));
    bucket.fail([StoreError::Busy]);
    assert_eq!(bucket.get("credential").await, Err("busy".into()));

    bucket.guest.activity.note_answered(true);
    bucket.get("models").await.unwrap();
    bucket.fail([StoreError::Busy]);
    assert_eq!(bucket.set("models", b"1").await, is("busy"));
    bucket.fail([StoreError::Busy]);
    assert_eq!(bucket.get("models").await, Err("busy".into()));
    for lasting in [StoreError::Conflict, StoreError::Corrupt] {
        bucket.fail([lasting.clone(), StoreError::Busy]);
        let word = Fault::word(&lasting);
        assert_eq!(bucket.set("credential", b"1").await, is(word));
        bucket.guest.store.failures.lock().unwrap().clear();
    }
    bucket.get("pending").await.unwrap();
    bucket.fail([StoreError::Busy]);
    assert_eq!(bucket.delete("pending").await, is("busy"));
}

#[tokio::test(start_paused = true)]
async fn a_login_counts_as_written_unless_the_store_certainly_wrote_nothing() {
    for (is_answered, failures, counts) in [
        (false, vec![StoreError::Failover], false),
        (false, vec![StoreError::Conflict], false),
        (false, vec![StoreError::Busy], true),
        // The first attempt may have been the conflict of the second.
        (true, vec![StoreError::Busy, StoreError::Conflict], true),
    ] {
        let mut guest = Guest::new();
        if is_answered {
            guest.activity.note_answered(true);
        }
        let mut bucket = guest.open().await;
        bucket.get("credential").await.unwrap();
        bucket.fail(failures.clone());
        bucket.set("credential", b"1").await.unwrap_err();
        let is_written = bucket.guest.activity.has_written_login();
        assert_eq!(is_written, counts, "{failures:?}");
    }
}

/// Faults: S31
#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_unavailable_after_fifteen_seconds() {
    let stalled = Faulty {
        stalls_at: Some(Instant::now()),
        ..Faulty::default()
    };
    let mut guest = Guest::over(Arc::new(stalled), Deadline::of_a_call());
    let mut bucket = guest.open().await;
    bucket.get("key").await.unwrap();
    let started = Instant::now();
    assert_eq!(bucket.set("key", b"1").await, is("unavailable"));
    assert_eq!(started.elapsed().as_secs(), 15);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_over_reads_and_writes_nothing_more() {
    let mut guest = Guest::over(Arc::default(), Deadline::after(Duration::from_secs(1)));
    let mut bucket = guest.open().await;
    bucket.get("key").await.unwrap();
    tokio::time::advance(Duration::from_secs(1)).await;
    let reads = bucket.reads();
    assert_eq!(bucket.set("key", b"1").await, is("unavailable"));
    assert_eq!(bucket.get("key").await, Err("unavailable".into()));
    assert_eq!(bucket.reads(), reads);
}

#[tokio::test]
async fn an_unreadable_value_is_not_absent_and_is_not_written_over() {
    let mut guest = Guest::new();
    let alice = "alice".parse().unwrap();
    let junk = guest
        .store
        .store
        .compare_and_swap(&alice, "credential", None, Some(b"junk"));
    junk.await.unwrap();
    let records = SealedStore {
        store: guest.store.clone(),
        keys: Some(crate::Keys::provided([7; 32], None)),
        marks: None,
    };
    let records = records.profile(alice, LoginWrite::Update);
    guest.ctx = KeyValueCtx::new(
        records,
        Deadline::of_a_call(),
        guest.activity.clone(),
        WallClock::OfStore(Arc::new(MemoryStore::new())),
    );
    let mut bucket = guest.open().await;
    for _ in 0..3 {
        assert_eq!(bucket.get("credential").await, Err("corrupt".into()));
        assert_eq!(
            bucket.set("credential", b"new").await,
            Err("conflict".into())
        );
    }
}
