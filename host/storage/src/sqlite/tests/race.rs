//! Processes that make and write one store at once.

use std::time::{Duration, Instant};

use super::*;
use crate::Version;

const RACE: &str = "CHATGPT_OAUTH_TEST_RACE";
const RACERS: usize = 8;
const LAPS: usize = 10;
/// On a slow disk seven others take longer than a store waits.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn eight_processes_may_make_a_store_at_once_and_lose_no_write() {
    if let Some(path) = std::env::var_os(RACE) {
        return run_laps(&PathBuf::from(path));
    }
    let place = place();
    let racer = || {
        in_another_process(
            "race::eight_processes_may_make_a_store_at_once_and_lose_no_write",
            RACE,
            &place.path,
        )
    };
    let racers: Vec<_> = (0..RACERS).map(|_| racer()).collect();
    for mut racer in racers {
        assert!(racer.wait().unwrap().success());
    }
    assert_eq!(value_of(&place.path, "count").len(), RACERS * LAPS);
}

/// One process of the race.
#[tokio::main(flavor = "current_thread")]
async fn run_laps(path: &Path) {
    let begun = Instant::now();
    let store = loop {
        match SqliteStore::open(path, StoreKind::OpenAi).await {
            Err(StoreError::Busy) if begun.elapsed() < PATIENCE => {}
            opened => break opened.unwrap(),
        }
    };
    let mut laps = 0;
    while laps < LAPS {
        match run_lap(&store).await {
            Ok(_) => laps += 1,
            Err(StoreError::Conflict | StoreError::Busy) => assert!(begun.elapsed() < PATIENCE),
            Err(error) => panic!("{error}"),
        }
    }
}

async fn run_lap(store: &SqliteStore) -> Result<Version, StoreError> {
    let found = store.read(&alice(), "count").await?;
    let version = found.as_ref().map(|row| row.version);
    let mut value = found.and_then(|row| row.value).unwrap_or_default();
    value.push(b'x');
    store
        .compare_and_swap(&alice(), "count", version, Some(&value))
        .await
}
