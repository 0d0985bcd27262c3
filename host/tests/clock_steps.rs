//! The machine's wall clock is set forward and back while six processes ask for the
//! token of one login. No refresh token is presented twice, except as a probe after the
//! quiet period, and no login is lost.
//!
//! The simulator's clock is not set, and it ends a login at the first reuse.
//! `CHATGPT_OAUTH_CLOCK_STEPS_CALLS=20000` runs longer (`scripts/clock-steps.sh`),
//! `CHATGPT_OAUTH_CLOCK_STEPS_SEED` repeats the choices of a run, and `--nocapture`
//! prints the counts.

mod support;

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use openai_simulator::{Endpoint, Fault};
use support::{BEGINNING, TestEnv};
use tempfile::NamedTempFile;

/// The number of calls; unset means [`FEW`].
const CALLS: &str = "CHATGPT_OAUTH_CLOCK_STEPS_CALLS";
const FEW: u64 = 600;
/// The seed of the choices; unset means the time.
const SEED: &str = "CHATGPT_OAUTH_CLOCK_STEPS_SEED";

/// How many processes run at a time.
const PROCESSES: u64 = 6;
/// How long access tokens last, in seconds.
const LIFETIME: u64 = 3600;
/// How much of its lifetime a token has left when it is due and still valid, in
/// seconds.
const DUE: u64 = 250;
/// How long the simulator takes for a refresh; the other processes arrive in this time.
const SERVICE: Duration = Duration::from_millis(150);
/// The part of a round in which processes start and clocks are set, in milliseconds.
const ROUND: u64 = 250;
/// The largest step of the clock, in seconds: an intent that lies further in the future
/// is not believed.
const LONGEST_STEP: u64 = 290;
/// The shortest time between two presentations of one token, in seconds.
const QUIET: i64 = 120;

/// Faults: F16
#[test]
fn a_clock_set_during_a_refresh_causes_no_reuse_and_loses_no_login() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let calls = number(CALLS).unwrap_or(FEW);
    let seed = number(SEED).unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now.as_nanos() as u64
    });
    println!("{SEED}={seed}");
    let mut machine = Machine::new(seed);
    for _ in 0..calls.div_ceil(PROCESSES) {
        machine.round();
    }
    println!("{}", machine.counted());
    assert_eq!(
        (machine.tokens_presented_too_soon(), machine.logins_lost),
        (0, 0),
        "{SEED}={seed}: {}\n{:#?}",
        machine.counted(),
        machine.tokens_presented_again()
    );
}

/// Six processes at a time, and the clocks that they read.
struct Machine {
    test: TestEnv,
    /// The clock of the simulator.
    true_time: NamedTempFile,
    clocks: Clocks,
    choices: Choices,
    calls: u64,
    steps: u64,
    logins_lost: u64,
    /// How often each error was answered.
    errors: BTreeMap<String, u64>,
    began: Instant,
}

/// Both clocks, in seconds. A step sets only `wall`; time that passes moves both.
#[derive(Clone, Copy)]
struct Clocks {
    wall: u64,
    steady: u64,
}

/// An event of a round.
enum Event {
    Start,
    Step,
}

impl Machine {
    fn new(seed: u64) -> Self {
        let true_time = NamedTempFile::new().unwrap();
        let clocks = Clocks {
            wall: BEGINNING,
            steady: BEGINNING,
        };
        std::fs::write(&true_time, BEGINNING.to_string()).unwrap();
        let test = TestEnv::with(|settings| {
            settings
                .access_token_lifetime(Duration::from_secs(LIFETIME))
                .clock_file(true_time.path())
        });
        test.sign_in();
        test.simulator
            .fault_always(Endpoint::Token, Fault::normal().delay(SERVICE));
        Self {
            test,
            true_time,
            clocks,
            choices: Choices(seed),
            calls: 0,
            steps: 0,
            logins_lost: 0,
            errors: BTreeMap::new(),
            began: Instant::now(),
        }
    }

    /// Lets time pass while no process runs, then starts all processes and sets the
    /// clock while they run.
    fn round(&mut self) {
        let is_expired = self.choices.below(2) == 0;
        let passed = if is_expired { LIFETIME } else { LIFETIME - DUE };
        self.set(self.clocks.wall + passed, self.clocks.steady + passed);

        let mut processes = Vec::new();
        let began = Instant::now();
        for (moment, event) in self.events() {
            std::thread::sleep(moment.saturating_sub(began.elapsed()));
            match event {
                Event::Start => processes.push(self.start()),
                Event::Step => self.step(),
            }
        }
        let is_lost = processes
            .into_iter()
            .map(|process| self.answer(process))
            .fold(false, |any, is_lost| any | is_lost);
        if is_lost {
            self.logins_lost += 1;
            self.test.simulator.clear_faults();
            self.test.sign_in();
            self.test
                .simulator
                .fault_always(Endpoint::Token, Fault::normal().delay(SERVICE));
        }
    }

    fn events(&mut self) -> Vec<(Duration, Event)> {
        let steps = 1 + self.choices.below(3);
        let starts = (0..PROCESSES).map(|_| Event::Start);
        let events = starts.chain((0..steps).map(|_| Event::Step));
        let mut events: Vec<_> = events
            .map(|event| (Duration::from_millis(self.choices.below(ROUND)), event))
            .collect();
        events.sort_by_key(|(moment, _)| *moment);
        events
    }

    fn step(&mut self) {
        let seconds = 1 + self.choices.below(LONGEST_STEP);
        let wall = match self.choices.below(3) {
            0 => self.clocks.wall - seconds,
            _ => self.clocks.wall + seconds,
        };
        self.steps += 1;
        self.set(wall, self.clocks.steady);
    }

    fn set(&mut self, wall: u64, steady: u64) {
        self.clocks = Clocks { wall, steady };
        // Renamed, not written over: a reader would find an empty file in between.
        let next = self.true_time.path().with_extension("next");
        std::fs::write(&next, steady.to_string()).unwrap();
        std::fs::rename(next, &self.true_time).unwrap();
        let next = self.test.path("clock.next");
        std::fs::write(&next, format!("{wall} {steady}")).unwrap();
        std::fs::rename(next, self.test.path("clock")).unwrap();
    }

    fn start(&mut self) -> Child {
        self.calls += 1;
        let question = match self.choices.below(8) {
            0 => "status",
            1 => "refresh",
            _ => "authorize",
        };
        let mut command = self.test.command();
        command.args(["--json", question]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Whether the answer says that the login is lost.
    fn answer(&mut self, process: Child) -> bool {
        let answer = support::json(&process.wait_with_output().unwrap());
        if answer["ok"] != true {
            let code = answer["code"].as_str().unwrap().to_owned();
            *self.errors.entry(code).or_default() += 1;
        }
        answer["relogin_required"] == true || answer["state"] == "needs_login"
    }

    fn tokens_presented_too_soon(&self) -> usize {
        let tokens = self.test.simulator.presentations();
        let is_too_soon = |token: &&openai_simulator::Presentations| {
            let mut pairs = token.presentations.windows(2);
            pairs.any(|pair| pair[1].at - pair[0].at < QUIET)
        };
        tokens.iter().filter(is_too_soon).count()
    }

    /// For the message of a failure: when each of these tokens was presented.
    fn tokens_presented_again(&self) -> Vec<openai_simulator::Presentations> {
        let mut tokens = self.test.simulator.presentations();
        tokens.retain(|token| token.presentations.len() > 1);
        tokens
    }

    fn counted(&self) -> String {
        format!(
            "{} calls, {} steps of the clock, {} refresh tokens; {} presented again too soon, \
             {} logins lost; errors {:?}; {:.0?}",
            self.calls,
            self.steps,
            self.test.presentations().len(),
            self.tokens_presented_too_soon(),
            self.logins_lost,
            self.errors,
            self.began.elapsed(),
        )
    }
}

/// SplitMix64: equal seeds give equal choices.
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % bound
    }
}
