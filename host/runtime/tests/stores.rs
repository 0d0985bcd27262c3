//! Stores that fail when it matters: before the token is presented nothing is
//! spent, after it the host holds the answer until they work again.

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

/// What a store does instead of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    ReadOnly,
    Full,
    Unreachable,
    /// Writes never end.
    Stalled,
}

const FAILING: [Trouble; 3] = [Trouble::ReadOnly, Trouble::Full, Trouble::Unreachable];

impl Trouble {
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

    /// This trouble at the first write of the next call, and from then on.
    fn at_the_first_write(self) -> Outage {
        // What opens the bucket works.
        self.after(0, 1)
    }

    /// This trouble after so many writes and reads of the next call.
    fn after(self, writes: u32, reads: u32) -> Outage {
        let reads = if self.is_for_reads() { reads } else { 0 };
        Outage {
            trouble: self,
            spared: writes + reads,
            struck: u32::MAX,
        }
    }
}

/// When a store is in trouble. Only operations count that the trouble is for.
struct Outage {
    trouble: Trouble,
    /// How many still work.
    spared: u32,
    /// How many do not, after those; later ones work again.
    struck: u32,
}

impl Outage {
    fn over_soon(self) -> Self {
        // It takes a second: there is a pause after each.
        Self { struck: 4, ..self }
    }
}

/// A store in memory that fails as it is told.
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
        self.operate(Trouble::is_for_reads).await
    }

    async fn write(&self) -> Result<(), StoreError> {
        self.operate(|_| true).await
    }

    async fn operate(&self, concerned: fn(Trouble) -> bool) -> Result<(), StoreError> {
        match self.next(concerned) {
            Some(trouble) => Err(trouble.strike().await),
            None => Ok(()),
        }
    }

    fn next(&self, concerned: fn(Trouble) -> bool) -> Option<Trouble> {
        let mut outage = self.outage.lock().unwrap();
        let outage = outage.as_mut().filter(|outage| concerned(outage.trouble))?;
        if outage.spared > 0 {
            outage.spared -= 1;
            return None;
        }
        outage.struck = outage.struck.checked_sub(1)?;
        Some(outage.trouble)
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

/// Signed in as long ago as a token lives, with nothing in the request log.
async fn with_a_token_that_ended(store: &Failing) -> (TestEnv, Profile) {
    let world = world(Rotation::Strict);
    let ada = profile(&world, store.clone());
    sign_in(&world, &ada).await;
    world.pass(LIFETIME);
    world.simulator.clear_requests();
    (world, ada)
}

/// As docs/embedding.md has it, said in full, and nothing was asked.
fn check_nothing_spent(world: &TestEnv, trouble: Trouble, error: &Error) {
    let (seconds, hint) = match trouble {
        Trouble::ReadOnly => (None, "make the store writable"),
        Trouble::Full => (Some(60), "make room"),
        Trouble::Unreachable | Trouble::Stalled => (Some(5), "can be reached"),
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
    for trouble in FAILING {
        let store = Failing::new();
        let (world, ada) = with_a_token_that_ended(&store).await;
        store.fail(trouble.at_the_first_write());
        for outcome in [ada.authorize(None).await.err(), ada.refresh().await.err()] {
            check_nothing_spent(&world, trouble, &outcome.unwrap());
        }
        store.repair();
        ada.authorize(None).await.unwrap();
    }
}

/// Faults: S31
#[tokio::test]
async fn a_store_that_does_not_answer_at_the_intent_spends_no_token() {
    let store = Failing::new();
    let (world, ada) = with_a_token_that_ended(&store).await;
    store.fail(Trouble::Stalled.at_the_first_write());
    let began = Instant::now();
    let refused = ada.refresh().await.unwrap_err();
    check_nothing_spent(&world, Trouble::Stalled, &refused);
    assert_eq!(began.elapsed().as_secs(), HELD);
    store.repair();
    ada.authorize(None).await.unwrap();
}

/// Faults: S11
#[tokio::test]
async fn a_store_that_is_back_while_the_answer_is_held_loses_no_rotation() {
    for trouble in FAILING {
        let store = Failing::new();
        let (world, ada) = with_a_token_that_ended(&store).await;
        // The intent, and the reading after it.
        store.fail(trouble.after(1, 2).over_soon());
        ada.refresh().await.unwrap();
        assert!(store.is_repaired(), "{trouble:?}");
        assert_eq!(world.simulator.requests_to(Endpoint::Token).len(), 1);
        // The service forgives nothing: this is the new token, or none.
        world.pass(LIFETIME);
        ada.authorize(None).await.unwrap();
    }
}

/// Faults: S11
#[tokio::test]
async fn a_store_that_is_back_while_the_answer_is_held_loses_no_new_login() {
    for trouble in FAILING {
        let store = Failing::new();
        let world = world(Rotation::Strict);
        let ada = profile(&world, store.clone());
        let prompt = ada.start().await.unwrap();
        world.simulator.approve(&prompt.pending.user_code).unwrap();
        // The poll, the approval and the exchange under way, each with a reading.
        store.fail(trouble.after(3, 3).over_soon());
        ada.poll(None).await.unwrap();
        assert!(store.is_repaired(), "{trouble:?}");
        assert_eq!(world.simulator.requests_to(Endpoint::Token).len(), 1);
        ada.authorize(None).await.unwrap();
    }
}

/// Refreshes while the store fails for longer than the answer is held, mends it, and
/// returns the outcome of the next refresh when the old token has ended.
async fn after_a_lasting_outage(trouble: Trouble, rotation: Rotation) -> Result<(), ErrorCode> {
    let store = Failing::new();
    let world = world(rotation);
    let ada = profile(&world, store.clone());
    sign_in(&world, &ada).await;
    world.pass(120);
    store.fail(trouble.after(1, 2));
    let began = Instant::now();
    let error = ada.refresh().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::StoreFailedAfterRefresh, "{error:?}");
    assert!(!error.retryable && !error.relogin_required, "{error:?}");
    assert!(error.hint.contains("Fix the store first"), "{error:?}");
    assert!((HELD - 1..=HELD + 2).contains(&began.elapsed().as_secs()));

    store.repair();
    // What is stored lives to its end.
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
        .map(|trouble| {
            let strict = tokio::spawn(after_a_lasting_outage(trouble, Rotation::Strict));
            let forgiving = tokio::spawn(after_a_lasting_outage(trouble, forgiving));
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
    check_nothing_spent(&world, Trouble::ReadOnly, &refused);
    ada.refresh().await.unwrap();
}
