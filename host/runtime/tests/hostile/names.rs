//! Resolved addresses: the second layer of the egress policy.

use std::io;
use std::net::{IpAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chatgpt_oauth::Resolver;

use crate::guest::{answer_in, answer_to, host_with};

/// A resolver with the given answers.
#[derive(Clone)]
pub struct Names(Arc<Mutex<Said>>);

struct Said {
    /// One answer after the other; the last one repeats.
    answers: Vec<Vec<IpAddr>>,
    asked: Vec<String>,
}

impl Names {
    /// Resolves every name to these addresses.
    pub fn leading_to(addresses: &[&str]) -> Self {
        Self::changing(&[addresses])
    }

    /// Resolves every name to other addresses each time.
    fn changing(answers: &[&[&str]]) -> Self {
        let names = Self(Arc::new(Mutex::new(Said {
            answers: Vec::new(),
            asked: Vec::new(),
        })));
        names.lead_to(answers);
        names
    }

    fn lead_to(&self, answers: &[&[&str]]) {
        let parsed = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().unwrap()).collect();
        let mut said = self.0.lock().unwrap();
        said.answers = answers.iter().map(parsed).collect();
        said.asked.clear();
    }

    /// The names that were resolved.
    pub fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().asked.clone()
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut said = self.0.lock().unwrap();
        said.asked.push(name.to_owned());
        match said.answers.len() {
            1 => Ok(said.answers[0].clone()),
            _ => Ok(said.answers.remove(0)),
        }
    }
}

/// Listens where requests would arrive if a name led to this machine.
struct OwnMachine(Vec<TcpListener>);

impl OwnMachine {
    /// Only root may be able to listen on port 443; then there is no listener.
    fn listen() -> Self {
        let bound = ["127.0.0.1:443", "[::1]:443"].map(TcpListener::bind);
        Self(bound.into_iter().flatten().collect())
    }

    fn saw_no_connection(&self) -> bool {
        self.0.iter().all(|listener| {
            listener.set_nonblocking(true).unwrap();
            listener.accept().is_err()
        })
    }
}

/// An address that counts as public, of a network that is no longer in use.
const UNUSED: &str = "3ffe::1";

/// Faults: N02 M05
#[tokio::test]
pub async fn a_name_that_leads_to_this_machine_or_network_is_prohibited() {
    let own_machine = OwnMachine::listen();
    let names = Names::leading_to(&[]);
    let host = host_with(names.clone());
    for address in [
        "127.0.0.1",
        "127.255.255.254",
        "::1",
        "0.0.0.0",
        "::",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.0.1",
        "169.254.169.254",
        "fe80::a9fe:a9fe",
        "fd00:ec2::254",
        "100.64.0.1",
        "100.100.100.200",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a9fe:a9fe",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "2002:7f00:1::1",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "192.0.0.192",
        "198.18.0.1",
    ] {
        names.lead_to(&[&[address]]);
        let end = answer_in(&host, &["request"]).await;
        assert_eq!(end, "DestinationIpProhibited", "{address}");
        assert_eq!(names.asked(), ["auth.openai.com"], "{address}");
    }
    names.lead_to(&[&["127.0.0.1", "10.0.0.1", "::1"]]);
    assert_eq!(
        answer_in(&host, &["request"]).await,
        "DestinationIpProhibited"
    );
    assert!(own_machine.saw_no_connection());
}

/// Faults: M05
#[tokio::test]
pub async fn a_name_is_resolved_once_and_what_was_checked_is_connected_to() {
    let own_machine = OwnMachine::listen();
    let names = Names::leading_to(&[]);
    let host = host_with(names.clone());
    // The first answer passes the check. A second resolution would lead to this machine.
    names.lead_to(&[&[UNUSED], &["127.0.0.1", "::1"]]);
    let started = Instant::now();
    let end = answer_in(&host, &["request"]).await;
    let unreachable = ["DestinationUnavailable", "ConnectionTimeout"];
    assert!(unreachable.contains(&end.as_str()), "{end}");
    assert!(started.elapsed() < Duration::from_secs(25));
    assert_eq!(names.asked(), ["auth.openai.com"]);
    assert!(own_machine.saw_no_connection());

    // The next request is resolved and checked again.
    assert_eq!(
        answer_in(&host, &["request"]).await,
        "DestinationIpProhibited"
    );
    // A name that did not pass is not resolved again.
    names.lead_to(&[&["127.0.0.1"], &[UNUSED]]);
    assert_eq!(
        answer_in(&host, &["request"]).await,
        "DestinationIpProhibited"
    );
    assert_eq!(names.asked(), ["auth.openai.com"]);
    // Of several addresses, those that do not pass are not used.
    names.lead_to(&[&["127.0.0.1", UNUSED, "::1"]]);
    let end = answer_in(&host, &["request"]).await;
    assert!(unreachable.contains(&end.as_str()), "{end}");
    assert!(own_machine.saw_no_connection());
}

/// Faults: N01
#[tokio::test]
pub async fn a_name_that_leads_nowhere_is_no_place() {
    assert_eq!(answer_to(&["request"]).await, "DestinationNotFound");
}
