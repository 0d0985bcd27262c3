//! Two servers, their database, and the service.

use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chatgpt_oauth::Keys;
use chatgpt_oauth::api_keys::{ApiKeys, NewApiKey, Permission};
use chatgpt_oauth::store::{PostgresStore, StoreKind};
use chatgpt_oauth_storage::sealed_store::SealedStore;
use openai_simulator::{Account, Endpoint, Fault};
use postgres_cluster::{Cluster, Database, Shutdown};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::logins::{self, Login};
use crate::support::serve::Serve;
use crate::support::{TestEnv, sign_in};

/// How long access tokens last, in seconds.
const LIFETIME: u64 = 3600;
/// How long the service takes for a refresh.
const SERVICE: Duration = Duration::from_millis(50);
/// How long a caller waits for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
const SERVERS: usize = 2;

pub struct Fleet {
    pub test: TestEnv,
    pub runtime: Runtime,
    pub sealed: SealedStore,
    /// When the simulator began to count the time of its requests, at the earliest.
    pub beginning: Instant,
    /// How much later that was, at most.
    pub uncertainty: Duration,
    database: Database,
    administrator: String,
    servers: [RwLock<Server>; SERVERS],
    /// When each server was killed, by its number.
    deaths: Mutex<Vec<Option<Instant>>>,
}

struct Server {
    number: usize,
    serve: Serve,
}

/// A call, and the number of the server that was asked.
pub struct Call {
    pub server: usize,
    pub begun: Instant,
    /// The status and the body; none if the server died or is late.
    pub answer: Option<(u16, Value)>,
}

impl Fleet {
    /// A fleet with so many people whose access tokens have expired.
    pub fn with_expired(count: usize) -> Self {
        let beginning = Instant::now();
        let test =
            TestEnv::with(|settings| settings.access_token_lifetime(Duration::from_secs(LIFETIME)));
        let uncertainty = beginning.elapsed();
        let database = Arc::new(Cluster::new()).database();
        let runtime = Runtime::new().unwrap();
        let sealed = runtime.block_on(store(&test, &database));
        runtime.block_on(write_logins(&test, &database, &sealed, count));
        let administrator = runtime.block_on(administrator(&sealed));
        test.pass(LIFETIME);
        test.simulator
            .fault_always(Endpoint::Token, Fault::normal().delay(SERVICE));
        let servers = std::array::from_fn(|number| {
            let serve = Serve::start(command(&test, &database));
            RwLock::new(Server { number, serve })
        });
        Self {
            test,
            runtime,
            sealed,
            beginning,
            uncertainty,
            database,
            administrator,
            servers,
            deaths: Mutex::new(vec![None; SERVERS]),
        }
    }

    /// Kills one of the servers, as by `kill -9`, and starts another one in its place.
    pub fn kill_one(&self) {
        let mut server = self.servers[random(SERVERS)].write().unwrap();
        server.serve.child.kill().unwrap();
        server.serve.child.wait().unwrap();
        let mut deaths = self.deaths.lock().unwrap();
        deaths[server.number] = Some(Instant::now());
        server.number = deaths.len();
        deaths.push(None);
        drop(deaths);
        // A server does not start while there is no database.
        server.serve = loop {
            if let Some(serve) = Serve::try_start(command(&self.test, &self.database), &[]) {
                break serve;
            }
        };
    }

    /// Ends the database as a crash does, and starts it again.
    pub fn restart_database(&self) {
        self.database.cluster().restart(Shutdown::Immediate);
    }

    /// After the storm, the service answers at once.
    pub fn calm(&self) {
        self.test.simulator.clear_faults();
    }

    /// When the server of this number was killed.
    pub fn death(&self, server: usize) -> Option<Instant> {
        let deaths = self.deaths.lock();
        deaths.unwrap_or_else(PoisonError::into_inner)[server]
    }

    /// A call in a line.
    pub fn tell(&self, call: &Call) -> String {
        let ended = self.beginning.elapsed();
        let begun = call.begun - self.beginning;
        let answer = match &call.answer {
            Some((status, body)) => format!("{status} {} {}", body["code"], body["error"]),
            None => "no answer".into(),
        };
        format!(
            "{begun:.2?} to {ended:.2?}, server {}: {answer}",
            call.server
        )
    }

    /// Asks one of the servers for a person's models by a call of the backend, for which the
    /// access token must live.
    pub fn ask(&self, person: usize) -> Call {
        let (server, address) = {
            // Who waits here would wait for a server that starts.
            let mut servers = self.servers.iter().cycle().skip(random(SERVERS));
            let found = servers.find_map(|server| server.try_read().ok());
            let server = found.expect("an endless search");
            (server.number, server.serve.admin.clone())
        };
        let begun = Instant::now();
        let path = format!(
            "/api/v1/profiles/{}/models?force=true",
            logins::name(person)
        );
        let answer = get(&address, &path, &self.administrator).ok();
        Call {
            server,
            begun,
            answer,
        }
    }
}

async fn store(test: &TestEnv, database: &Database) -> SealedStore {
    let url = database.url().parse().unwrap();
    PostgresStore::migrate(&url, StoreKind::Test).await.unwrap();
    let store = PostgresStore::open(&url, StoreKind::Test).await.unwrap();
    SealedStore {
        store: Arc::new(store),
        keys: Some(Keys::of_store(test.store())),
        marks: None,
    }
}

/// One person signs in, and the others become copies with tokens of their own.
async fn write_logins(test: &TestEnv, database: &Database, sealed: &SealedStore, count: usize) {
    let url = database.url().parse().unwrap();
    let store = PostgresStore::open(&url, StoreKind::Test).await.unwrap();
    std::fs::create_dir_all(test.store().parent().unwrap()).unwrap();
    let first = test.host(store).profile("first".parse().unwrap());
    sign_in(test, &first).await;
    let login = Login::of(sealed, first.name().clone()).await;
    let account = Account::default();
    let of_another_sign_in =
        |_| Arc::new(login.with_tokens(&test.simulator.issue_tokens(&account)));
    logins::write(sealed, 0..count, of_another_sign_in).await;
}

async fn administrator(sealed: &SealedStore) -> String {
    let new = NewApiKey {
        permission: Permission::Admin,
        label: "storm".parse().unwrap(),
        expires_at: None,
    };
    let keys = ApiKeys::new(sealed.entries().unwrap());
    let created = keys.create(new, 1).await.unwrap();
    created.key.reveal().to_owned()
}

fn command(test: &TestEnv, database: &Database) -> std::process::Command {
    let mut key_file = test.store().into_os_string();
    key_file.push(".key");
    let mut command = test.command_without_store();
    command.args(["--store", &database.url(), "--key-file"]);
    command.arg(key_file);
    command
}

/// The status and the body of an answer that is whole.
fn get(address: &str, path: &str, key: &str) -> io::Result<(u16, Value)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let parse = || {
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.get(9..12)?.parse().ok()?;
        Some((status, serde_json::from_str(body).ok()?))
    };
    parse().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// A number below this one.
pub fn random(below: usize) -> usize {
    let number = RandomState::new().hash_one(());
    usize::try_from(number % below as u64).expect("a small number")
}
