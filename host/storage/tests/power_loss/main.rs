//! An acknowledged write of the SQLite store survives a power loss. A process writes under
//! strace. The test replays the recorded calls up to every point at which the power may fail,
//! and opens the store on the disk of that point.
#![cfg(target_os = "linux")]

mod disk;
mod trace;

use std::env;
use std::fs::File;
use std::io::Write;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use chatgpt_oauth_storage::{ProfileName, SqliteStore, Store, StoreError, StoreKind};

use disk::Disk;
use trace::Event;

/// The directory in which the writer's process writes.
const PLACE: &str = "CHATGPT_OAUTH_TEST_PLACE";
const STORE: &str = "store/test.db";
const NOTES: &str = "notes";

/// The numbers of the writes, one range for each time that the store is open. Closing copies
/// the journal into the file. The large values fill the journal, so that SQLite also copies it
/// between two writes.
const SHORT: [RangeInclusive<u32>; 2] = [1..=6, 7..=9];
const LONG: [RangeInclusive<u32>; 3] = [1..=9, 10..=64, 65..=68];
const LARGE: RangeInclusive<u32> = 12..=58;

fn ada() -> ProfileName {
    "ada".parse().unwrap()
}

/// The key of the write with this number.
fn key(number: u32) -> &'static str {
    match number % 3 {
        0 => "models",
        _ => "credential",
    }
}

fn value(number: u32) -> Vec<u8> {
    let length = if LARGE.contains(&number) {
        100_000
    } else {
        2_000
    };
    let mut value = format!("{number} ").into_bytes();
    value.resize(length, b'a' + u8::try_from(number % 26).unwrap());
    value
}

/// The writer's process: notes each write that begins, is acknowledged or fails.
#[tokio::main(flavor = "current_thread")]
async fn write_all(place: &Path, ranges: &[RangeInclusive<u32>]) {
    let mut notes = Notes(File::create(place.join(NOTES)).unwrap());
    for numbers in ranges {
        let Ok(store) = SqliteStore::open(place.join(STORE), StoreKind::Test).await else {
            return notes.add("failed", *numbers.start());
        };
        for number in numbers.clone() {
            write(&store, number, &mut notes).await;
        }
        drop(store);
        wait_for_the_end_of(&place.join(STORE).with_extension("db-wal"));
    }
}

/// Notes for the trace, one line each.
struct Notes(File);

impl Notes {
    fn add(&mut self, what: &str, number: u32) {
        let line = format!("{what} {number}\n");
        self.0.write_all(line.as_bytes()).unwrap();
    }
}

/// Retries a write until it is acknowledged, as the host does for an answer.
async fn write(store: &SqliteStore, number: u32, notes: &mut Notes) {
    let (ada, value) = (ada(), value(number));
    notes.add("begin", number);
    loop {
        let row = store.read(&ada, key(number)).await.unwrap();
        let version = row.map(|row| row.version);
        let written = store.compare_and_swap(&ada, key(number), version, Some(&value));
        match written.await {
            Ok(_) => return notes.add("done", number),
            Err(StoreError::Conflict) => panic!("no other process writes"),
            Err(_) => notes.add("failed", number),
        }
    }
}

/// A dropped store closes its file a moment later.
fn wait_for_the_end_of(journal: &Path) {
    let began = Instant::now();
    // The journal stays if closing has failed.
    while journal.exists() && began.elapsed() < Duration::from_secs(2) {
        sleep(Duration::from_millis(1));
    }
}

/// Starts a test of this file again, as the writer under strace.
fn record(test: &str, fails: Option<usize>) -> Vec<Event> {
    let place = tempfile::tempdir().unwrap();
    let mut writer = Command::new(env::current_exe().unwrap());
    writer.args(["--exact", test]).env(PLACE, place.path());
    trace::record(place.path(), NOTES, &writer, fails)
}

/// The notes of the writer so far.
#[derive(Default)]
struct Noted {
    begun: u32,
    done: u32,
}

impl Noted {
    fn happen(&mut self, event: &Event) {
        let Event::Note(note) = event else { return };
        if let Some(number) = note.strip_prefix("begin ") {
            self.begun = number.parse().unwrap();
        } else if let Some(number) = note.strip_prefix("done ") {
            self.done = number.parse().unwrap();
        }
    }

    /// The last acknowledged value of a key, and the value of a write that has begun.
    fn may_be_found(&self, wanted: &str) -> Vec<Option<Vec<u8>>> {
        let last = (1..=self.done).rev().find(|number| key(*number) == wanted);
        let begun = (self.done + 1..=self.begun).find(|number| key(*number) == wanted);
        let begun = begun.map(|number| Some(value(number)));
        [last.map(value)].into_iter().chain(begun).collect()
    }
}

/// Opens the store on the disk after a power loss: the store is intact, and holds all
/// acknowledged values.
#[tokio::main(flavor = "current_thread")]
async fn check(disk: &Disk, noted: &Noted, survives: impl FnMut() -> bool) {
    let place = tempfile::tempdir().unwrap();
    disk.write_what_is_left(place.path(), survives);
    let store = SqliteStore::open(place.path().join(STORE), StoreKind::Test).await;
    let store = store.unwrap();
    for key in ["credential", "models"] {
        let row = store.read(&ada(), key).await.unwrap();
        let found = row.and_then(|row| row.value);
        let begins = found
            .as_ref()
            .map(|value| String::from_utf8_lossy(&value[..4]));
        assert!(
            noted.may_be_found(key).contains(&found),
            "{key} begins with {begins:?} when {} was acknowledged",
            noted.done
        );
    }
}

/// Decides by a seed which unsynced changes survive (SplitMix64).
struct Chance(u64);

impl Chance {
    fn survives(&mut self) -> bool {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) & 1 == 1
    }
}

/// Whether an event changes the disk, or the acknowledged writes, if no unsynced change
/// survives.
fn is_a_turn(event: &Event) -> bool {
    match event {
        Event::Sync(_) | Event::FailedSync(_) => true,
        Event::Note(note) => note.starts_with("done"),
        _ => false,
    }
}

/// Faults: S25 S28
#[test]
fn an_acknowledged_write_survives_a_power_loss_at_any_point() {
    let test = "an_acknowledged_write_survives_a_power_loss_at_any_point";
    if let Some(place) = env::var_os(PLACE) {
        return write_all(&PathBuf::from(place), &LONG);
    }
    let events = record(test, None);
    let (mut disk, mut noted) = (Disk::default(), Noted::default());
    let mut points = 0;
    for (number, event) in (0..).zip(&events) {
        disk.happen(event);
        noted.happen(event);
        if is_a_turn(event) {
            check(&disk, &noted, || false);
            points += 1;
        }
        // The large values cause many similar calls.
        if !LARGE.contains(&noted.begun) || number % 16 == 0 {
            // As after a kill, and with a random part of the unsynced changes.
            check(&disk, &noted, || true);
            let mut chance = Chance(number);
            check(&disk, &noted, || chance.survives());
            points += 2;
        }
    }
    assert_eq!(noted.done, *LONG[2].end());
    assert!(copies_while_open(&events));
    println!("{} calls, {points} power losses", events.len());
}

/// Whether the journal was copied into the file between two writes.
fn copies_while_open(events: &[Event]) -> bool {
    let mut noted = Noted::default();
    events.iter().any(|event| {
        noted.happen(event);
        let is_a_copy = matches!(event, Event::Write { path, .. } if path == Path::new(STORE));
        is_a_copy && LARGE.contains(&noted.begun)
    })
}

/// Faults: S12
#[test]
fn a_failed_sync_is_an_error_and_no_acknowledged_write_relies_on_it() {
    let test = "a_failed_sync_is_an_error_and_no_acknowledged_write_relies_on_it";
    if let Some(place) = env::var_os(PLACE) {
        return write_all(&PathBuf::from(place), &SHORT);
    }
    // Each connection counts its syncs, and makes fewer than 20.
    let mut reported = 0;
    for number in 1..=20 {
        let events = record(test, Some(number));
        let (mut disk, mut noted) = (Disk::default(), Noted::default());
        for event in &events {
            disk.happen(event);
            noted.happen(event);
            if is_a_turn(event) {
                check(&disk, &noted, || false);
            }
        }
        reported += errors_reported(&events);
    }
    println!("{reported} failures of 20 reported");
    assert!(reported >= 6);
}

/// How many syncs of a file have failed while a store was created or written. Each of them
/// must be an error. A failed sync at closing is not, since the values are in the journal.
fn errors_reported(events: &[Event]) -> usize {
    let note = |event: &Event| match event {
        Event::Note(note) => Some(note.clone()),
        _ => None,
    };
    let mut reported = 0;
    for (at, event) in events.iter().enumerate() {
        let before = events[..at].iter().rev().find_map(note);
        let is_closing = before.is_some_and(|note| note.starts_with("done"));
        let of_a_file = matches!(event, Event::FailedSync(path) if path != Path::new("store"));
        if of_a_file && !is_closing {
            let after = events[at..].iter().find_map(note).unwrap();
            assert!(
                after.starts_with("failed"),
                "{event:?} was followed by {after}"
            );
            reported += 1;
        }
    }
    reported
}
