//! A store in a database of another machine: its certificate must be right.

mod support;

use std::fs;
use std::sync::Arc;
use std::time::Instant;

use postgres_cluster::{Cluster, Shutdown};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;
use support::hosts_file::is_inside;
use support::{LONG, TestEnv};

/// The address of the server. No name of it is one of this machine.
const ADDRESS: &str = "127.0.0.77";

/// An authority, and a certificate of it for `db.test`, in PEM.
struct Issued {
    authority: String,
    certificate: String,
    key: String,
}

fn issue() -> Issued {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["db.test".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    Issued {
        authority: authority.pem(),
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }
}

#[test]
fn a_database_elsewhere_is_used_by_tls_with_a_certificate_for_its_name() {
    let name = "a_database_elsewhere_is_used_by_tls_with_a_certificate_for_its_name";
    let names = format!("{ADDRESS} db.test other.test");
    if !is_inside(name, &names, &[], "true") {
        return;
    }
    let test = TestEnv::new();
    let cluster = Arc::new(Cluster::new());
    let database = cluster.database();
    let name = database.query("SELECT current_database()");
    let issued = issue();
    let trusted = test.path("authority.pem");
    fs::write(&trusted, &issued.authority).unwrap();
    let trusted = format!("&sslrootcert={}", trusted.display());

    let migrate = |host: &str, options: &str| -> Value {
        let url = format!("postgres://tests@{host}/{name}?sslmode=disable{options}");
        let mut command = test.command_without_store();
        command.args(["--store", &url, "--json", "store", "migrate"]);
        let begun = Instant::now();
        loop {
            let answer = support::json(&command.output().unwrap());
            // The program gives a slow machine three seconds.
            if answer["retryable"] != true || begun.elapsed() > LONG {
                return answer;
            }
        }
    };
    cluster.serve_tls(ADDRESS, &issued.certificate, &issued.key);
    for (host, options) in [("db.test", ""), ("other.test", &*trusted)] {
        let refused = migrate(host, options);
        assert_eq!(refused["code"], "store-unavailable", "{host} {refused}");
        let error = refused["error"].as_str().unwrap();
        assert!(error.contains("certificate"), "{host} {refused}");
        assert_eq!(refused["retryable"], false, "{host} {refused}");
    }
    let accepted = migrate("db.test", &trusted);
    assert_eq!(accepted["ok"], true, "{accepted}");
    cluster.query("postgres", "ALTER SYSTEM SET ssl = off");
    cluster.restart(Shutdown::Fast);
    let in_the_clear = migrate("db.test", &trusted);
    let error = in_the_clear["error"].as_str().unwrap();
    assert!(error.contains("has no TLS"), "{in_the_clear}");
}
