//! Many logins that are due at once.

mod support;

use std::time::Duration;

use chatgpt_oauth::store::{MemoryStore, Paused, StoreKind};
use chatgpt_oauth::{ErrorCode, Host, Profile};
use openai_simulator::{Answered, Endpoint, Fault, Gate};
use support::{TestEnv, sign_in};
use tokio::task::JoinSet;

const LIFETIME: u64 = 10 * 24 * 60 * 60;
/// How many logins a host refreshes at a time.
const MOST: usize = 16;
/// How long the service takes for a refresh.
const SERVICE: Duration = Duration::from_millis(100);

/// A host with so many people whose access tokens have expired.
async fn expired(world: &TestEnv, people: usize) -> (Host, Vec<Profile>) {
    let host = world.host(MemoryStore::of_kind(StoreKind::Test));
    let mut profiles = Vec::new();
    for person in 0..people {
        let profile = host.profile(format!("p{person}").parse().unwrap());
        sign_in(world, &profile).await;
        profiles.push(profile);
    }
    world.pass(LIFETIME);
    world.simulator.clear_requests();
    (host, profiles)
}

/// How many refreshes wait for their answer.
fn waiting(world: &TestEnv) -> usize {
    let requests = world.simulator.requests_to(Endpoint::Token);
    let waiting = |answered| matches!(answered, Answered::Waiting);
    requests.iter().filter(|it| waiting(it.answered)).count()
}

/// Holds every answer with tokens until the gate opens, and for a moment from then on.
fn hold_answers(world: &TestEnv) -> Gate {
    let gate = Gate::default();
    let held = Fault::normal().delay(SERVICE).gate(&gate);
    world.simulator.fault_always(Endpoint::Token, held);
    gate
}

async fn until(condition: impl Fn() -> bool) {
    let reached = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let reached = tokio::time::timeout(Duration::from_secs(60), reached).await;
    reached.expect("the condition is met");
}

/// Waits until as many refreshes as may run at a time wait for their answer, and no other.
async fn until_all_places_are_taken(world: &TestEnv) {
    until(|| waiting(world) >= MOST).await;
    // Time for a refresh beyond them.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(waiting(world), MOST);
}

/// Faults: G42
#[tokio::test]
async fn of_two_hundred_expired_logins_sixteen_are_refreshed_at_a_time_and_each_once() {
    let world = TestEnv::new();
    let (host, profiles) = expired(&world, 200).await;
    let gate = hold_answers(&world);
    let mut calls = JoinSet::new();
    for profile in profiles {
        calls.spawn(async move { profile.authorize(None).await });
    }
    until_all_places_are_taken(&world).await;
    gate.open();
    let mut most = MOST;
    while !calls.is_empty() {
        most = most.max(waiting(&world));
        while let Some(done) = calls.try_join_next() {
            done.unwrap().unwrap();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(most, MOST);
    let presented = world.presentations();
    assert_eq!(presented.iter().filter(|times| **times == 1).count(), 200);
    assert!(presented.iter().all(|times| *times <= 1));
    assert_eq!(host.refresh_counts().granted, 200);
}

/// Faults: G42
#[tokio::test]
async fn calls_come_before_what_only_keeps_logins_fresh() {
    let world = TestEnv::new();
    let (_host, mut profiles) = expired(&world, MOST + 2).await;
    let gate = hold_answers(&world);
    let (last, unused) = (profiles.pop().unwrap(), profiles.pop().unwrap());
    let mut calls = JoinSet::new();
    for profile in profiles {
        calls.spawn(async move { profile.authorize(None).await.map(drop) });
    }
    until_all_places_are_taken(&world).await;
    let error = unused.refresh_if_due().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::RefreshInProgress);
    assert!((5..35).contains(&error.retry_after_seconds.unwrap()));
    calls.spawn(async move { last.authorize(None).await.map(drop) });
    until_all_places_are_taken(&world).await;
    gate.open();
    for done in calls.join_all().await {
        done.unwrap();
    }
    assert_eq!(world.simulator.requests_to(Endpoint::Token).len(), MOST + 1);
}

/// Faults: G42
#[tokio::test]
async fn a_call_keeps_no_other_from_its_refresh_once_it_has_refreshed() {
    let world = TestEnv::new();
    let (_host, mut profiles) = expired(&world, MOST + 1).await;
    world
        .simulator
        .fault_always(Endpoint::Models, Fault::hang());
    let last = profiles.pop().unwrap();
    let mut hanging = JoinSet::new();
    for profile in profiles {
        hanging.spawn(async move { profile.models(true).await.map(drop) });
    }
    until(|| world.simulator.requests_to(Endpoint::Models).len() == MOST).await;
    last.authorize(None).await.unwrap();
    assert!(hanging.try_join_next().is_none(), "all of them hang");
}

/// Faults: G42
#[tokio::test]
async fn when_the_token_endpoint_pushes_back_it_is_left_alone_and_a_call_still_tries_once() {
    let world = TestEnv::new();
    let (host, profiles) = expired(&world, 2).await;
    let pushes_back = Fault::status(429).header("retry-after", "700");
    world.simulator.fault_always(Endpoint::Token, pushes_back);
    let schedule = host.schedule().unwrap();
    assert_eq!(schedule.paused_until(Paused::Token).await, Ok(0));
    for (sent, profile) in [(1, &profiles[0]), (2, &profiles[1]), (2, &profiles[1])] {
        let error = profile.authorize(None).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::RateLimited);
        assert_eq!(world.simulator.requests_to(Endpoint::Token).len(), sent);
        let until = schedule.paused_until(Paused::Token).await;
        assert_eq!(until, Ok(world.now() + 700));
    }
    assert_eq!(host.refresh_counts().pushed_back, 2);
}
