//! PgBouncer in front of a server.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::geteuid;
use tempfile::TempDir;

use super::{Cluster, Database, PATIENCE, UNPRIVILEGED, USER};

/// The port in the name of its socket.
const PORT: u16 = 6432;

/// A PgBouncer that pools sessions. It ends when it is dropped.
#[derive(Debug)]
pub struct PgBouncer {
    directory: TempDir,
    process: Child,
    database: String,
    _cluster: Arc<Cluster>,
}

impl PgBouncer {
    /// Starts Debian's PgBouncer in front of a database.
    ///
    /// # Panics
    ///
    /// When it is not installed or does not start.
    #[must_use]
    pub fn before(database: &Database) -> Self {
        // Not in $TMPDIR, as the directory of the server.
        let directory = tempfile::Builder::new()
            .prefix("pgbouncer-")
            .tempdir_in("/tmp")
            .expect("a directory");
        let (here, there) = (directory.path(), database.cluster.directory.path());
        let settings = format!(
            "[databases]\n* = host={} user={USER}\n\
             [pgbouncer]\nunix_socket_dir={}\nlisten_port={PORT}\n\
             pool_mode=session\nauth_type=any\n",
            there.display(),
            here.display()
        );
        let file = here.join("pgbouncer.ini");
        fs::write(&file, settings).expect("it is ours");
        let mut program = Command::new("pgbouncer");
        if geteuid().is_root() {
            chown(here, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).expect("root may");
            program.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
        }
        let process = program
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the tests need Debian's package pgbouncer");
        let socket = here.join(format!(".s.PGSQL.{PORT}"));
        let begun = Instant::now();
        while UnixStream::connect(&socket).is_err() {
            assert!(begun.elapsed() < PATIENCE, "pgbouncer does not start");
            sleep(Duration::from_millis(10));
        }
        Self {
            directory,
            process,
            database: database.name.clone(),
            _cluster: database.cluster.clone(),
        }
    }

    /// The URL of the database by way of PgBouncer.
    #[must_use]
    pub fn url(&self) -> String {
        let (name, socket) = (&self.database, self.directory.path().display());
        format!("postgres:///{name}?host={socket}&port={PORT}&user={USER}")
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // It may have ended.
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
