//! The simulator's time.

mod client;

use std::time::Duration;

use client::{get, sign_in, start};
use openai_simulator::Simulator;

/// A clock file of this name, at 1994-11-06 08:49:37.
fn clock_file(name: &str) -> String {
    let path = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&path, "784111777\n").unwrap();
    path
}

fn date(simulator: &Simulator) -> String {
    let response = get(simulator, "/.well-known/jwks.json").send().unwrap();
    response.headers()["date"].to_str().unwrap().to_owned()
}

#[test]
fn time_can_be_advanced() {
    let simulator = start();
    let before = simulator.now();
    simulator.advance(Duration::from_secs(1000));
    assert!((1000..1060).contains(&(simulator.now() - before)));
}

#[test]
fn a_driver_sets_the_time_through_a_file() {
    let path = clock_file("clock");
    let simulator = Simulator::builder().clock_file(&path).start().unwrap();
    assert_eq!(date(&simulator), "Sun, 06 Nov 1994 08:49:37 GMT");
    std::fs::write(&path, "784111778").unwrap();
    assert_eq!(simulator.now(), 784_111_778);
    // While a driver rewrites the file, the last value applies.
    std::fs::write(&path, "").unwrap();
    assert_eq!(simulator.now(), 784_111_778);
    simulator.advance(Duration::from_secs(2));
    assert_eq!(simulator.now(), 784_111_780);
    assert!(
        Simulator::builder()
            .clock_file("/does/not/exist")
            .start()
            .is_err()
    );
}

#[test]
fn the_date_header_can_be_wrong_while_expiry_is_right() {
    let path = clock_file("skewed-clock");
    let simulator = Simulator::builder().clock_file(path).start().unwrap();
    simulator.skew_date(-3600);
    assert_eq!(date(&simulator), "Sun, 06 Nov 1994 07:49:37 GMT");
    let tokens = sign_in(&simulator);
    assert_eq!(client::usage(&simulator, &tokens["access_token"]).0, 200);
}

#[test]
fn access_tokens_last_as_long_as_they_are_set_to() {
    let simulator = Simulator::builder()
        .clock_file(clock_file("still-clock"))
        .access_token_lifetime(Duration::from_secs(200))
        .start()
        .unwrap();
    let tokens = sign_in(&simulator);
    assert_eq!(tokens["expires_in"], 200);
    simulator.set_access_token_lifetime(Duration::from_secs(300));
    let (_, tokens) = client::refresh(&simulator, &tokens["refresh_token"]);
    assert_eq!(tokens["expires_in"], 300);
    simulator.advance(Duration::from_secs(299));
    assert_eq!(client::usage(&simulator, &tokens["access_token"]).0, 200);
    simulator.advance(Duration::from_secs(2));
    assert_eq!(client::usage(&simulator, &tokens["access_token"]).0, 401);
}
