//! Stores that fail around a refresh. Before the token is presented, a failure spends no token.
//! After it, the host holds the answer until the store works again.

mod support;

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chatgpt_oauth::store::{
    MemoryStore, ProfileName, Row, SqliteStore, Store, StoreError, StoreKind, Version,
};
use chatgpt_oauth::{Error, ErrorCode, Profile};
use openai_simulator::{Endpoint, Rotation};
use support::{TestEnv, sign_in};

/// How long access tokens last in these tests, in seconds.
const LIFETIME: u64 = 3600;
/// How long the host holds an answer that cannot be stored, in seconds.
const HELD: u64 = 15;

/// The failure of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    ReadOnly,
    Full,
    Unreachable,
    /// Writes never end.
    Stalled,
}

const FAILING: [Failure; 3] = [Failure::ReadOnly, Failure::Full, Failure::Unreachable];

impl Failure {
    async fn strike(self) -> StoreError {
        match self {
            Self::ReadOnly => StoreError::ReadOnly,
            Self::Full => StoreError::Full,
            Self::Unreachable => StoreError::Unavailable("no way to it".into()),
            Self::Stalled => pending().await,
        }
    }

    fn is_for_reads(self) -> bool {
        self == Self::Unreachable
    }

    /// This failure from the first write of the next call on.
    fn at_the_first_write(self) -> Outage {
        // The reads that open the bucket succeed.
        self.after(0, 1)
    }

    /// This failure after this many writes and reads of the next call.
    fn after(self, writes: u32, reads: u32) -> Outage {
        let reads = if self.is_for_reads() { reads } else { 0 };
        Outage {
            failure: self,
            spared: writes + reads,
            struck: u32::MAX,
        }
    }
}

/// When a store fails. Counts only the operations that the failure concerns.
struct Outage {
    failure: Failure,
    /// How many operations still succeed.
    spared: u32,
    /// How many operations fail after that; later ones succeed again.
    struck: u32,
}

impl Outage {
    fn over_soon(self) -> Self {
        // The outage takes a second: there is a pause after each failure.
        Self { struck: 4, ..self }
    }
}

/// A store in memory with injected failures.
#[derive(Clone)]
struct Failing {
    store: Arc<MemoryStore>,
    outage: Arc<Mutex<Option<Outage>>>,
}

impl Failing {
    fn new() -> Self {
        Self {
            store: Arc::new(MemoryStore::of_kind(StoreKind::Test)),
            outage: Arc::default(),
        }
    }

    fn fail(&self, outage: Outage) {
        *self.outage.lock().unwrap() = Some(outage);
    }

    fn repair(&self) {
        *self.outage.lock().unwrap() = None;
    }

    fn is_repaired(&self) -> bool {
        let outage = self.outage.lock().unwrap();
        outage.as_ref().is_none_or(|outage| outage.struck == 0)
    }

    async fn read(&self) -> Result<(), StoreError> {
        self.operate(Failure::is_for_reads).await
    }

    async fn write(&self) -> Result<(), StoreError> {
        self.operate(|_| true).await
    }

    async fn operate(&self, concerned: fn(Failure) -> bool) -> Result<(), StoreError> {
        match self.next(concerned) {
            Some(failure) => Err(failure.strike().await),
            None => Ok(()),
        }
    }

    fn next(&self, concerned: fn(Failure) -> bool) -> Option<Failure> {
        let mut outage = self.outage.lock().unwrap();
        let outage = outage.as_mut().filter(|outage| concerned(outage.failure))?;
        if outage.spared > 0 {
            outage.spared -= 1;
            return None;
        }
        outage.struck = outage.struck.checked_sub(1)?;
        Some(outage.failure)
    }
}

#[async_trait]
impl Store for Failing {
    fn kind(&self) -> StoreKind {
        self.store.kind()
    }

    fn is_persistent(&self) -> bool {
        self.store.is_persistent()
    }

    async fn load(&self, profile: &ProfileName) -> Result<Vec<Row>, StoreError> {
        self.read().await?;
        self.store.load(profile).await
    }

    async fn read(&self, profile: &ProfileName, key: &str) -> Result<Option<Row>, StoreError> {
        self.read().await?;
        self.store.read(profile, key).await
    }

    async fn compare_and_swap(
        &self,
        profile: &ProfileName,
        key: &str,
        expected: Option<Version>,
        value: Option<&[u8]>,
    ) -> Result<Version, StoreError> {
        self.write().await?;
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
        self.write().await?;
        self.store.quarantine(profile, key, now).await
    }

    async fn check_writable(&self) -> Result<(), StoreError> {
        self.write().await?;
        self.store.check_writable().await
    }
}

fn world(rotation: Rotation) -> TestEnv {
    TestEnv::with(|settings| {
        settings
            .access_token_lifetime(Duration::from_secs(LIFETIME))
            .rotation(rotation)
    })
}

fn profile(world: &TestEnv, store: impl Store) -> Profile {
    world.host(store).profile("ada".parse().unwrap())
}

/// Signed in with an expired access token, and with an empty request log.
async fn with_an_expired_token(store: &Failing) -> (TestEnv, Profile) {
    let world = world(Rotation::Strict);
    let ada = profile(&world, store.clone());
    sign_in(&world, &ada).await;
    world.pass(LIFETIME);
    world.simulator.clear_requests();
    (world, ada)
}

/// The full error of docs/embedding.md, and no request.
fn check_nothing_spent(world: &TestEnv, failure: Failure, error: &Error) {
    let (seconds, hint) = match failure {
        Failure::ReadOnly => (None, "make the store writable"),
        Failure::Full => (Some(60), "free space"),
        Failure::Unreachable | Failure::Stalled => (Some(5), "can be reached"),
    };
    assert_eq!(error.code, ErrorCode::StoreUnavailable, "{error:?}");
    assert_eq!(error.retryable, seconds.is_some(), "{error:?}");
    assert_eq!(error.retry_after_seconds, seconds, "{error:?}");
    assert!(error.hint.contains(hint), "{error:?}");
    assert!(!error.relogin_required, "{error:?}");
    assert_eq!(world.simulator.requests().len(), 0);
}

/// Faults: S09 S10 S31
#[tokio::test]
async fn a_store_that_fails_at_the_intent_spends_no_token() {
    for failure in FAILING {
        let store = Failing::new();
        let (world, ada) = with_an_expired_token(&store).await;
        store.fail(failure.at_the_first_write());
        for outcome in [ada.authorize(None).await.err(), ada.refresh().await.err()] {
            check_nothing_spent(&world, failure, &outcome.unwrap());
        }
        store.repair();
        ada.authorize(None).await.unwrap();
    }
}

/// Faults: S31
#[tokio::test]
async fn a_store_that_does_not_answer_at_the_intent_spends_no_token() {
    let store = Failing::new();
    let (world, ada) = with_an_expired_token(&store).await;
    store.fail(Failure::Stalled.at_the_first_write());
    let began = Instant::now();
    let refused = ada.refresh().await.unwrap_err();
    check_nothing_spent(&world, Failure::Stalled, &refused);
    // A call may take 100 s.
    assert!((HELD..60).contains(&began.elapsed().as_secs()));
    store.repair();
    ada.authorize(None).await.unwrap();
}

/// Faults: S11
#[tokio::test]
async fn a_store_that_is_back_while_the_answer_is_held_loses_no_rotation() {
    for failure in FAILING {
        let store = Failing::new();
        let (world, ada) = with_an_expired_token(&store).await;
        // The intent, and the read after it.
        store.fail(failure.after(1, 2).over_soon());
        ada.refresh().await.unwrap();
        assert!(store.is_repaired(), "{failure:?}");
        assert_eq!(world.simulator.requests_to(Endpoint::Token).len(), 1);
        // The service rejects a reused token: this works only with the new token.
        world.pass(LIFETIME);
        ada.authorize(None).await.unwrap();
    }
}

/// Faults: S11
#[tokio::test]
async fn a_store_that_is_back_while_the_answer_is_held_loses_no_new_login() {
    for failure in FAILING {
        let store = Failing::new();
        let world = world(Rotation::Strict);
        let ada = profile(&world, store.clone());
        let prompt = ada.start().await.unwrap();
        world.simulator.approve(&prompt.pending.user_code).unwrap();
        // The poll, the approval and the intent to exchange, each with a read.
        store.fail(failure.after(3, 3).over_soon());
        ada.poll(None).await.unwrap();
        assert!(store.is_repaired(), "{failure:?}");
        assert_eq!(world.simulator.requests_to(Endpoint::Token).len(), 1);
        ada.authorize(None).await.unwrap();
    }
}

/// Refreshes while the store fails for longer than the answer is held, repairs the store, and
/// returns the outcome of the next refresh after the old token has expired.
async fn after_a_long_outage(failure: Failure, rotation: Rotation) -> Result<(), ErrorCode> {
    let store = Failing::new();
    let world = world(rotation);
    let ada = profile(&world, store.clone());
    sign_in(&world, &ada).await;
    world.pass(120);
    store.fail(failure.after(1, 2));
    let began = Instant::now();
    let error = ada.refresh().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::StoreFailedAfterRefresh, "{error:?}");
    assert!(!error.retryable && !error.relogin_required, "{error:?}");
    assert!(error.hint.contains("Fix the store first"), "{error:?}");
    assert!((HELD - 1..60).contains(&began.elapsed().as_secs()));

    store.repair();
    // The stored token is used until it expires.
    ada.authorize(None).await.unwrap();
    assert!(ada.status().await.unwrap().connected);
    world.pass(LIFETIME);
    let outcome = ada.authorize(None).await;
    outcome.map(|_| ()).map_err(|error| error.code)
}

/// Faults: S11
#[tokio::test]
async fn a_store_that_is_not_back_in_time_loses_the_rotated_token() {
    let forgiving = Rotation::Grace { within: None };
    let outages: Vec<_> = FAILING
        .into_iter()
        .map(|failure| {
            let strict = tokio::spawn(after_a_long_outage(failure, Rotation::Strict));
            let forgiving = tokio::spawn(after_a_long_outage(failure, forgiving));
            (strict, forgiving)
        })
        .collect();
    for (strict, forgiving) in outages {
        assert_eq!(strict.await.unwrap(), Err(ErrorCode::NeedsLogin));
        assert_eq!(forgiving.await.unwrap(), Ok(()));
    }
}

/// Faults: S09
#[tokio::test]
async fn a_file_that_was_opened_to_read_spends_no_token() {
    let world = world(Rotation::Strict);
    let file = SqliteStore::open(world.store(), StoreKind::Test);
    let ada = profile(&world, file.await.unwrap());
    sign_in(&world, &ada).await;
    world.pass(LIFETIME);
    world.simulator.clear_requests();

    let read_only = SqliteStore::open_read_only(world.store(), StoreKind::Test);
    let reader = profile(&world, read_only.await.unwrap());
    let refused = reader.refresh().await.unwrap_err();
    check_nothing_spent(&world, Failure::ReadOnly, &refused);
    ada.refresh().await.unwrap();
}
