//! Two servers share a database whose logins have all expired. While callers ask for every
//! login, a server is killed again and again, and so is the database. No refresh token is
//! presented twice but as a recorded probe, and a login is lost only if its server died
//! between the service's answer and the commit.
//!
//! These variables run longer, and `--nocapture` prints the counts:
//!
//!     CHATGPT_OAUTH_STORM_LOGINS=10000 CHATGPT_OAUTH_STORM_KILL_MS=2000 CHATGPT_OAUTH_STORM_RESTART_MS=20000

mod callers;
mod fleet;
#[path = "../support/logins.rs"]
mod logins;
#[path = "../support/mod.rs"]
mod support;
mod verdict;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use callers::Callers;
use fleet::Fleet;
use verdict::Verdict;

/// How many logins have expired.
const LOGINS: Setting = Setting("CHATGPT_OAUTH_STORM_LOGINS", 200);
/// The time between two deaths of a server, in milliseconds.
const KILL: Setting = Setting("CHATGPT_OAUTH_STORM_KILL_MS", 800);
/// The time between two deaths of the database, in milliseconds.
const RESTART: Setting = Setting("CHATGPT_OAUTH_STORM_RESTART_MS", 2000);

/// A variable, and the number if it is not set.
struct Setting(&'static str, u64);

impl Setting {
    fn get(&self) -> u64 {
        let set = std::env::var(self.0);
        set.map_or(self.1, |number| number.parse().expect("a number"))
    }
}

/// Faults: G33 G34 G35 G42
#[test]
fn two_servers_that_die_again_and_again_lose_no_login_but_where_the_answer_died_with_them() {
    let logins = usize::try_from(LOGINS.get()).expect("a number");
    let fleet = Fleet::with_expired(logins);
    let callers = Callers::new(logins);
    let begun = Instant::now();
    let (killed, restarted) = storm(&fleet, &callers);
    let storm = begun.elapsed();
    assert!(killed > 0 && restarted > 0, "nothing died in {storm:?}");

    fleet.calm();
    callers.ask_until_all_have_an_end(&fleet);
    let verdict = Verdict::of(&fleet, &callers);
    println!(
        "{logins} expiries, {killed} servers killed, the database {restarted} times, in {storm:.0?}; \
         {verdict}"
    );
    verdict.assert_nothing_else_was_lost();
}

/// Lets callers ask for every login while servers and the database die. Returns how often
/// each died.
fn storm(fleet: &Fleet, callers: &Callers) -> (usize, usize) {
    let is_over = AtomicBool::new(false);
    let (killed, restarted) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let repeat = |setting: Setting, count: &AtomicUsize, act: &dyn Fn()| {
        let pause = Duration::from_millis(setting.get());
        let mut next = Instant::now() + pause;
        while !is_over.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(10));
            if Instant::now() >= next {
                act();
                count.fetch_add(1, Ordering::Relaxed);
                next = Instant::now() + pause;
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| repeat(KILL, &killed, &|| fleet.kill_one()));
        scope.spawn(|| repeat(RESTART, &restarted, &|| fleet.restart_database()));
        callers.ask_for_all(fleet);
        is_over.store(true, Ordering::Relaxed);
    });
    (killed.into_inner(), restarted.into_inner())
}
