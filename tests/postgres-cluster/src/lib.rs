//! A PostgreSQL server for tests.
//!
//! [`Cluster::shared`] makes a cluster in a directory of its own, with the binaries that
//! Debian's package `postgresql` installs, and ends it when the last test that uses it ends.
//! The server listens on a Unix socket in that directory and on no address. It runs as this
//! user, or for root, whom PostgreSQL refuses, as the user with the id 65534.
//!
//! A test works in a [`Database`] of its own. `failover.rs` makes standbys and restores data,
//! `network.rs` lets others reach the server by TLS, and `pgbouncer.rs` puts PgBouncer before it.

mod failover;
mod network;
mod pgbouncer;

pub use pgbouncer::PgBouncer;

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

/// Where Debian puts the binaries, one folder for each version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Debian's `nobody`.
const UNPRIVILEGED: u32 = 65534;
/// The superuser of the cluster.
const USER: &str = "tests";
/// How long the server may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// The cluster that the running tests of this process share.
static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());

/// A server. It ends when it is dropped, and its directory is removed.
#[derive(Debug)]
pub struct Cluster {
    directory: TempDir,
    binaries: PathBuf,
    server: Mutex<Child>,
    databases: AtomicU32,
}

/// How a server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Connections are closed, and everything is written.
    Fast,
    /// As in a crash: the next start recovers from the log.
    Immediate,
}

impl Cluster {
    /// The cluster of this process; makes one if no test uses one.
    ///
    /// # Panics
    ///
    /// When PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let cluster = Arc::new(Self::new());
            *shared = Arc::downgrade(&cluster);
            cluster
        })
    }

    /// A cluster of the caller's own, whose server it may restart.
    ///
    /// # Panics
    ///
    /// As [`shared`](Self::shared).
    #[must_use]
    pub fn new() -> Self {
        Self::made_by(initialize)
    }

    /// A cluster in a new directory, whose data this function makes there with the binaries.
    fn made_by(make: impl FnOnce(&Path, &Path)) -> Self {
        let binaries = binaries();
        // Not in $TMPDIR: the path of a Unix socket has at most 107 bytes, and another user
        // must reach it.
        let directory = tempfile::Builder::new()
            .prefix("postgres-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in("/tmp")
            .expect("a directory");
        if geteuid().is_root() {
            chown(directory.path(), Some(UNPRIVILEGED), Some(UNPRIVILEGED)).expect("root may");
        }
        make(&binaries, directory.path());
        let server = start(&binaries, directory.path());
        let cluster = Self {
            server: Mutex::new(server),
            directory,
            binaries,
            databases: AtomicU32::new(0),
        };
        cluster.wait_until_ready();
        cluster
    }

    /// A new database.
    ///
    /// # Panics
    ///
    /// When the server does not create it.
    #[must_use]
    pub fn database(self: &Arc<Self>) -> Database {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("d{number}");
        self.query("postgres", &format!("CREATE DATABASE {name}"));
        Database {
            cluster: Arc::clone(self),
            name,
        }
    }

    /// The URL of a database of this cluster.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let socket = self.directory.path().display();
        format!("postgres:///{database}?host={socket}&user={USER}")
    }

    /// Ends the server and starts it again.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn restart(&self, shutdown: Shutdown) {
        self.stop(shutdown);
        self.start();
    }

    /// Ends the server.
    ///
    /// # Panics
    ///
    /// When it does not end in time.
    pub fn stop(&self, shutdown: Shutdown) {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        end(&mut server, shutdown);
    }

    /// Starts the server that was ended.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start(&self) {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        *server = start(&self.binaries, self.directory.path());
        drop(server);
        self.wait_until_ready();
    }

    /// Runs SQL as the superuser, and returns the rows, with `|` between columns.
    ///
    /// # Panics
    ///
    /// When the statement fails.
    pub fn query(&self, database: &str, sql: &str) -> String {
        let output = self
            .client("psql")
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set", "ON_ERROR_STOP=1", "--dbname", database])
            .args(["--command", sql])
            .output()
            .expect("psql is installed");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{sql}: {said}");
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    fn client(&self, name: &str) -> Command {
        let mut client = Command::new(self.binaries.join(name));
        client.arg("--host").arg(self.directory.path());
        client.args(["--username", USER]);
        client.env_remove("PGOPTIONS");
        client
    }

    fn wait_until_ready(&self) {
        let begin = Instant::now();
        while !self.is_ready() {
            let log = self.directory.path().join("log");
            assert!(
                begin.elapsed() < PATIENCE,
                "{}",
                fs::read_to_string(log).unwrap_or_default()
            );
            sleep(Duration::from_millis(20));
        }
    }

    fn is_ready(&self) -> bool {
        let mut client = self.client("pg_isready");
        let status = client.stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }
}

impl Default for Cluster {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let server = self.server.get_mut();
        end(
            server.unwrap_or_else(PoisonError::into_inner),
            Shutdown::Immediate,
        );
    }
}

/// A database of one test.
#[derive(Debug)]
pub struct Database {
    cluster: Arc<Cluster>,
    name: String,
}

impl Database {
    /// A database in the cluster that the tests of this process share.
    #[must_use]
    pub fn new() -> Self {
        Cluster::shared().database()
    }

    /// The URL of the database.
    #[must_use]
    pub fn url(&self) -> String {
        self.cluster.url(&self.name)
    }

    /// The server.
    #[must_use]
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Lets new connections see another clock than the machine's.
    pub fn put_clock_forward(&self, by: &str) {
        let name = &self.name;
        self.query(&format!(
            "CREATE SCHEMA ahead;
             CREATE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql
                AS $$SELECT pg_catalog.clock_timestamp() + interval '{by}'$$;
             ALTER DATABASE {name} SET search_path = ahead, pg_catalog"
        ));
    }

    /// Runs SQL in this database, as [`Cluster::query`] does.
    pub fn query(&self, sql: &str) -> String {
        self.cluster.query(&self.name, sql)
    }
}

impl Default for Database {
    fn default() -> Self {
        Self::new()
    }
}

/// The folder of `$POSTGRES_BIN`, or of Debian's newest version.
fn binaries() -> PathBuf {
    if let Some(folder) = std::env::var_os("POSTGRES_BIN") {
        return folder.into();
    }
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let versions = versions.filter_map(|folder| {
        let number: u32 = folder.file_name().to_str()?.parse().ok()?;
        let binaries = folder.path().join("bin");
        binaries
            .join("initdb")
            .exists()
            .then_some((number, binaries))
    });
    let newest = versions.max_by_key(|(number, _)| *number);
    let (_, binaries) =
        newest.expect("the tests need Debian's package postgresql, or POSTGRES_BIN");
    binaries
}

/// A program of the server, as a user whom PostgreSQL accepts.
fn server_program(binaries: &Path, name: &str, directory: &Path) -> Command {
    let mut program = Command::new(binaries.join(name));
    if geteuid().is_root() {
        // As root, this drops all groups too.
        program.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
    }
    program.current_dir(directory);
    program.env_remove("PGOPTIONS");
    program
}

fn initialize(binaries: &Path, directory: &Path) {
    let mut initdb = server_program(binaries, "initdb", directory);
    initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
    succeed(initdb.args(["--username", USER, "--pgdata", "data"]));
    let settings = directory.join("data/postgresql.conf");
    let settings = fs::OpenOptions::new().append(true).open(settings);
    let no_address = b"listen_addresses = ''\n";
    settings
        .and_then(|mut file| file.write_all(no_address))
        .expect("it is ours");
}

fn succeed(program: &mut Command) {
    let output = program.output().expect("it is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// Starts the server without waiting for the disk: no test cuts the power.
fn start(binaries: &Path, directory: &Path) -> Child {
    let log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(directory.join("log"))
        .expect("a log");
    let socket = format!("unix_socket_directories={}", directory.display());
    server_program(binaries, "postgres", directory)
        .args(["-D", "data", "-c", &socket])
        .args(["-c", "fsync=off", "-c", "max_connections=200"])
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a descriptor"))
        .stderr(log)
        .process_group(0)
        .spawn()
        .expect("postgres starts")
}

fn end(server: &mut Child, shutdown: Shutdown) {
    let signal = match shutdown {
        Shutdown::Fast => Signal::INT,
        Shutdown::Immediate => Signal::QUIT,
    };
    let id = Pid::from_child(server);
    if server.try_wait().is_ok_and(|ended| ended.is_some()) {
        return;
    }
    // It may have just ended.
    _ = kill_process(id, signal);
    let begin = Instant::now();
    while server.try_wait().is_ok_and(|ended| ended.is_none()) {
        assert!(begin.elapsed() < PATIENCE, "the server does not end");
        sleep(Duration::from_millis(10));
    }
}
