//! Failovers of a store in PostgreSQL, with the program and the library.

mod support;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chatgpt_oauth::store::{PostgresStore, StoreKind};
use openai_simulator::{Endpoint, Fault, Gate};
use postgres_cluster::{Cluster, Database, Shutdown};
use serde_json::Value;
use support::{LONG, TestEnv, is_late, sign_in};

const LIFETIME: u64 = 10 * 24 * 60 * 60;

/// A simulator, and a cluster of its own with a store.
struct Test {
    env: TestEnv,
    cluster: Arc<Cluster>,
    database: Database,
}

impl Test {
    fn new() -> Self {
        let cluster = Arc::new(Cluster::new());
        let test = Self {
            env: TestEnv::new(),
            database: cluster.database(),
            cluster,
        };
        // Makes the key file.
        test.env.sign_in();
        assert_eq!(test.ask(&["store", "migrate"])["ok"], true);
        test
    }

    fn key_file(&self) -> PathBuf {
        let mut path = self.env.store().into_os_string();
        path.push(".key");
        path.into()
    }

    /// Runs a command with the store in the database, and again while a slow machine keeps the
    /// database from answering in time.
    #[track_caller]
    fn ask(&self, arguments: &[&str]) -> Value {
        let begun = Instant::now();
        loop {
            let answer = self.ask_once(arguments);
            let is_late = is_late(&answer, &["store-busy", "store-unavailable"]);
            if !is_late || begun.elapsed() > LONG {
                return answer;
            }
        }
    }

    /// Runs a command that does something else the second time.
    #[track_caller]
    fn ask_once(&self, arguments: &[&str]) -> Value {
        let mut command = self.env.command_without_store();
        command.args(["--store", &self.database.url(), "--key-file"]);
        command.arg(self.key_file()).arg("--json").args(arguments);
        support::json(&command.output().unwrap())
    }

    #[track_caller]
    fn sign_in(&self) {
        let prompt = self.ask(&["start"]);
        let code = prompt["user_code"].as_str().unwrap();
        self.env.simulator.approve(code).unwrap();
        assert_eq!(self.ask(&["poll"])["status"], "connected");
    }

    /// A standby that gets no later writes.
    fn standby(&self) -> Cluster {
        let standby = self.cluster.standby();
        standby.stop(Shutdown::Fast);
        standby
    }

    fn fail_over_to(&self, standby: &Cluster) {
        self.cluster.stop(Shutdown::Immediate);
        standby.start();
        standby.promote();
        self.cluster.lead_to(standby);
    }

    #[track_caller]
    fn assert_is_suspected(&self, command: &[&str]) {
        let answer = self.ask(command);
        assert_eq!(answer["code"], "rollback-suspected", "{answer}");
        let hint = answer["hint"].as_str().unwrap();
        assert!(hint.contains("store accept-failover"), "{hint}");
        assert!(!hint.contains("adopt"), "{hint}");
    }
}

/// Faults: G37 S19
#[test]
fn a_login_that_a_failover_set_back_is_served_and_not_refreshed_until_a_person_accepts_that() {
    let test = Test::new();
    test.sign_in();
    let standby = test.standby();
    test.env.pass(100);
    assert_eq!(test.ask_once(&["refresh"])["status"], "refreshed");
    test.fail_over_to(&standby);
    let presented = test.env.presentations();

    assert_eq!(test.ask(&["authorize"])["ok"], true);
    assert_eq!(test.ask(&["status"])["state"], "connected");
    test.assert_is_suspected(&["refresh"]);
    test.env.pass(LIFETIME);
    test.assert_is_suspected(&["authorize"]);
    test.assert_is_suspected(&["models", "--force"]);
    let findings = test.ask(&["doctor"])["findings"].to_string();
    assert!(findings.contains("store accept-failover"), "{findings}");
    assert_eq!(test.env.presentations(), presented);

    // Other people's logins begin and end as always.
    let prompt = test.ask(&["--profile", "bob", "start"]);
    let code = prompt["user_code"].as_str().unwrap();
    test.env.simulator.approve(code).unwrap();
    let connected = test.ask(&["--profile", "bob", "poll"]);
    assert_eq!(connected["status"], "connected", "{connected}");
    assert_eq!(test.ask(&["--profile", "bob", "logout"])["ok"], true);

    let accept = ["store", "accept-failover"];
    assert_eq!(test.ask_once(&accept)["accepted"], true);
    assert_eq!(test.ask_once(&accept)["accepted"], false);
    // The refresh token of before the lost write.
    let ended = test.ask(&["authorize"]);
    assert_eq!(ended["code"], "needs-login", "{ended}");
    test.sign_in();
    test.env.pass(LIFETIME);
    assert_eq!(test.ask(&["authorize"])["ok"], true);
}

/// Faults: S30
#[tokio::test]
async fn the_answer_to_a_refresh_that_a_failover_overtakes_is_stored() {
    let test = Test::new();
    let url = test.database.url().parse().unwrap();
    let store = PostgresStore::open(&url, StoreKind::Test).await.unwrap();
    let builder = test.env.builder(store);
    let host = builder.rollback_marks(test.env.path("marks"));
    let ada = host.build().unwrap().profile("ada".parse().unwrap());
    sign_in(&test.env, &ada).await;
    let standby = test.standby();

    test.env.pass(LIFETIME);
    let gate = Gate::default();
    let held = Fault::normal().after_processing().gate(&gate);
    test.env.simulator.fault(Endpoint::Token, held);
    let refresh = tokio::spawn({
        let ada = ada.clone();
        async move { ada.refresh().await }
    });
    while test.env.presentations().iter().sum::<usize>() == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    test.fail_over_to(&standby);
    gate.open();
    refresh.await.unwrap().unwrap();
    ada.authorize(None).await.unwrap();
    assert_eq!(test.env.presentations().iter().max(), Some(&1));

    test.env.pass(LIFETIME);
    let suspected = ada.authorize(None).await.unwrap_err();
    assert!(suspected.hint.contains("accept-failover"), "{suspected:?}");
}

/// Faults: G40
#[test]
fn keys_live_in_the_time_of_the_database() {
    let test = Test::new();
    let created_at = |file: &str| {
        let mut command = test.env.command_without_store();
        command.env_remove("CHATGPT_OAUTH_TEST_CLOCK");
        command.args(["--store", &test.database.url(), "--key-file"]);
        command.arg(test.key_file());
        command.args(["--json", "keys", "create", "--output"]);
        let created = support::json(&command.arg(test.env.path(file)).output().unwrap());
        created["created_at"].as_u64().expect("it is made")
    };
    let before = created_at("one.key");
    test.database.put_clock_forward("1 hour");
    let ahead = created_at("other.key") - before;
    assert!((3590..3700).contains(&ahead), "{ahead}");
    let findings = test.ask(&["doctor"])["findings"].to_string();
    assert!(
        findings.contains(" s ahead of this machine's"),
        "{findings}"
    );
}
