//! Failovers and restores: what makes a server lack writes that it, or its predecessor, has
//! acknowledged.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::{Cluster, Database, USER, server_program, succeed};

/// The name of a server's socket in its directory.
const SOCKET: &str = ".s.PGSQL.5432";

impl Cluster {
    /// A standby of this server, which follows it while both run.
    ///
    /// # Panics
    ///
    /// When `pg_basebackup` fails, or the standby does not start.
    #[must_use]
    pub fn standby(&self) -> Self {
        Self::made_by(|binaries, directory| {
            let mut backup = server_program(binaries, "pg_basebackup", directory);
            backup.arg("--host").arg(self.directory.path());
            backup.args(["--username", USER, "--pgdata", "data"]);
            backup.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
            succeed(&mut backup);
        })
    }

    /// Makes a standby a server that takes writes.
    ///
    /// # Panics
    ///
    /// When it is no standby.
    pub fn promote(&self) {
        assert_eq!(self.query("postgres", "SELECT pg_promote()"), "t");
    }

    /// Leads the URLs of this server, which was stopped, to another one.
    ///
    /// # Panics
    ///
    /// When this server runs.
    pub fn lead_to(&self, other: &Self) {
        let [from, to] = [self, other].map(|cluster| cluster.directory.path().join(SOCKET));
        symlink(to, from).expect("the server was stopped");
    }

    /// Keeps a copy of the data of this server, which was stopped.
    ///
    /// # Panics
    ///
    /// When there is a copy already.
    pub fn take_snapshot(&self) {
        let mut copy = Command::new("cp");
        copy.current_dir(self.directory.path());
        succeed(copy.args(["--archive", "data", "snapshot"]));
    }

    /// Puts the copy in the place of the data of this server, which was stopped.
    ///
    /// # Panics
    ///
    /// When there is no copy.
    pub fn restore_snapshot(&self) {
        let [data, snapshot] = ["data", "snapshot"].map(|name| self.directory.path().join(name));
        fs::remove_dir_all(&data).expect("there is data");
        fs::rename(snapshot, data).expect("there is a copy");
    }
}

impl Database {
    /// Restores a dump of this database in another one, which is empty.
    ///
    /// # Panics
    ///
    /// When `pg_dump` or `pg_restore` fails.
    pub fn restore_in(&self, other: &Self) {
        let file = self.cluster.directory.path().join("dump");
        let mut dump = self.cluster.client("pg_dump");
        succeed(
            dump.args(["--format=custom", "--file"])
                .arg(&file)
                .arg(&self.name),
        );
        let mut restore = other.cluster.client("pg_restore");
        succeed(restore.args(["--dbname", &other.name]).arg(&file));
    }
}
