//! A server that others reach over TCP, with TLS.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};

use rustix::process::geteuid;

use super::{Cluster, Shutdown, UNPRIVILEGED};

impl Cluster {
    /// Restarts the server so that it listens on port 5432 of this address too, with TLS by
    /// these files in PEM.
    ///
    /// # Panics
    ///
    /// When the server does not start with them.
    pub fn serve_tls(&self, address: &str, certificate: &str, key: &str) {
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let path = self.directory.path().join("data").join(name);
            fs::write(&path, text).expect("there is data");
            fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("it is ours");
            if geteuid().is_root() {
                chown(&path, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).expect("root may");
            }
        }
        self.query(
            "postgres",
            &format!("ALTER SYSTEM SET listen_addresses = '{address}'"),
        );
        self.query("postgres", "ALTER SYSTEM SET ssl = on");
        self.restart(Shutdown::Fast);
    }
}
