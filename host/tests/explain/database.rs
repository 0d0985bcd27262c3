//! Codes of a store in PostgreSQL.

use std::process::Command;
use std::sync::Arc;

use postgres_cluster::{Cluster, Database, Shutdown};

use crate::support::TestEnv;
use crate::{A_LONG_TIME, Environment, approved, fails, follow};

/// A simulator, and a store in a database.
struct InDatabase {
    env: TestEnv,
    database: Database,
}

impl InDatabase {
    fn new(database: Database) -> Self {
        let env = TestEnv::new();
        // Makes the key file.
        env.sign_in();
        Self { env, database }
    }
}

impl Environment for InDatabase {
    fn program(&self) -> Command {
        let mut command = self.env.command_without_store();
        command.args(["--store", &self.database.url(), "--key-file"]);
        command.arg(self.env.store().with_file_name("test.db.key"));
        command
    }

    fn env(&self) -> &TestEnv {
        &self.env
    }
}

#[test]
fn a_database_without_a_store_gets_one() {
    let test = InDatabase::new(Database::new());
    fails(&test, "store-needs-upgrade", &["status"]);
    follow(&test, "store-needs-upgrade", "chatgpt-oauth store migrate");
    assert!(approved(&test, &["login"]).status.success());
}

#[test]
fn what_a_database_has_after_a_failover_is_accepted() {
    let cluster = Arc::new(Cluster::new());
    let test = InDatabase::new(cluster.database());
    follow(&test, "store-needs-upgrade", "chatgpt-oauth store migrate");
    assert!(approved(&test, &["login"]).status.success());
    let standby = cluster.standby();
    standby.stop(Shutdown::Fast);
    // Of another profile: this login is the latest.
    assert!(
        approved(&test, &["--profile", "other", "login"])
            .status
            .success()
    );
    cluster.stop(Shutdown::Immediate);
    standby.start();
    standby.promote();
    cluster.lead_to(&standby);

    test.env.pass(A_LONG_TIME);
    fails(&test, "rollback-suspected", &["authorize"]);
    follow(
        &test,
        "rollback-suspected",
        "chatgpt-oauth store accept-failover",
    );
    let authorized = test.program().arg("authorize").output().unwrap();
    assert!(authorized.status.success(), "{authorized:?}");
}
