//! Codes that the service, the network or the policy of the host cause.

use std::process::Command;

use openai_simulator::{Endpoint, Fault};
use serde_json::json;

use crate::support::TestEnv;
use crate::{expired, fails, fails_with, follow, repeat};

/// `start` meets the fault once, and succeeds when it is repeated.
#[track_caller]
fn passes(code: &str, fault: Fault, steps: &[&str]) {
    let test = TestEnv::new();
    test.simulator.fault(Endpoint::UserCode, fault);
    fails(&test, code, &["start"]);
    for step in steps {
        follow(&test, code, step);
    }
    test.pass(120);
    repeat(&test, code, &["start"]);
}

#[test]
fn too_many_requests_pass() {
    passes("rate-limited", Fault::too_many_requests(Some("120")), &[]);
}

#[test]
fn a_page_of_the_content_network_passes() {
    passes(
        "upstream-blocked",
        Fault::cloudflare_challenge(),
        &["chatgpt-oauth doctor"],
    );
}

#[test]
fn from_a_supported_country_the_service_answers() {
    passes("region-unsupported", Fault::region_blocked(), &[]);
}

#[test]
fn once_device_codes_are_switched_on_there_is_a_code() {
    passes("codex-not-enabled", Fault::device_login_disabled(), &[]);
}

#[test]
fn a_lost_connection_passes() {
    passes("network", Fault::silence(), &["chatgpt-oauth doctor"]);
}

#[test]
fn a_failure_of_the_service_passes() {
    passes("upstream-error", Fault::status(500), &[]);
}

#[test]
fn an_answer_outside_of_the_protocol_may_pass() {
    passes(
        "unexpected-answer",
        Fault::truncated_json(),
        &["chatgpt-oauth --version"],
    );
}

/// The host waits 40 s for the access token, by this machine's clock.
#[test]
fn a_refresh_that_has_brought_no_access_token_yet_is_repeated() {
    let test = expired();
    let without = Fault::patch(json!({"access_token": null}));
    test.simulator.fault(Endpoint::Token, without);
    fails(&test, "refresh-in-progress", &["refresh"]);
    test.pass(2);
    repeat(&test, "refresh-in-progress", &["refresh"]);
}

#[test]
fn a_refresh_without_an_answer_is_repeated_after_a_pause() {
    let test = expired();
    test.simulator.fault(Endpoint::Token, Fault::silence());
    fails(&test, "refresh-uncertain", &["refresh"]);
    test.pass(120);
    follow(&test, "refresh-uncertain", "chatgpt-oauth refresh");

    let test = expired();
    test.simulator.fault(Endpoint::Token, Fault::silence());
    fails(&test, "refresh-uncertain", &["refresh"]);
    follow(&test, "refresh-uncertain", "chatgpt-oauth login");
}

#[test]
fn a_backend_that_refuses_a_new_token_takes_it_later() {
    let test = TestEnv::new();
    test.sign_in();
    test.pass(400);
    let refused = Fault::openai_error(401, "token_expired", "expired");
    test.simulator.fault_always(Endpoint::Usage, refused);
    fails(&test, "rejected-by-backend", &["usage", "--force"]);
    test.simulator.clear_faults();
    test.pass(60);
    follow(&test, "rejected-by-backend", "chatgpt-oauth usage --force");
    follow(&test, "rejected-by-backend", "chatgpt-oauth logout");
    follow(&test, "rejected-by-backend", "chatgpt-oauth login");
}

/// A host for tests reaches the simulator alone, and here it is named for one of both hosts.
#[test]
fn an_address_that_the_host_does_not_permit_is_not_asked() {
    let test = TestEnv::new();
    test.sign_in();
    let [auth, _] = test.simulator.connect_to();
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"));
    command
        .args(["--store", &format!("sqlite:{}", test.store().display())])
        .args(["--connect-to", &auth, "--json", "usage", "--force"])
        .env("CHATGPT_OAUTH_TEST_CLOCK", test.clock())
        .env("XDG_STATE_HOME", test.path("state"));
    test.pass(120);
    fails_with("egress-denied", &command.output().unwrap());
    follow(&test, "egress-denied", "chatgpt-oauth inspect");
    follow(&test, "egress-denied", "chatgpt-oauth doctor");
}
