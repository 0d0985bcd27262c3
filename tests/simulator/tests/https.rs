//! Both hosts behind one certificate, and the faults of a connection.

mod client;

use std::time::Duration;

use client::LONG;
use openai_simulator::{Certificate, ConnectionFault, Simulator};
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::tls;

/// A client that trusts only the simulator's authority and finds both real hosts at its address.
fn client(simulator: &Simulator) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let authority = tls::Certificate::from_pem(simulator.ca_pem().as_bytes()).unwrap();
    Client::builder()
        .no_proxy()
        .tls_certs_only([authority])
        .resolve("auth.openai.com", simulator.https_address())
        .resolve("chatgpt.com", simulator.https_address())
        .timeout(LONG)
        .build()
        .unwrap()
}

fn request(simulator: &Simulator, host: &str) -> RequestBuilder {
    let port = simulator.https_address().port();
    let url = format!("https://{host}:{port}/.well-known/jwks.json");
    client(simulator).get(url)
}

fn ask(simulator: &Simulator, host: &str) -> reqwest::Result<Response> {
    request(simulator, host).send()
}

#[test]
fn the_certificate_is_valid_for_both_hosts_and_loopback() {
    let simulator = client::start();
    for host in ["auth.openai.com", "chatgpt.com", "127.0.0.1", "localhost"] {
        assert_eq!(ask(&simulator, host).unwrap().status(), 200, "{host}");
    }
    let request = simulator.requests().remove(0);
    assert_eq!(request.scheme, "https");
    assert!(request.host().starts_with("auth.openai.com"));
}

#[test]
fn connect_to_sends_both_hosts_to_the_https_listener() {
    let simulator = client::start();
    let port = simulator.https_address().port();
    assert_eq!(
        simulator.connect_to(),
        [
            format!("auth.openai.com:443:127.0.0.1:{port}"),
            format!("chatgpt.com:443:127.0.0.1:{port}")
        ]
    );
}

#[test]
fn a_bad_certificate_is_refused_by_a_client_that_verifies() {
    for certificate in [
        Certificate::Expired,
        Certificate::WrongName,
        Certificate::UnknownIssuer,
    ] {
        let simulator = Simulator::builder()
            .certificate(certificate)
            .start()
            .unwrap();
        assert!(
            ask(&simulator, "auth.openai.com").unwrap_err().is_connect(),
            "{certificate:?}"
        );
        assert!(simulator.requests().is_empty());
    }
}

#[test]
fn a_connection_is_reset_or_stalls_before_tls() {
    let simulator = client::start();
    simulator.fault_connection(ConnectionFault::Reset);
    assert!(ask(&simulator, "chatgpt.com").unwrap_err().is_connect());
    simulator.fault_connection(ConnectionFault::Stall);
    let stalled = request(&simulator, "chatgpt.com").timeout(Duration::from_secs(2));
    assert!(stalled.send().unwrap_err().is_timeout());
    client::wait_until(|| simulator.faults_left() == 0);
    assert_eq!(ask(&simulator, "chatgpt.com").unwrap().status(), 200);
}

#[test]
fn the_authority_is_written_for_a_cacert_flag() {
    let simulator = client::start();
    let path = format!("{}/ca.pem", env!("CARGO_TARGET_TMPDIR"));
    simulator.write_ca(&path).unwrap();
    assert_eq!(std::fs::read_to_string(path).unwrap(), simulator.ca_pem());
}

#[test]
fn only_loopback_is_served() {
    let anywhere = "0.0.0.0:0".parse().unwrap();
    assert!(Simulator::builder().https(anywhere).start().is_err());
}

#[test]
fn nothing_is_served_after_the_handle_is_dropped() {
    // An address that no other test has: one of those may get the port that becomes free.
    let own = if cfg!(target_os = "linux") {
        "127.0.0.78:0"
    } else {
        "127.0.0.1:0"
    };
    let simulator = Simulator::builder()
        .http(own.parse().unwrap())
        .start()
        .unwrap();
    let address = simulator.http_address();
    drop(simulator);
    assert!(std::net::TcpStream::connect(address).is_err());
}
