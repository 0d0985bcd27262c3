//! The device flow from a client's side.

mod client;

use std::time::Duration;

use client::{ask_for_code, code, exchange, poll, post, read, sign_in, start};
use openai_simulator::{CLIENT_ID, DecisionError, Simulator};
use serde_json::{Value, json};

fn user_code(issued: &Value) -> &str {
    issued["user_code"].as_str().unwrap()
}

/// Exchanges the code of an approval with one form field set to `value`.
fn exchange_with(simulator: &Simulator, approval: &Value, name: &str, value: &str) -> (u16, Value) {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT_ID),
        ("code", approval["authorization_code"].as_str().unwrap()),
        (
            "redirect_uri",
            "https://auth.openai.com/deviceauth/callback",
        ),
        ("code_verifier", approval["code_verifier"].as_str().unwrap()),
    ];
    form.retain(|(known, _)| *known != name);
    form.push((name, value));
    read(post(simulator, "/oauth/token").form(&form).send().unwrap())
}

fn approved(simulator: &Simulator) -> (Value, Value) {
    let issued = ask_for_code(simulator);
    simulator.approve(user_code(&issued)).unwrap();
    let (status, approval) = poll(simulator, &issued);
    assert_eq!(status, 200);
    (issued, approval)
}

#[test]
fn a_code_has_the_shape_of_the_live_service() {
    let simulator = start();
    let issued = ask_for_code(&simulator);
    let code = user_code(&issued);
    assert_eq!((code.len(), code.find('-')), (10, Some(4)), "{code}");
    assert_eq!(issued["interval"], "5");
    let expires_at = issued["expires_at"].as_str().unwrap();
    assert!(
        expires_at.ends_with('Z') && expires_at.contains('T'),
        "{expires_at}"
    );
    assert_eq!(issued.as_object().unwrap().len(), 4, "{issued}");
}

#[test]
fn an_unknown_client_gets_no_code() {
    let simulator = start();
    let request = post(&simulator, "/api/accounts/deviceauth/usercode");
    let (status, body) = read(
        request
            .json(&json!({ "client_id": "app_other" }))
            .send()
            .unwrap(),
    );
    assert_eq!((status, code(&body)), (400, "invalid_client"));
}

#[test]
fn a_code_is_pending_until_it_is_approved_and_then_becomes_tokens() {
    let simulator = start();
    let issued = ask_for_code(&simulator);
    assert_eq!(simulator.pending_codes(), [user_code(&issued)]);
    let (status, pending) = poll(&simulator, &issued);
    assert_eq!(
        (status, code(&pending)),
        (403, "deviceauth_authorization_pending")
    );

    simulator.approve(user_code(&issued)).unwrap();
    assert!(simulator.pending_codes().is_empty());
    let (status, approval) = poll(&simulator, &issued);
    assert_eq!((status, approval.as_object().unwrap().len()), (200, 3));

    let (status, tokens) = exchange(&simulator, &approval);
    assert_eq!(status, 200);
    assert_eq!(
        (&tokens["expires_in"], &tokens["token_type"]),
        (&json!(864_000), &json!("Bearer"))
    );
    for name in ["id_token", "access_token", "refresh_token", "scope"] {
        assert!(tokens[name].is_string(), "{name}");
    }
}

#[test]
fn denied_expired_and_unknown_codes_get_different_answers() {
    let simulator = start();
    let denied = ask_for_code(&simulator);
    simulator.deny(user_code(&denied)).unwrap();
    let (status, body) = poll(&simulator, &denied);
    assert_eq!((status, code(&body)), (403, "deviceauth_access_denied"));

    let expired = ask_for_code(&simulator);
    simulator.expire_code(user_code(&expired)).unwrap();
    let (status, body) = poll(&simulator, &expired);
    assert_eq!((status, code(&body)), (404, "deviceauth_expired_token"));

    let late = ask_for_code(&simulator);
    simulator.advance(Duration::from_secs(15 * 60));
    assert_eq!(code(&poll(&simulator, &late).1), "deviceauth_expired_token");
    assert_eq!(
        simulator.approve(user_code(&late)),
        Err(DecisionError::Expired)
    );

    let unknown = json!({ "device_auth_id": "deviceauth_0", "user_code": "ABCD-12345" });
    let (status, body) = poll(&simulator, &unknown);
    assert_eq!(
        (status, code(&body)),
        (404, "deviceauth_authorization_unknown")
    );
}

#[test]
fn an_approval_can_be_polled_again_until_its_code_is_exchanged() {
    let simulator = start();
    let (issued, approval) = approved(&simulator);
    assert_eq!(poll(&simulator, &issued), (200, approval.clone()));
    assert_eq!(exchange(&simulator, &approval).0, 200);
    assert_eq!(poll(&simulator, &issued).0, 404);
    let (status, body) = exchange(&simulator, &approval);
    assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")));
}

#[test]
fn an_exchange_must_match_its_code_and_carry_no_state() {
    let simulator = start();
    let (_, approval) = approved(&simulator);
    for (name, value, error) in [
        ("code_verifier", "another", "invalid_grant"),
        (
            "redirect_uri",
            "http://localhost:1455/auth/callback",
            "invalid_grant",
        ),
        ("code", "ac_another", "invalid_grant"),
        ("client_id", "app_other", "invalid_client"),
        ("state", "x", "invalid_request"),
        ("grant_type", "password", "unsupported_grant_type"),
    ] {
        let (status, body) = exchange_with(&simulator, &approval, name, value);
        assert_eq!(
            (status, body["error"].as_str()),
            (400, Some(error)),
            "{name}"
        );
    }
    let as_json = json!({ "grant_type": "authorization_code", "client_id": CLIENT_ID });
    let (status, body) = read(
        post(&simulator, "/oauth/token")
            .json(&as_json)
            .send()
            .unwrap(),
    );
    assert_eq!((status, &body["error"]), (400, &json!("invalid_request")));
    // None of these spent the code.
    assert_eq!(exchange(&simulator, &approval).0, 200);
}

#[test]
fn an_authorization_code_expires() {
    let simulator = start();
    let (_, approval) = approved(&simulator);
    simulator.advance(Duration::from_secs(600));
    assert_eq!(exchange(&simulator, &approval).1["error"], "invalid_grant");
}

#[test]
fn codes_can_approve_themselves_after_a_while() {
    let simulator = Simulator::builder()
        .auto_approve(Duration::from_secs(60))
        .start()
        .unwrap();
    let issued = ask_for_code(&simulator);
    assert_eq!(poll(&simulator, &issued).0, 403);
    simulator.advance(Duration::from_secs(60));
    assert_eq!(poll(&simulator, &issued).0, 200);
}

#[test]
fn every_secret_of_the_flow_is_listed() {
    let simulator = start();
    let (issued, approval) = approved(&simulator);
    let (_, tokens) = exchange(&simulator, &approval);
    let secrets = simulator.secrets();
    for value in [
        &issued["device_auth_id"],
        &approval["authorization_code"],
        &approval["code_verifier"],
        &tokens["id_token"],
        &tokens["access_token"],
        &tokens["refresh_token"],
    ] {
        assert!(
            secrets
                .iter()
                .any(|secret| secret.value == value.as_str().unwrap())
        );
    }
    assert_eq!(secrets.len(), 6);
    sign_in(&simulator);
    assert_eq!(simulator.secrets().len(), 12);
}
