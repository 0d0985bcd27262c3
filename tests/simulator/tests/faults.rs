//! Scripted faults on answers.

mod client;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use client::{
    ask_for_code, get, poll, read, refresh, refresh_request, sign_in, soon, start, usage,
    wait_until,
};
use openai_simulator::{
    Account, Answered, Endpoint, Fault, Gate, Outcome, RecordedRequest, Simulator,
};
use serde_json::{Value, json};

/// Sends a refresh over a bare socket, without reading.
fn send_refresh(simulator: &Simulator, token: &Value) -> TcpStream {
    let body = json!({
        "client_id": openai_simulator::CLIENT_ID, "grant_type": "refresh_token", "refresh_token": token,
    });
    let body = body.to_string();
    let mut stream = TcpStream::connect(simulator.http_address()).unwrap();
    write!(
        stream,
        "POST /oauth/token HTTP/1.1\r\nhost: auth.openai.com\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    stream
}

/// All bytes that the server sends to a refresh over a bare socket, and how the connection ended.
fn raw_refresh(simulator: &Simulator, token: &Value) -> (String, Option<ErrorKind>) {
    let mut answer = Vec::new();
    let end = send_refresh(simulator, token)
        .read_to_end(&mut answer)
        .err()
        .map(|error| error.kind());
    (String::from_utf8_lossy(&answer).into_owned(), end)
}

fn first_token_outcomes(simulator: &Simulator) -> Vec<Outcome> {
    let presentations = &simulator.presentations()[0].presentations;
    presentations
        .iter()
        .map(|presentation| presentation.outcome)
        .collect()
}

#[test]
fn queued_faults_apply_once_in_order_and_a_standing_one_until_cleared() {
    let simulator = start();
    simulator.fault_always(Endpoint::UserCode, Fault::status(500));
    simulator.fault(Endpoint::UserCode, Fault::status(502));
    simulator.fault(Endpoint::UserCode, Fault::status(503));
    assert_eq!(simulator.faults_left(), 2);
    let ask = || {
        client::post(&simulator, "/api/accounts/deviceauth/usercode")
            .send()
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!([ask(), ask(), ask(), ask()], [502, 503, 500, 500]);
    assert_eq!(simulator.faults_left(), 0);
    simulator.clear_faults();
    ask_for_code(&simulator);
}

#[test]
fn a_fault_that_replaces_the_answer_leaves_the_state_unchanged() {
    let simulator = start();
    let tokens = sign_in(&simulator);
    simulator.fault(Endpoint::Token, Fault::silence());
    assert!(
        refresh_request(&simulator, &tokens["refresh_token"])
            .send()
            .is_err()
    );
    let request = simulator.requests_to(Endpoint::Token).pop().unwrap();
    assert_eq!(
        request.answered,
        Answered::ByFault {
            status: None,
            processed: false
        }
    );
    assert_eq!(refresh(&simulator, &tokens["refresh_token"]).0, 200);
}

#[test]
fn after_processing_the_token_is_rotated_and_the_answer_lost() {
    let simulator = start();
    let tokens = sign_in(&simulator);
    simulator.fault(Endpoint::Token, Fault::silence().after_processing());
    assert!(
        refresh_request(&simulator, &tokens["refresh_token"])
            .send()
            .is_err()
    );
    let request = simulator.requests_to(Endpoint::Token).pop().unwrap();
    assert_eq!(
        request.answered,
        Answered::ByFault {
            status: None,
            processed: true
        }
    );
    // The client presents the token again and loses the sign-in.
    assert_eq!(refresh(&simulator, &tokens["refresh_token"]).0, 401);
    assert_eq!(
        first_token_outcomes(&simulator),
        [Outcome::Rotated, Outcome::Reused]
    );
}

#[test]
fn an_answer_is_replaced_after_processing() {
    let simulator = start();
    let tokens = sign_in(&simulator);
    simulator.fault(
        Endpoint::Token,
        Fault::status(502).body("bad gateway").after_processing(),
    );
    assert_eq!(refresh(&simulator, &tokens["refresh_token"]).0, 502);
    assert_eq!(first_token_outcomes(&simulator), [Outcome::Rotated]);
}

#[test]
fn a_connection_ends_by_fin_or_by_reset() {
    let simulator = start();
    let tokens = sign_in(&simulator);
    simulator.fault(Endpoint::Token, Fault::silence());
    assert_eq!(
        raw_refresh(&simulator, &tokens["refresh_token"]),
        (String::new(), None)
    );
    simulator.fault(Endpoint::Token, Fault::silence().reset());
    let (answer, end) = raw_refresh(&simulator, &tokens["refresh_token"]);
    assert_eq!(
        (answer.as_str(), end),
        ("", Some(ErrorKind::ConnectionReset))
    );
}

#[test]
fn a_body_is_cut_short_of_its_announced_length() {
    let simulator = start();
    let tokens = sign_in(&simulator);
    simulator.fault(Endpoint::Token, Fault::normal().cut_after(10));
    let (answer, _) = raw_refresh(&simulator, &tokens["refresh_token"]);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("content-length: "));
    assert_eq!(body.len(), 10);
    assert_eq!(first_token_outcomes(&simulator), [Outcome::Rotated]);
}

#[test]
fn a_chunked_body_is_sent_whole_or_cut() {
    let simulator = start();
    let fault = || {
        Fault::status(200)
            .body("0123456789")
            .chunked()
            .drip(4, Duration::from_millis(1))
    };
    simulator.fault(Endpoint::Token, fault());
    let (answer, _) = raw_refresh(&simulator, &Value::Null);
    assert!(
        answer.ends_with("\r\n\r\n4\r\n0123\r\n4\r\n4567\r\n2\r\n89\r\n0\r\n\r\n"),
        "{answer}"
    );
    assert!(!answer.contains("content-length"));
    simulator.fault(Endpoint::Token, fault().cut_after(4));
    let (answer, _) = raw_refresh(&simulator, &Value::Null);
    assert!(answer.ends_with("4\r\n0123\r\n"), "{answer}");
}

#[test]
fn a_slow_body_drips() {
    let simulator = start();
    simulator.fault(
        Endpoint::UserCode,
        Fault::normal().drip(30, Duration::from_millis(20)),
    );
    let started = Instant::now();
    ask_for_code(&simulator);
    assert!(started.elapsed() >= Duration::from_millis(80));
}

#[test]
fn a_delayed_request_is_processed_late_or_answered_late() {
    let simulator = start();
    let tokens = sign_in(&simulator);
    let has_given_up = |request: &RecordedRequest| request.disconnected_after_ms.is_some();
    let give_up = |fault: Fault| {
        let gate = Gate::default();
        simulator.clear_requests();
        simulator.fault(Endpoint::Token, fault.gate(&gate));
        drop(send_refresh(&simulator, &tokens["refresh_token"]));
        let request = soon(|| simulator.requests().pop().filter(has_given_up));
        assert_eq!(request.answered, Answered::Waiting);
        gate
    };
    let gate = give_up(Fault::normal().delay(Duration::from_millis(1)));
    assert_eq!(first_token_outcomes(&simulator), []);
    gate.open();
    // The server processes the request although the client has given up.
    wait_until(|| first_token_outcomes(&simulator) == [Outcome::Rotated]);
    give_up(Fault::normal().after_processing());
    assert_eq!(
        first_token_outcomes(&simulator),
        [Outcome::Rotated, Outcome::Reused]
    );
}

#[test]
fn a_hanging_server_holds_the_connection_and_no_other() {
    let simulator = start();
    simulator.fault(Endpoint::Token, Fault::hang());
    let mut held = send_refresh(&simulator, &Value::Null);
    wait_until(|| simulator.faults_left() == 0);
    sign_in(&simulator);
    held.set_nonblocking(true).unwrap();
    let silence = held.read(&mut [0]).unwrap_err();
    assert_eq!(silence.kind(), ErrorKind::WouldBlock);
}

#[test]
fn any_bytes_can_be_sent_as_the_answer() {
    let simulator = start();
    let bytes =
        "HTTP/1.1 200 OK\r\nx: a\r\n folded\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}";
    simulator.fault(Endpoint::Token, Fault::raw(bytes));
    assert_eq!(
        raw_refresh(&simulator, &Value::Null),
        (bytes.to_owned(), None)
    );
    let request = simulator.requests().pop().unwrap();
    assert_eq!(
        request.answered,
        Answered::ByFault {
            status: Some(200),
            processed: false
        }
    );
}

#[test]
fn the_normal_answer_is_patched_and_transformed() {
    let simulator = start();
    simulator.fault(
        Endpoint::UserCode,
        Fault::patch(json!({ "interval": 7, "usercode": "WXYZ-12345", "user_code": null })),
    );
    let issued = ask_for_code(&simulator);
    assert_eq!(
        (&issued["interval"], &issued["usercode"]),
        (&json!(7), &json!("WXYZ-12345"))
    );
    assert!(issued.get("user_code").is_none());

    let tokens = sign_in(&simulator);
    simulator.fault(
        Endpoint::Usage,
        Fault::patch(json!({ "rate_limit": { "primary_window": { "used_percent": 140 } } })),
    );
    let (_, patched) = usage(&simulator, &tokens["access_token"]);
    assert_eq!(patched["rate_limit"]["primary_window"]["used_percent"], 140);
    assert_eq!(
        patched["rate_limit"]["primary_window"]["limit_window_seconds"],
        18_000
    );

    simulator.fault(
        Endpoint::Token,
        Fault::transform(|answer| json!([answer["scope"]])),
    );
    let (status, transformed) = refresh(&simulator, &tokens["refresh_token"]);
    assert_eq!(
        (status, transformed),
        (200, json!(["openid profile email offline_access"]))
    );
}

#[test]
fn a_refresh_can_return_tokens_of_another_account_or_odd_claims() {
    let simulator = start();
    let tokens = sign_in(&simulator);
    let other = Account {
        account_id: "other".into(),
        ..Account::default()
    };
    let others = simulator.issue_tokens(&other);
    simulator.fault(
        Endpoint::Token,
        Fault::json(200, others.clone()).after_processing(),
    );
    let (_, answer) = refresh(&simulator, &tokens["refresh_token"]);
    assert_eq!(answer, others);
    assert_eq!(first_token_outcomes(&simulator), [Outcome::Rotated]);
    let request = get(&simulator, "/backend-api/wham/usage")
        .bearer_auth(answer["access_token"].as_str().unwrap())
        .header("ChatGPT-Account-ID", "other");
    assert_eq!(read(request.send().unwrap()).0, 200);

    let odd = simulator.sign(&json!({ "exp": "tomorrow" }));
    simulator.fault(
        Endpoint::Token,
        Fault::patch(json!({ "access_token": odd })),
    );
    assert_eq!(
        refresh(&simulator, &others["refresh_token"]).1["access_token"],
        odd
    );
}

#[test]
fn headers_of_the_normal_answer_are_replaced() {
    let simulator = start();
    let fault = Fault::normal()
        .header("Content-Type", "text/plain")
        .header("Date", "yesterday");
    simulator.fault(Endpoint::Jwks, fault);
    let response = get(&simulator, "/.well-known/jwks.json").send().unwrap();
    assert_eq!(response.headers().get_all("content-type").iter().count(), 1);
    assert_eq!(response.headers()["content-type"], "text/plain");
    assert_eq!(response.headers()["date"], "yesterday");
}

#[test]
fn frequent_faults_have_presets() {
    let simulator = start();
    let code = ask_for_code(&simulator);
    for (fault, status, marker) in [
        (Fault::cloudflare_challenge(), 403, "Just a moment..."),
        (
            Fault::region_blocked(),
            403,
            "unsupported_country_region_territory",
        ),
        (
            Fault::too_many_requests(Some("7")),
            429,
            "rate_limit_exceeded",
        ),
        (Fault::captive_portal(), 200, "<html>"),
        (Fault::truncated_json(), 200, "{\"access_token\":\"ey"),
        (Fault::redirect("https://example.com/"), 302, ""),
        (
            Fault::openai_error(400, "app_session_expired", "Your session has ended."),
            400,
            "session has ended",
        ),
        (
            Fault::oauth_error(401, "authorization_declined"),
            401,
            "{\"error\":\"authorization_declined\"",
        ),
        (Fault::slow_down(), 403, "deviceauth_slow_down"),
        (Fault::device_login_disabled(), 404, "Not Found"),
        (
            Fault::usage_limit_reached("plus", 1_800_000_000),
            429,
            "\"resets_at\":1800000000",
        ),
    ] {
        let name = format!("{fault:?}");
        simulator.fault(Endpoint::DevicePoll, fault);
        let response = client::post(&simulator, "/api/accounts/deviceauth/token")
            .json(&code)
            .send()
            .unwrap();
        assert_eq!(response.status(), status, "{name}");
        let headers = response.headers().clone();
        match status {
            302 => assert_eq!(headers["location"], "https://example.com/"),
            429 if marker == "rate_limit_exceeded" => assert_eq!(headers["retry-after"], "7"),
            403 if marker == "Just a moment..." => assert_eq!(headers["cf-mitigated"], "challenge"),
            _ => {}
        }
        assert!(response.text().unwrap().contains(marker), "{name}");
    }
    assert_eq!(poll(&simulator, &code).0, 403);
}

#[test]
fn a_fault_of_one_endpoint_does_not_touch_another() {
    let simulator = start();
    let tokens = sign_in(&simulator);
    simulator.fault_always(Endpoint::Models, Fault::cloudflare_challenge());
    assert_eq!(usage(&simulator, &tokens["access_token"]).0, 200);
    let (status, _) = read(get(&simulator, "/backend-api/codex/models").send().unwrap());
    assert_eq!(status, 403);
}
