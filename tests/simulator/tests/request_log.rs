//! The log of the requests that the simulator received.

mod client;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use client::{ask_for_code, get, post, sign_in, start};
use openai_simulator::{Answered, CLIENT_ID, Endpoint};

#[test]
fn a_request_is_recorded_as_it_was_sent_with_the_answer_it_got() {
    let simulator = start();
    let before = simulator.now();
    let request = post(&simulator, "/oauth/token?x=1").header("originator", "chatgpt-oauth");
    request
        .form(&[("grant_type", "refresh_token"), ("client_id", CLIENT_ID)])
        .send()
        .unwrap();
    let recorded = simulator.requests().remove(0);
    assert_eq!((recorded.sequence, recorded.endpoint), (0, Endpoint::Token));
    assert_eq!(
        (recorded.method.as_str(), recorded.target.as_str()),
        ("POST", "/oauth/token?x=1")
    );
    assert_eq!(recorded.host(), simulator.http_address().to_string());
    assert_eq!(recorded.header("Originator"), Some("chatgpt-oauth"));
    assert_eq!(
        recorded.form()[1],
        ("client_id".to_owned(), CLIENT_ID.to_owned())
    );
    assert_eq!(
        recorded.text(),
        format!("grant_type=refresh_token&client_id={CLIENT_ID}")
    );
    assert_eq!(recorded.answered, Answered::Normally { status: 400 });
    assert!((before..=simulator.now()).contains(&recorded.at));
}

#[test]
fn requests_are_selected_by_endpoint_and_can_be_cleared() {
    let simulator = start();
    sign_in(&simulator);
    assert_eq!(simulator.requests().len(), 3);
    assert_eq!(
        simulator.requests_to(Endpoint::UserCode)[0].json()["client_id"],
        CLIENT_ID
    );
    simulator.clear_requests();
    assert!(simulator.requests().is_empty());
    ask_for_code(&simulator);
    assert_eq!(simulator.requests()[0].sequence, 3);
}

#[test]
fn a_recorded_request_prints_no_secret() {
    let simulator = start();
    let tokens = sign_in(&simulator);
    client::usage(&simulator, &tokens["access_token"]);
    client::refresh(&simulator, &tokens["refresh_token"]);
    let printed = format!("{:?}", simulator.requests());
    assert!(
        simulator
            .secrets()
            .iter()
            .all(|secret| !printed.contains(&secret.value))
    );
}

#[test]
fn the_control_surface_is_not_recorded() {
    let simulator = start();
    get(&simulator, "/_simulator/requests").send().unwrap();
    assert!(simulator.requests().is_empty());
}

#[test]
fn two_requests_share_a_connection_and_a_chunked_one_is_understood() {
    let simulator = start();
    let mut stream = TcpStream::connect(simulator.http_address()).unwrap();
    let body = format!(r#"{{"client_id":"{CLIENT_ID}"}}"#);
    let (first, rest) = body.split_at(9);
    write!(
        stream,
        "GET /.well-known/jwks.json HTTP/1.1\r\nhost: a\r\n\r\n\
         POST /api/accounts/deviceauth/usercode HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n\
         {:x}\r\n{first}\r\n{:x}\r\n{rest}\r\n0\r\n\r\n",
        first.len(),
        rest.len()
    )
    .unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    assert_eq!(
        answers.matches("HTTP/1.1 200 OK\r\n").count(),
        2,
        "{answers}"
    );
    assert_eq!(simulator.requests()[1].text(), body);
}
