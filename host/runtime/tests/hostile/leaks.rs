//! All cases again and again in another process: a run that follows may hold no more memory,
//! handles and threads than the run before.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use crate::{
    answers, computing, deaths, growing, headers, host, instantiation, names, storing, targets,
};

/// Set in the environment of that process.
const ALONE: &str = "CHATGPT_OAUTH_TEST_HOSTILE_ALONE";
/// How much more or less the process may hold than after the run before, in percent.
const TOLERATED: usize = 5;
/// How many cases run at once.
const AT_ONCE: usize = 2;

type Case = (&'static str, fn());

macro_rules! cases {
    ($($module:ident::$case:ident,)*) => {
        [$((concat!(stringify!($module), "::", stringify!($case)), $module::$case as fn())),*]
    };
}

const CASES: &[Case] = &cases![
    answers::a_redirect_is_an_answer_wherever_it_leads,
    answers::a_request_to_upgrade_or_to_go_on_changes_nothing,
    answers::of_a_flood_of_headers_the_guest_sees_none_or_those_that_it_reads,
    answers::a_body_without_end_is_read_no_further_than_its_limit,
    answers::a_compressed_body_is_not_inflated,
    answers::a_slow_head_or_body_ends_after_thirty_seconds_whatever_the_timeouts,
    answers::a_guest_with_timeouts_of_0_waits_no_longer_than_a_connection_takes,
    computing::a_guest_that_computes_forever_is_stopped_after_two_seconds,
    computing::others_get_their_turn_while_a_guest_computes,
    computing::a_guest_that_waits_forever_is_stopped_when_its_call_is_over,
    computing::a_guest_that_breaks_off_ends_its_call_alone,
    computing::every_one_of_many_calls_at_once_gets_a_sandbox,
    deaths::a_guest_that_breaks_off_before_its_request_changes_nothing,
    deaths::a_request_ends_with_the_guest_that_breaks_off_after_it,
    deaths::a_guest_that_spends_the_refresh_token_and_stops_ends_only_this_login,
    growing::memory_ends_at_64_mebibytes,
    growing::handles_of_every_kind_end_at_256,
    growing::a_host_call_gives_and_takes_no_more_than_it_must,
    headers::no_header_of_the_guests_says_where_a_request_goes_or_how_it_is_framed,
    headers::a_flood_of_headers_ends_the_call_before_anything_leaves,
    headers::a_body_that_is_too_large_does_not_leave,
    host::a_call_whose_caller_has_gone_comes_to_its_end,
    host::a_host_that_drains_lets_its_calls_end_and_begins_none,
    host::a_panic_of_the_store_ends_its_own_call_and_no_other,
    host::a_call_that_finds_a_refresh_waits_for_its_end,
    host::it_waits_forty_seconds_at_most,
    host::the_embedded_component_loads_beside_a_compiler,
    host::bytes_that_are_no_component_are_refused,
    instantiation::a_start_function_that_computes_forever_is_stopped_after_two_seconds,
    instantiation::a_module_that_takes_too_much_before_it_is_called_is_stopped,
    instantiation::two_memories_have_64_mebibytes_together,
    instantiation::a_call_finds_nothing_of_an_earlier_call_in_its_memory,
    instantiation::a_table_ends_at_ten_thousand_elements,
    names::a_name_that_leads_to_this_machine_or_network_is_prohibited,
    names::a_name_is_resolved_once_and_what_was_checked_is_connected_to,
    names::a_name_that_leads_nowhere_is_no_place,
    storing::a_guest_opens_no_bucket_but_its_own,
    storing::a_key_is_a_plain_word_or_denied,
    storing::a_value_beyond_its_limit_is_refused,
    storing::a_profile_cannot_be_filled_with_keys,
    storing::nothing_is_written_over_unread,
    storing::nothing_that_a_guest_writes_or_returns_ends_up_in_another_profile,
    targets::no_other_host_is_reached_however_much_it_looks_like_one_of_the_two,
    targets::no_address_is_reached_in_place_of_a_name,
    targets::no_other_port_or_scheme_is_used,
    targets::no_target_names_another_place,
    targets::no_other_path_or_method_is_used,
    targets::no_line_break_or_nul_splits_a_request,
];

#[test]
fn a_second_run_of_all_cases_holds_no_more_memory_handles_or_threads() {
    if env::var_os(ALONE).is_some() {
        return compare();
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

/// The list has every test of this program except those of this file.
#[test]
fn no_case_is_left_out() {
    let program = Command::new(env::current_exe().unwrap());
    let listed = { program }.arg("--list").output().unwrap().stdout;
    let listed = String::from_utf8(listed).unwrap();
    let tests = listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"));
    let mut cases: Vec<_> = CASES.iter().map(|(name, _)| *name).collect();
    cases.sort();
    let mut expected: Vec<_> = tests.filter(|name| !name.starts_with("leaks::")).collect();
    expected.sort();
    assert_eq!(cases, expected);
}

/// A leak grows with every run. What grows once only is the free memory between allocations,
/// so a run that holds more than the first is followed by one that may not.
fn compare() {
    run_all();
    let first = Held::now();
    run_all();
    let second = Held::now();
    println!("after the first run {first:?}, after the second {second:?}");
    if second.holds_as_much_as(&first) {
        return;
    }
    run_all();
    let third = Held::now();
    println!("after the third {third:?}");
    assert!(third.holds_as_much_as(&second));
}

fn run_all() {
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((_, case)) = CASES.get(next.fetch_add(1, Ordering::Relaxed)) {
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

    fn holds_as_much_as(&self, before: &Self) -> bool {
        [
            (before.memory, self.memory),
            (before.handles, self.handles),
            (before.threads, self.threads),
        ]
        .iter()
        .all(|(before, now)| before.abs_diff(*now) * 100 <= before * TOLERATED)
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
