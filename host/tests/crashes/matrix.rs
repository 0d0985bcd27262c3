//! One command that dies at each of its points, each time in a new environment, and
//! what the death costs with a service that does not forgive reuse and with one that
//! does.

use std::fmt::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::Output;
use std::time::Duration;

use openai_simulator::{Outcome, Rotation};
use rustix::process::Signal;

use crate::LIFETIME;
use crate::support::{BEGINNING, TestEnv, json};

/// What the service does when a token is presented again: it ends the login, or it
/// forgives until the token's successor is presented.
const SERVICES: [Rotation; 2] = [Rotation::Strict, Rotation::Grace { within: None }];

/// The request whose answer cannot be requested again.
const PRECIOUS: &str = "send /oauth/token";

/// What a death costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// The login is alive, or was ended as the person asked.
    Nothing,
    /// The person must sign in once more, and the first attempt works.
    SignInAgain,
}

/// How a command dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// As by `kill -9` or the out-of-memory killer.
    Kill,
    /// The host panics while the guest waits for the host.
    Panic,
}

/// A command in a situation, and how its user continues after it died.
pub struct Command {
    pub name: &'static str,
    /// Creates the situation and returns the command's arguments.
    pub situation: fn(&TestEnv) -> Vec<String>,
    /// Continues as a user would, and asserts that the profile works again.
    pub recovery: fn(&TestEnv) -> Cost,
    /// Whether a service that forgives answers the precious request a second time.
    pub is_forgiven: bool,
    /// How long the first access token is valid, in seconds from the beginning.
    pub token_works: u64,
    pub death: Death,
}

impl Command {
    pub fn new(
        name: &'static str,
        situation: fn(&TestEnv) -> Vec<String>,
        recovery: fn(&TestEnv) -> Cost,
    ) -> Self {
        Self {
            name,
            situation,
            recovery,
            is_forgiven: true,
            // A token counts as expired 30 s early.
            token_works: LIFETIME - 30,
            death: Death::Kill,
        }
    }

    /// Runs the command once for each of its points, dies there, and prints the table.
    /// Only a command that sends the precious request runs with both services.
    pub fn die_at_every_point(&self) {
        let points = self.points();
        let is_forgiven = self.is_forgiven && points.iter().any(|point| point.contains(PRECIOUS));
        let services = &SERVICES[..if is_forgiven { 2 } else { 1 }];
        let mut table = format!("\n{}, {:?}: {services:?}\n", self.name, self.death);
        for (number, point) in (1..).zip(&points) {
            write!(table, "  {point:<42}").unwrap();
            for service in services {
                let cost = self.cost(number, &points, *service);
                let expected = self.expected(number, &points, *service);
                assert_eq!(cost, expected, "{}, {point}, {service:?}", self.name);
                write!(table, "{:<16}", format!("{cost:?}")).unwrap();
            }
            table.push('\n');
        }
        print!("{table}");
    }

    /// The points that the command passes when it does not die.
    fn points(&self) -> Vec<String> {
        let test = test_env(Rotation::Strict);
        let arguments = (self.situation)(&test);
        let done = run(&test, &arguments, None);
        assert!(done.status.success(), "{done:?}");
        let points = passed(&test);
        assert!(points.len() >= 4, "{points:?}");
        points
    }

    /// What a death at one point costs, in a new environment.
    fn cost(&self, number: usize, points: &[String], service: Rotation) -> Cost {
        let test = test_env(service);
        let arguments = (self.situation)(&test);
        let dead = run(&test, &arguments, Some((self.death, &number.to_string())));
        match self.death {
            Death::Kill => {
                assert_eq!(dead.status.signal(), Some(Signal::KILL.as_raw()));
                assert_eq!(dead.stdout, b"");
            }
            Death::Panic => assert_eq!(json(&dead)["code"], "internal"),
        }
        assert_eq!(passed(&test), points[..number]);
        let cost = (self.recovery)(&test);
        self.check_reuse(&test, service);
        cost
    }

    /// A login is lost only while the answer to the precious request is received and
    /// not yet stored.
    fn expected(&self, number: usize, points: &[String], service: Rotation) -> Cost {
        let place = |what: &str| points.iter().position(|point| point.contains(what));
        let Some(sent) = place(PRECIOUS) else {
            return Cost::Nothing;
        };
        let is_commit = |point: &String| point == "after set credential";
        let committed = sent + points[sent..].iter().position(is_commit).unwrap();
        // `number` counts from 1: the answer exists after the point `sent + 1`.
        let is_lost = (sent + 2..=committed).contains(&number);
        match is_lost && service == Rotation::Strict {
            true => Cost::SignInAgain,
            false => Cost::Nothing,
        }
    }

    /// Asserts that no token is reused while there is a token to lose.
    fn check_reuse(&self, test: &TestEnv, service: Rotation) {
        let tokens = test.simulator.presentations();
        let presentations = tokens.iter().flat_map(|token| &token.presentations);
        let mut reused = presentations.filter(|one| one.outcome == Outcome::Reused);
        let end = i64::try_from(BEGINNING + self.token_works).unwrap();
        assert!(reused.all(|one| service == Rotation::Strict && one.at >= end));
    }
}

fn test_env(rotation: Rotation) -> TestEnv {
    TestEnv::with(|settings| {
        settings
            .access_token_lifetime(Duration::from_secs(LIFETIME))
            .rotation(rotation)
    })
}

/// Runs the program so that it records its points, and dies at one of them.
pub fn run(test: &TestEnv, arguments: &[String], death: Option<(Death, &str)>) -> Output {
    _ = std::fs::remove_file(test.path("points"));
    let mut command = test.command();
    command
        .env("CHATGPT_OAUTH_TEST_POINTS", test.path("points"))
        .arg("--json")
        .args(arguments);
    if let Some((death, point)) = death {
        let variable = match death {
            Death::Kill => "CHATGPT_OAUTH_TEST_DIE_AT",
            Death::Panic => "CHATGPT_OAUTH_TEST_PANIC_AT",
        };
        command.env(variable, point);
    }
    command.output().unwrap()
}

/// The points that the last run passed.
pub fn passed(test: &TestEnv) -> Vec<String> {
    let points = std::fs::read_to_string(test.path("points")).unwrap();
    points.lines().map(str::to_owned).collect()
}
