//! All cases of a test program again and again in another process: a run that follows may
//! hold no more memory, handles and threads than the run before.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// Set in the environment of that process.
const ALONE: &str = "CHATGPT_OAUTH_TEST_HOSTILE_ALONE";
/// How much more the process may hold than after the run before, in percent.
const TOLERATED: usize = 5;
/// How many cases run at once.
const AT_ONCE: usize = 2;

/// The name of a test, and the test.
pub type Case = (&'static str, fn());

macro_rules! cases {
    ($($module:ident::$case:ident,)*) => {
        [$((concat!(stringify!($module), "::", stringify!($case)), $module::$case as fn())),*]
    };
}
pub(crate) use cases;

/// Runs the calling test alone in another process, which runs all cases.
pub fn assert_that_nothing_stays(cases: &[Case]) {
    if env::var_os(ALONE).is_some() {
        return compare(cases);
    }
    let this = thread::current().name().unwrap().to_owned();
    let alone = Command::new(env::current_exe().unwrap())
        .args(["--exact", &this, "--nocapture"])
        .env(ALONE, "1")
        // With glibc's settings, freed memory returns to the system and is not taken for a leak.
        // Symbols that a backtrace reads stay in memory.
        .env("RUST_BACKTRACE", "0")
        .env("MALLOC_ARENA_MAX", "1")
        .env("MALLOC_MMAP_THRESHOLD_", "131072")
        .output()
        .unwrap();
    let said = [alone.stdout, alone.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    print!("{said}");
    assert!(alone.status.success());
}

/// The list has every test of this program except those of the module `leaks`.
pub fn assert_that_no_case_is_left_out(cases: &[Case]) {
    let program = Command::new(env::current_exe().unwrap());
    let listed = { program }.arg("--list").output().unwrap().stdout;
    let listed = String::from_utf8(listed).unwrap();
    let tests = listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"));
    let mut cases: Vec<_> = cases.iter().map(|(name, _)| *name).collect();
    cases.sort();
    let mut expected: Vec<_> = tests.filter(|name| !name.starts_with("leaks::")).collect();
    expected.sort();
    assert_eq!(cases, expected);
}

/// A leak grows with every run. What grows once only is the free memory between allocations,
/// so a run that holds more than the first is followed by one that may not.
fn compare(cases: &[Case]) {
    run_all(cases);
    let first = Held::now();
    run_all(cases);
    let second = Held::now();
    println!("after the first run {first:?}, after the second {second:?}");
    if second.holds_no_more_than(&first) {
        return;
    }
    run_all(cases);
    let third = Held::now();
    println!("after the third {third:?}");
    assert!(third.holds_no_more_than(&second));
}

fn run_all(cases: &[Case]) {
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((_, case)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            case();
        }
    };
    thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(work))));
}

/// The resources of this process.
#[derive(Debug)]
struct Held {
    /// Resident, in KiB.
    memory: usize,
    handles: usize,
    threads: usize,
}

impl Held {
    /// Waits until the number of threads is stable: threads end a moment after their work.
    fn now() -> Self {
        let began = Instant::now();
        let mut threads = count("/proc/self/task");
        loop {
            thread::sleep(Duration::from_secs(1));
            let still = count("/proc/self/task");
            if still == threads || began.elapsed() > Duration::from_secs(20) {
                break;
            }
            threads = still;
        }
        Self {
            memory: resident(),
            handles: count("/proc/self/fd"),
            threads,
        }
    }

    fn holds_no_more_than(&self, before: &Self) -> bool {
        [
            (before.memory, self.memory),
            (before.handles, self.handles),
            (before.threads, self.threads),
        ]
        .iter()
        .all(|(before, now)| now.saturating_sub(*before) * 100 <= before * TOLERATED)
    }
}

fn count(directory: &str) -> usize {
    fs::read_dir(directory).unwrap().count()
}

fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.unwrap().trim().strip_suffix(" kB");
    kib.unwrap().parse().unwrap()
}
