//! What the service saw, compared with what the callers and the store know.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use openai_simulator::{Endpoint, Outcome, Presentations};

use crate::callers::{Callers, End, Person};
use crate::fleet::Fleet;
use crate::logins::{self, Login};

/// How much later than the death of its server a request may be read.
const TOLERANCE: Duration = Duration::from_secs(2);

pub struct Verdict {
    refreshed: usize,
    /// Lost while their server died with the answer.
    excused: usize,
    /// Refresh tokens that were presented more than once.
    repeated: usize,
    violations: Vec<String>,
}

impl Verdict {
    pub fn of(fleet: &Fleet, callers: &Callers) -> Self {
        let mut verdict = Self {
            refreshed: 0,
            excused: 0,
            repeated: 0,
            violations: Vec::new(),
        };
        let presented = presented(fleet);
        // The first sign-in is that of the person whose login the others copy.
        for (number, person) in callers.people().enumerate() {
            let tokens = &presented[&(number + 1)];
            if let Err(why) = verdict.judge(fleet, number, &person, tokens) {
                let servers = person.unanswered.iter().map(|call| call.server);
                let deaths: Vec<_> = servers.map(|server| fleet.death(server)).collect();
                let since = |at: &Option<Instant>| at.map(|at| at - fleet.beginning);
                let deaths: Vec<_> = deaths.iter().map(since).collect();
                let arrived: Vec<_> = tokens.iter().map(|token| since(&token.arrived)).collect();
                verdict.violations.push(format!(
                    "person {number}: {why}: {:#?}, tokens {tokens:?}, presented at {arrived:.2?}, \
                     unanswered until deaths at {deaths:.2?}",
                    person.story
                ));
            }
        }
        verdict
    }

    pub fn assert_nothing_else_was_lost(&self) {
        assert!(self.violations.is_empty(), "{:#?}", self.violations);
    }

    fn judge(
        &mut self,
        fleet: &Fleet,
        number: usize,
        person: &Person,
        tokens: &[Presented],
    ) -> Result<(), &'static str> {
        let mut probes = 0;
        for token in tokens {
            match token.outcomes() {
                [] | [Outcome::Rotated] => {}
                [Outcome::Rotated, Outcome::Reused] if token.is_after_a_quiet_period() => {
                    probes += 1;
                }
                _ => return Err("a refresh token was presented twice"),
            }
        }
        self.repeated += probes;
        match person.end {
            Some(End::Refreshed) if probes == 0 => self.refreshed += 1,
            Some(End::Lost) if probes == 1 => {
                let login = Login::of(&fleet.sealed, logins::name(number));
                let login = fleet.runtime.block_on(login).credential();
                if login["probes"] != probes {
                    return Err("the probe is not recorded");
                }
                if !died_with_its_answer(fleet, person, &tokens[0]) {
                    return Err("the login was lost although its server lived");
                }
                self.excused += 1;
            }
            _ => return Err("the login has another end than the service knows"),
        }
        Ok(())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} refreshed, {} lost with a server that died between the answer and the commit, \
             {} lost otherwise; {} refresh tokens presented again, each as a recorded probe",
            self.refreshed,
            self.excused,
            self.violations.len(),
            self.repeated
        )
    }
}

/// The presentations of a refresh token, and when the first one arrived, at the earliest.
#[derive(Debug)]
struct Presented {
    token: Presentations,
    outcomes: Vec<Outcome>,
    arrived: Option<Instant>,
}

impl Presented {
    fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Whether a probe's pause was kept, by the service's clock.
    fn is_after_a_quiet_period(&self) -> bool {
        let [first, second] = &self.token.presentations[..] else {
            return false;
        };
        second.at - first.at >= 120
    }
}

/// The refresh tokens of each sign-in, in the order of issue.
fn presented(fleet: &Fleet) -> BTreeMap<usize, Vec<Presented>> {
    let requests = fleet.test.simulator.requests_to(Endpoint::Token);
    let arrivals: BTreeMap<_, _> = requests
        .iter()
        .map(|request| (request.sequence, Duration::from_millis(request.after_ms)))
        .collect();
    let mut presented = BTreeMap::<_, Vec<_>>::new();
    for token in fleet.test.simulator.presentations() {
        let first = token.presentations.first();
        presented.entry(token.family).or_default().push(Presented {
            arrived: first.map(|first| fleet.beginning + arrivals[&first.request]),
            outcomes: token.presentations.iter().map(|one| one.outcome).collect(),
            token,
        });
    }
    presented
}

/// Whether the server that presented the token was killed before it answered its caller.
fn died_with_its_answer(fleet: &Fleet, person: &Person, token: &Presented) -> bool {
    let Some(arrived) = token.arrived else {
        return false;
    };
    person.unanswered.iter().any(|call| {
        let death = fleet.death(call.server);
        call.begun <= arrived + fleet.uncertainty
            && death.is_some_and(|death| arrived <= death + TOLERANCE)
    })
}
