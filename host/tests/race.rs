//! Eight processes ask at once whenever an access token is due or expired. Each refresh
//! token is presented once, no process waits while the old token is valid, and no login
//! is lost.
//!
//! Four of the processes are the program, started for each question. The other four
//! keep running and hold a host, as a platform does.
//! `CHATGPT_OAUTH_RACE_EXPIRIES=10000` runs longer, and `--nocapture` prints the
//! counts.

mod support;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::{Duration, Instant};

use chatgpt_oauth::answers::Failure;
use chatgpt_oauth::answers::connection::{Models, Refresh, Status};
use chatgpt_oauth::store::{SqliteStore, StoreKind};
use chatgpt_oauth::types::{Authorization, ConnectionState};
use chatgpt_oauth::{Host, Keys, Profile};
use openai_simulator::{Endpoint, Fault, Gate, Outcome, Simulator};
use serde_json::{Value, json};
use support::{TestEnv, is_late, sign_in};

/// The number of expiries; unset means [`FEW`].
const EXPIRIES: &str = "CHATGPT_OAUTH_RACE_EXPIRIES";
const FEW: u64 = 200;
/// Set for a long-lived process: the store, the clock and the simulator of the race.
const PLACE: &str = "CHATGPT_OAUTH_RACE_PLACE";
const RACE: &str = "eight_processes_present_every_refresh_token_once_and_lose_no_login";

/// How many processes there are of each kind.
const OF_A_KIND: u64 = 4;
/// How long access tokens last, in seconds.
const LIFETIME: u64 = 3600;
/// How much of its lifetime a token has left when it is due and still valid, in
/// seconds.
const DUE: u64 = 250;
/// How long the simulator takes for a refresh; the other processes arrive in this time.
const SERVICE: Duration = Duration::from_millis(20);
/// The codes of an answer that a busy machine was too slow for.
const LATE: [&str; 3] = ["network", "store-unavailable", "store-busy"];
/// How often a round asks again, at most.
const AGAIN: usize = 10;
/// How long no token is presented after a failure of the network, in seconds.
const PAUSE: u64 = 5;

/// Faults: S16
#[test]
fn eight_processes_present_every_refresh_token_once_and_lose_no_login() {
    if let Ok(place) = std::env::var(PLACE) {
        return answer_questions(&serde_json::from_str(&place).unwrap());
    }
    let expiries = std::env::var(EXPIRIES).map_or(FEW, |number| number.parse().unwrap());
    let mut race = Race::new();
    for round in 0..expiries {
        race.expire(round);
    }
    race.assert_one_presentation_a_token(expiries);
    assert!(race.again * 10 <= expiries, "asked again {}", race.again);
    println!(
        "{expiries} expiries, {} calls; {} got the new token, {} the old one while it lived; \
         {expiries} refresh tokens presented once, none twice; no login lost; {:.0?}",
        (expiries + race.again) * 2 * OF_A_KIND,
        race.new,
        race.old,
        race.began.elapsed(),
    );
}

fn test_env() -> TestEnv {
    TestEnv::with(|settings| settings.access_token_lifetime(Duration::from_secs(LIFETIME)))
}

struct Race {
    test: TestEnv,
    long_lived: Vec<LongLived>,
    began: Instant,
    /// How often the new and the old token were returned.
    new: usize,
    old: usize,
    /// How often all were asked again.
    again: u64,
}

impl Race {
    fn new() -> Self {
        let test = test_env();
        let login = test.ask(&["start"]);
        let code = login["user_code"].as_str().unwrap();
        test.simulator.approve(code).unwrap();
        assert_eq!(test.ask(&["poll"])["status"], "connected");
        test.simulator
            .fault_always(Endpoint::Token, Fault::normal().delay(SERVICE));
        let long_lived = (0..OF_A_KIND).map(|_| LongLived::start(&test)).collect();
        Self {
            test,
            long_lived,
            began: Instant::now(),
            new: 0,
            old: 0,
            again: 0,
        }
    }

    /// Lets one token expire and checks every answer.
    fn expire(&mut self, round: u64) {
        // Every eighth token is expired when the processes ask, the others are due.
        let expired = round.is_multiple_of(8);
        self.test
            .pass(if expired { LIFETIME } else { LIFETIME - DUE });
        self.test.simulator.clear_requests();
        let renewed = self.test.now() + LIFETIME;

        let answers = self.ask_until_refreshed(round);

        assert_eq!(self.refreshes(), 1, "round {round}: {answers:?}");
        let mut tokens = BTreeSet::new();
        for (question, answer) in &answers {
            assert_eq!(answer["ok"], true, "round {round}, {question}: {answer}");
            match *question {
                "status" => assert!(
                    ["connected", "refreshing"].contains(&answer["state"].as_str().unwrap()),
                    "round {round}: {answer}"
                ),
                "authorize" => {
                    let is_new = answer["expires_at"].as_u64() >= Some(renewed);
                    assert!(is_new || !expired, "round {round}: {answer}");
                    *(if is_new { &mut self.new } else { &mut self.old }) += 1;
                    tokens.insert(answer["headers"].to_string());
                }
                _ => {}
            }
        }
        for headers in tokens {
            let headers = serde_json::from_str(&headers).unwrap();
            assert!(is_accepted(&self.test.simulator, &headers), "round {round}");
        }
    }

    /// How many refreshes have come since the token expired.
    fn refreshes(&self) -> usize {
        self.test.simulator.requests_to(Endpoint::Token).len()
    }

    /// Asks all processes, and again where this machine was too busy for an answer. An early
    /// refresh fails without one.
    fn ask_until_refreshed(&mut self, round: u64) -> Vec<(&'static str, Value)> {
        let mut answers = self.ask_all(round);
        for _ in 0..AGAIN {
            let asked = answers.len();
            answers.retain(|(_, answer)| !is_late(answer, &LATE));
            if answers.len() == asked && self.refreshes() > 0 {
                break;
            }
            self.again += 1;
            self.test.pass(PAUSE);
            answers.extend(self.ask_all(round));
        }
        answers
    }

    /// Asks all processes at once and returns each question with its answer.
    fn ask_all(&mut self, round: u64) -> Vec<(&'static str, Value)> {
        let programs: Vec<_> = (0..OF_A_KIND)
            .map(|process| question(round, process))
            .map(|asked| (asked, start_program(&self.test, asked)))
            .collect();
        // The delay decides which kind of process comes first.
        std::thread::sleep(Duration::from_millis(round % 8 * 4));
        for (process, long_lived) in (OF_A_KIND..).zip(&mut self.long_lived) {
            long_lived.ask(question(round, process));
        }
        let mut answers = Vec::new();
        for (process, long_lived) in (OF_A_KIND..).zip(&mut self.long_lived) {
            answers.push((question(round, process), long_lived.answer()));
        }
        for (asked, process) in programs {
            let output: Output = process.wait_with_output().unwrap();
            answers.push((asked, support::json(&output)));
        }
        answers
    }

    fn assert_one_presentation_a_token(&self, expiries: u64) {
        let mut tokens = self.test.simulator.presentations();
        let last = tokens.pop().unwrap();
        assert_eq!(last.presentations.len(), 0);
        assert_eq!(tokens.len() as u64, expiries);
        for token in tokens {
            let outcomes: Vec<_> = token.presentations.iter().map(|one| one.outcome).collect();
            assert_eq!(outcomes, [Outcome::Rotated], "{token:?}");
        }
    }
}

/// The question of a process in a round; over the rounds, each process asks each
/// question.
fn question(round: u64, process: u64) -> &'static str {
    match (round + process) % (2 * OF_A_KIND) {
        0 => "status",
        1 => "models",
        2 if round.is_multiple_of(12) => "refresh",
        _ => "authorize",
    }
}

fn start_program(test: &TestEnv, question: &str) -> Child {
    let mut command = test.command();
    command.args(["--json", question]);
    if question == "authorize" {
        command.arg("--reveal-token");
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Whether the backend serves a call with these headers.
fn is_accepted(simulator: &Simulator, headers: &serde_json::Map<String, Value>) -> bool {
    let mut connection = TcpStream::connect(simulator.http_address()).unwrap();
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\r\n", value.as_str().unwrap()))
        .collect();
    write!(
        connection,
        "GET /backend-api/wham/usage HTTP/1.1\r\nhost: chatgpt.com\r\nconnection: close\r\n{headers}\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer.starts_with("HTTP/1.1 200 ")
}

/// A process that keeps running: one line asks it, and it answers in one line.
struct LongLived {
    process: Child,
    answers: BufReader<ChildStderr>,
}

impl LongLived {
    /// Runs this test again in a new process.
    fn start(test: &TestEnv) -> Self {
        let place = json!({
            "store": test.store(), "clock": test.path("clock"),
            "ca": test.simulator.ca_pem(), "connect_to": test.simulator.connect_to(),
        });
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", RACE])
            .env(PLACE, place.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(process.stderr.take().unwrap());
        Self { process, answers }
    }

    fn ask(&mut self, question: &str) {
        writeln!(self.process.stdin.as_ref().unwrap(), "{question}").unwrap();
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }
}

impl Drop for LongLived {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Answers until the test closes standard input.
#[tokio::main(flavor = "current_thread")]
async fn answer_questions(place: &Value) {
    let text = |name: &str| place[name].as_str().unwrap();
    let store = SqliteStore::open(text("store"), StoreKind::Test).await;
    let mut host = Host::builder(store.unwrap())
        .keys(Keys::of_store(text("store")))
        .root_certificates(text("ca"))
        .wall_clock_file(text("clock"));
    for connect_to in place["connect_to"].as_array().unwrap() {
        host = host.connect_to(connect_to.as_str().unwrap().parse().unwrap());
    }
    let profile = host.build().unwrap().profile("default".parse().unwrap());
    // Not `eprintln!`: the test harness captures its output.
    let mut answers = std::io::stderr();
    for question in std::io::stdin().lines() {
        let answer = ask(&profile, &question.unwrap()).await;
        writeln!(answers, "{answer}").unwrap();
    }
}

async fn ask(profile: &Profile, question: &str) -> Value {
    let answer = match question {
        "status" => profile.status().await.map(|it| to_json(Status::from(&it))),
        "models" => profile
            .models(false)
            .await
            .map(|it| to_json(Models::from(&it))),
        "refresh" => profile
            .refresh()
            .await
            .map(|it| to_json(Refresh::from(&it))),
        _ => profile.authorize(None).await.map(|it| to_json(it.reveal())),
    };
    answer.unwrap_or_else(|error| to_json(Failure::from(&error)))
}

fn to_json(answer: impl serde::Serialize) -> Value {
    serde_json::to_value(answer).unwrap()
}

/// `scripts/compare_codex.py` makes the Codex CLI do the same.
#[test]
fn one_of_four_processes_refreshes_a_token_that_is_always_due() {
    let lifetime = 200;
    let test = TestEnv::with(|settings| {
        settings
            .access_token_lifetime(Duration::from_secs(lifetime))
            .auto_approve(Duration::ZERO)
    });
    assert!(test.run(&["login"]).status.success());
    test.simulator
        .fault_always(Endpoint::Token, Fault::normal().delay(SERVICE));
    for _ in 0..60 {
        test.pass(20);
        let asked: Vec<_> = (0..4).map(|_| start_program(&test, "authorize")).collect();
        for process in asked {
            let answer = support::json(&process.wait_with_output().unwrap());
            assert_eq!(answer["ok"], true, "{answer}");
            assert!(answer["expires_at"].as_u64() > Some(test.now()), "{answer}");
        }
    }
    // One refresh in each 100 to 120 s: never in the first half of a lifetime.
    let presentations = test.presentations();
    assert!(
        (10..=12).contains(&presentations.iter().sum::<usize>()),
        "{presentations:?}"
    );
    assert!(
        presentations.iter().all(|&count| count <= 1),
        "{presentations:?}"
    );
}

/// A host over the store that all hosts share.
async fn of_the_file(test: &TestEnv) -> Profile {
    let store = SqliteStore::open(test.store(), StoreKind::Test).await;
    test.host(store.unwrap()).profile("ada".parse().unwrap())
}

fn bearer(authorization: &Authorization) -> String {
    let (_, value) = authorization
        .headers()
        .find(|(name, _)| *name == "authorization")
        .unwrap();
    value.strip_prefix("Bearer ").unwrap().to_owned()
}

#[tokio::test]
async fn a_hundred_callers_with_an_expired_token_cause_one_request() {
    let test = test_env();
    let ada = of_the_file(&test).await;
    sign_in(&test, &ada).await;
    test.pass(LIFETIME);
    test.simulator.fault(
        Endpoint::Token,
        Fault::normal().delay(Duration::from_millis(300)),
    );
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let ada = ada.clone();
            tokio::spawn(async move { bearer(&ada.authorize(None).await.unwrap()) })
        })
        .collect();
    let mut tokens = Vec::new();
    for caller in callers {
        tokens.push(caller.await.unwrap());
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert_eq!(test.presentations(), [1, 0]);
}

#[tokio::test]
async fn a_hundred_callers_get_the_valid_token_while_its_refresh_hangs() {
    let test = test_env();
    let ada = of_the_file(&test).await;
    sign_in(&test, &ada).await;
    let old = bearer(&ada.authorize(None).await.unwrap());
    test.pass(LIFETIME - DUE);
    test.simulator.clear_requests();
    let gate = Gate::default();
    test.simulator
        .fault(Endpoint::Token, Fault::normal().gate(&gate));
    let refreshing = ada.clone();
    let refreshing = tokio::spawn(async move { refreshing.authorize(None).await });
    while test.simulator.requests_to(Endpoint::Token).is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    for host in [ada, of_the_file(&test).await] {
        for _ in 0..50 {
            let given = host.authorize(None).await.unwrap();
            assert_eq!(bearer(&given), old);
        }
        let status = host.status().await.unwrap();
        assert_eq!(status.state, ConnectionState::Refreshing);
        assert!(status.connected);
    }

    assert!(!refreshing.is_finished());
    gate.open();
    let new = refreshing.await.unwrap().unwrap();
    assert_ne!(bearer(&new), old);
    assert_eq!(test.presentations(), [1, 0]);
}
