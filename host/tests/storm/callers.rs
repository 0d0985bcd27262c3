//! Who asks for the logins, and what became of each call.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::thread::{self, sleep};
use std::time::Duration;

use crate::fleet::{Call, Fleet};

/// How many callers ask at a time.
const CALLERS: usize = 24;
/// Between two tries of a login for which no server was ready.
const PAUSE: Duration = Duration::from_millis(20);
/// More than the quiet period before a probe, in seconds.
const QUIET: u64 = 130;
/// After so many quiet periods, every login has an end.
const PERIODS: usize = 6;

pub struct Callers {
    people: Vec<Mutex<Person>>,
}

/// What callers know of a person's login.
#[derive(Default)]
pub struct Person {
    pub end: Option<End>,
    /// Every call without an answer.
    pub unanswered: Vec<Call>,
    /// What was asked when, and what the answer said.
    pub story: Vec<String>,
}

/// What became of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The backend took its new access token.
    Refreshed,
    /// The person must sign in again.
    Lost,
}

/// What a caller does next.
enum Next {
    Nothing,
    /// No server was ready: the call is repeated.
    Again,
    /// Nothing can be known before time has passed.
    Later,
}

impl Callers {
    pub fn new(people: usize) -> Self {
        Self {
            people: (0..people).map(|_| Mutex::default()).collect(),
        }
    }

    /// What callers know of each person.
    pub fn people(&self) -> impl Iterator<Item = std::sync::MutexGuard<'_, Person>> {
        self.people.iter().map(|person| person.lock().unwrap())
    }

    /// Asks for each login without an end, every eighth by two callers at once, until each has
    /// an end or must wait.
    pub fn ask_for_all(&self, fleet: &Fleet) {
        let numbers = (0..self.people.len()).filter(|&number| self.end(number).is_none());
        let asked = numbers.flat_map(|number| {
            let callers = if number % 8 == 0 { 2 } else { 1 };
            std::iter::repeat_n(number, callers)
        });
        let queue: Mutex<VecDeque<usize>> = Mutex::new(asked.collect());
        thread::scope(|scope| {
            for _ in 0..CALLERS {
                scope.spawn(|| {
                    loop {
                        let next = queue.lock().unwrap().pop_front();
                        let Some(number) = next else { break };
                        while let Next::Again = self.ask(fleet, number) {
                            sleep(PAUSE);
                        }
                    }
                });
            }
        });
    }

    /// Lets time pass and asks again.
    pub fn ask_until_all_have_an_end(&self, fleet: &Fleet) {
        for _ in 0..PERIODS {
            fleet.test.pass(QUIET);
            self.ask_for_all(fleet);
        }
        for (number, person) in self.people().enumerate() {
            assert!(person.end.is_some(), "person {number}: {:#?}", person.story);
        }
    }

    fn end(&self, number: usize) -> Option<End> {
        self.people[number].lock().unwrap().end
    }

    fn ask(&self, fleet: &Fleet, number: usize) -> Next {
        let call = fleet.ask(number);
        let mut person = self.people[number].lock().unwrap();
        person.story.push(fleet.tell(&call));
        let Some((status, body)) = &call.answer else {
            person.unanswered.push(call);
            return Next::Later;
        };
        match (status, body["code"].as_str()) {
            (200, _) => person.end = Some(End::Refreshed),
            (_, Some("needs-login")) => person.end = Some(End::Lost),
            (_, Some("refresh-in-progress" | "refresh-uncertain")) => return Next::Later,
            _ => return Next::Again,
        }
        Next::Nothing
    }
}
