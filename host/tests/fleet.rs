//! Several `serve` processes on one PostgreSQL.

mod support;

use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use chatgpt_oauth::api_keys::{ApiKeys, CreatedApiKey, NewApiKey, Permission, Scope, Scopes};
use chatgpt_oauth::store::{PostgresStore, PostgresUrl, StoreKind};
use chatgpt_oauth::{Host, Keys, ProfileName};
use openai_simulator::{Endpoint, Fault};
use postgres_cluster::Database;
use serde_json::Value;
use support::serve::{Serve, get, send};
use support::{LONG, TestEnv, sign_in};
use tokio::runtime::Runtime;

const LIFETIME: u64 = 10 * 24 * 60 * 60;

/// A database with an empty store, and the simulator.
struct Fleet {
    env: TestEnv,
    database: Database,
    /// The name of the database.
    name: String,
    runtime: Runtime,
    /// In this process, beside the servers.
    host: Host,
}

impl Fleet {
    fn new() -> Self {
        let env = TestEnv::new();
        let database = Database::new();
        let mut new = std::fs::OpenOptions::new();
        let file = new.write(true).create_new(true).mode(0o600);
        let mut file = file.open(env.path("fleet.key")).unwrap();
        std::io::Write::write_all(&mut file, "ab".repeat(32).as_bytes()).unwrap();
        let runtime = Runtime::new().unwrap();
        let url: PostgresUrl = database.url().parse().unwrap();
        let store = runtime.block_on(async {
            let migrated = PostgresStore::migrate(&url, StoreKind::Test).await;
            migrated.unwrap();
            PostgresStore::open(&url, StoreKind::Test).await.unwrap()
        });
        let keys = Keys::in_file(env.path("fleet.key"));
        let host = env.builder(store).keys(keys).build().unwrap();
        let name = database.query("SELECT current_database()");
        Self {
            env,
            database,
            name: name.trim().to_owned(),
            runtime,
            host,
        }
    }

    fn serve(&self) -> Serve {
        let mut command = self.env.command_without_store();
        let key_file: PathBuf = self.env.path("fleet.key");
        command.args(["--store", &self.database.url(), "--key-file"]);
        command.arg(key_file);
        Serve::start(command)
    }

    fn keys(&self) -> ApiKeys {
        ApiKeys::new(self.host.entries().unwrap())
    }

    /// A key of this profile, made now.
    fn key(&self, profile: &ProfileName) -> CreatedApiKey {
        let permission = Permission::Profile {
            profile: profile.clone(),
            scopes: Scopes::new(Scope::ALL).unwrap(),
        };
        self.create(permission)
    }

    fn create(&self, permission: Permission) -> CreatedApiKey {
        let new = NewApiKey {
            permission,
            label: "test".parse().unwrap(),
            expires_at: None,
        };
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let keys = self.keys();
        let created = keys.create(new, now.as_secs());
        self.runtime.block_on(created).unwrap()
    }

    fn sign_in(&self, profile: &ProfileName) {
        let profile = self.host.profile(profile.clone());
        self.runtime.block_on(sign_in(&self.env, &profile));
    }

    /// A person who has signed in, with a key.
    fn person(&self) -> String {
        self.sign_in(&ada());
        self.key(&ada()).key.reveal().to_owned()
    }

    /// Ends the connections that listen, and returns how many there were.
    fn end_listeners(&self) -> usize {
        let end = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = '{}' AND query LIKE 'LISTEN%'",
            self.name
        );
        self.cluster_query(&end).lines().count()
    }

    fn cluster_query(&self, sql: &str) -> String {
        self.database.cluster().query("postgres", sql)
    }
}

fn ada() -> ProfileName {
    "ada".parse().unwrap()
}

fn refresh(serve: &Serve, key: &str) -> String {
    send(&serve.public, "POST", "/api/v1/me/refresh", key)
}

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or_default()
}

#[track_caller]
fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"))
}

#[track_caller]
fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < LONG, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_login_that_one_server_has_begun_is_finished_by_another() {
    let fleet = Fleet::new();
    let key = fleet.key(&ada()).key.reveal().to_owned();
    let (one, other) = (fleet.serve(), fleet.serve());
    let begun = body(&send(&one.public, "POST", "/api/v1/me/start", &key));
    let code = begun["user_code"]
        .as_str()
        .unwrap_or_else(|| panic!("{begun}"));
    fleet.env.simulator.approve(code).unwrap();
    drop(one);
    let finished = body(&send(&other.public, "POST", "/api/v1/me/poll", &key));
    assert_eq!(finished["status"], "connected", "{finished}");
}

/// Faults: G33
#[test]
fn a_server_killed_before_or_after_a_refresh_leaves_the_login_to_another() {
    let fleet = Fleet::new();
    let key = fleet.person();
    let (before, after, other) = (fleet.serve(), fleet.serve(), fleet.serve());
    drop(before);
    fleet.env.pass(LIFETIME);
    assert_eq!(status(&refresh(&after, &key)), "200");
    drop(after);
    let answer = get(&other.public, "/api/v1/me/usage?force=true", &key);
    assert_eq!(status(&answer), "200", "{answer}");
    assert_eq!(fleet.env.presentations(), [1, 0]);
}

/// Faults: G33
#[test]
fn a_token_that_a_killed_server_was_presenting_is_presented_again_as_a_probe_alone() {
    let fleet = Fleet::new();
    let key = fleet.person();
    let (killed, other) = (fleet.serve(), fleet.serve());
    fleet.env.pass(LIFETIME);
    fleet.env.simulator.clear_requests();
    fleet.env.simulator.fault(Endpoint::Token, Fault::hang());
    let address = killed.public.clone();
    std::thread::scope(|scope| {
        let call = scope.spawn(|| send(&address, "POST", "/api/v1/me/refresh", &key));
        until("the token is presented", || {
            fleet.env.simulator.requests_to(Endpoint::Token).len() == 1
        });
        drop(killed);
        assert_eq!(call.join().unwrap(), "");
    });
    // Abandoned, and then uncertain for the quiet period.
    for seconds in [66, 0] {
        fleet.env.pass(seconds);
        let answer = refresh(&other, &key);
        assert_eq!(status(&answer), "503", "{answer}");
        assert_eq!(body(&answer)["code"], "refresh-uncertain", "{answer}");
        assert_eq!(fleet.env.presentations(), [1]);
    }
    fleet.env.pass(120);
    let answer = refresh(&other, &key);
    assert_eq!(status(&answer), "200", "{answer}");
    assert_eq!(fleet.env.presentations(), [2, 0]);
}

#[test]
fn two_servers_share_the_logins_that_are_due_and_refresh_each_once() {
    let fleet = Fleet::new();
    let people: Vec<ProfileName> = (0..40).map(|n| format!("p{n}").parse().unwrap()).collect();
    for person in &people {
        fleet.sign_in(person);
        fleet.key(person);
    }
    fleet.env.pass(LIFETIME - 60 * 60);
    let schedule = fleet.host.schedule().unwrap();
    let set_due = |person: &ProfileName| fleet.runtime.block_on(schedule.set_due(person, 0));
    for person in &people {
        set_due(person).unwrap();
    }
    let slow = Fault::normal().delay(Duration::from_millis(100));
    fleet.env.simulator.fault_always(Endpoint::Token, slow);
    let _servers = (fleet.serve(), fleet.serve());
    // A login that is not refreshed keeps a time within the hour.
    let has_next_times = || {
        let due = schedule.count_due(fleet.env.now() + 60 * 60);
        fleet.runtime.block_on(due) == Ok(0)
    };
    let (begun, beginning) = (Instant::now(), fleet.env.now());
    for second in 1_u32.. {
        if has_next_times() {
            break;
        }
        let elapsed = begun.elapsed();
        assert!(elapsed < 3 * LONG, "each login has its next time");
        // A server leaves the logins alone after a step of the clock, so both go on together.
        let passed = fleet.env.now() - beginning;
        fleet.env.pass(elapsed.as_secs() - passed);
        std::thread::sleep(Duration::from_secs(1));
        // A login that was taken and not refreshed would come back in five minutes.
        if second.is_multiple_of(45) {
            for person in &people {
                _ = set_due(person);
            }
        }
    }
    let presented = fleet.env.presentations();
    assert_eq!(presented, [[1].repeat(40), [0].repeat(40)].concat());
}

/// Faults: G18 G41
#[test]
fn a_revoked_key_ends_everywhere_at_once_and_within_30_seconds_where_nothing_is_heard() {
    let fleet = Fleet::new();
    let administrator = fleet.create(Permission::Admin).key.reveal().to_owned();
    let serve = fleet.serve();
    let connected = |value: u8| {
        let metrics = get(&serve.admin, "/metrics", &administrator);
        metrics.contains(&format!("chatgpt_oauth_store_changes_connected {value}"))
    };
    let is_valid = |key: &CreatedApiKey| {
        let answer = get(&serve.public, "/api/v1/me/status", key.key.reveal());
        status(&answer) == "200"
    };
    let revoke = |key: &CreatedApiKey| {
        let revoked = fleet.keys();
        let revoked = fleet.runtime.block_on(revoked.revoke(key.key.id(), 2));
        assert!(revoked.unwrap());
        Instant::now()
    };
    until("changes are heard", || connected(1));
    let life_after_revocation = |key: &CreatedApiKey| {
        assert!(is_valid(key));
        let revoked = revoke(key);
        until("the key has ended", || !is_valid(key));
        revoked.elapsed()
    };
    let is_quick = |_| life_after_revocation(&fleet.key(&ada())) < Duration::from_secs(1);
    // A busy machine is slow now and then. Without a notification, every key lasts 30 s.
    assert!((0..5).any(is_quick));

    let allow = |connections: bool| {
        let name = &fleet.name;
        fleet.cluster_query(&format!(
            "ALTER DATABASE {name} ALLOW_CONNECTIONS {connections}"
        ))
    };
    // The revocation takes connections that wait, and a dropped one returns a moment later.
    let (store, keys) = (fleet.host.store(), fleet.keys());
    let key = fleet.key(&ada());
    let find = || keys.find(key.key.id());
    let two_wait = || store.connections().is_some_and(|it| it.idle >= 2);
    until("two connections wait", || {
        two_wait() || {
            let both = async { tokio::join!(find(), find()) };
            _ = fleet.runtime.block_on(both);
            false
        }
    });
    assert!(is_valid(&key));
    allow(false);
    assert_eq!(fleet.end_listeners(), 1);
    until("nothing is heard", || connected(0));
    assert!(life_after_revocation(&key) < Duration::from_secs(50));
    allow(true);
    until("changes are heard again", || connected(1));
}
