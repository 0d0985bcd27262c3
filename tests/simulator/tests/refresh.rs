//! Refresh tokens: rotation, reuse, revocation, and the count of presentations.

mod client;

use std::time::Duration;

use client::{code, post, read, refresh, sign_in, start, usage};
use openai_simulator::{
    CLIENT_ID, Endpoint, Fault, Outcome, Revocation, RevocationScope, Rotation, Simulator,
};
use serde_json::{Value, json};

fn with_rotation(rotation: Rotation) -> (Simulator, Value) {
    let simulator = Simulator::builder().rotation(rotation).start().unwrap();
    let tokens = sign_in(&simulator);
    (simulator, tokens)
}

fn outcomes(simulator: &Simulator) -> Vec<Vec<Outcome>> {
    let of_token = |token: openai_simulator::Presentations| {
        token
            .presentations
            .iter()
            .map(|presentation| presentation.outcome)
            .collect()
    };
    simulator
        .presentations()
        .into_iter()
        .map(of_token)
        .collect()
}

fn revoke(simulator: &Simulator, token: &Value) -> (u16, Value) {
    let body =
        json!({ "token": token, "token_type_hint": "refresh_token", "client_id": CLIENT_ID });
    read(post(simulator, "/oauth/revoke").json(&body).send().unwrap())
}

#[test]
fn each_refresh_gives_a_new_pair_in_json_and_as_a_form() {
    let simulator = start();
    let first = sign_in(&simulator);
    let (status, second) = refresh(&simulator, &first["refresh_token"]);
    assert_eq!(status, 200);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_ne!(first["access_token"], second["access_token"]);
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", CLIENT_ID),
        ("refresh_token", second["refresh_token"].as_str().unwrap()),
    ];
    let (status, third) = read(post(&simulator, "/oauth/token").form(&form).send().unwrap());
    assert_eq!(status, 200);
    // An older access token works until it expires.
    for tokens in [&first, &second, &third] {
        assert_eq!(usage(&simulator, &tokens["access_token"]).0, 200);
    }
    assert_eq!(
        outcomes(&simulator),
        [vec![Outcome::Rotated], vec![Outcome::Rotated], vec![]]
    );
    let generations: Vec<_> = simulator
        .presentations()
        .iter()
        .map(|token| token.generation)
        .collect();
    assert_eq!(generations, [0, 1, 2]);
}

#[test]
fn presenting_a_used_token_ends_the_whole_family() {
    let (simulator, first) = with_rotation(Rotation::Strict);
    let (_, second) = refresh(&simulator, &first["refresh_token"]);
    let (status, body) = refresh(&simulator, &first["refresh_token"]);
    assert_eq!((status, code(&body)), (401, "refresh_token_reused"));
    let (status, body) = refresh(&simulator, &second["refresh_token"]);
    assert_eq!((status, code(&body)), (401, "refresh_token_invalidated"));
    let (status, body) = usage(&simulator, &second["access_token"]);
    assert_eq!((status, code(&body)), (401, "token_revoked"));
    assert_eq!(
        outcomes(&simulator),
        [
            vec![Outcome::Rotated, Outcome::Reused],
            vec![Outcome::Revoked]
        ]
    );
    // Another sign-in is another family.
    let other = sign_in(&simulator);
    assert_eq!(refresh(&simulator, &other["refresh_token"]).0, 200);
}

#[test]
fn grace_forgives_until_the_successor_has_been_presented() {
    let (simulator, first) = with_rotation(Rotation::Grace { within: None });
    let (_, lost) = refresh(&simulator, &first["refresh_token"]);
    let (status, second) = refresh(&simulator, &first["refresh_token"]);
    assert_eq!(status, 200);
    assert_ne!(lost["refresh_token"], second["refresh_token"]);
    assert_eq!(refresh(&simulator, &second["refresh_token"]).0, 200);
    let (_, body) = refresh(&simulator, &first["refresh_token"]);
    assert_eq!(code(&body), "refresh_token_reused");
    let first = &outcomes(&simulator)[0];
    assert_eq!(
        first,
        &[Outcome::Rotated, Outcome::Forgiven, Outcome::Reused]
    );
}

#[test]
fn a_successor_that_was_replaced_in_grace_is_used_up() {
    let (simulator, first) = with_rotation(Rotation::Grace { within: None });
    let (_, replaced) = refresh(&simulator, &first["refresh_token"]);
    refresh(&simulator, &first["refresh_token"]);
    let (_, body) = refresh(&simulator, &replaced["refresh_token"]);
    assert_eq!(code(&body), "refresh_token_reused");
}

#[test]
fn grace_can_be_limited_in_time() {
    let (simulator, first) = with_rotation(Rotation::Grace {
        within: Some(Duration::from_secs(30)),
    });
    refresh(&simulator, &first["refresh_token"]);
    simulator.advance(Duration::from_secs(31));
    let (_, body) = refresh(&simulator, &first["refresh_token"]);
    assert_eq!(code(&body), "refresh_token_reused");
}

#[test]
fn a_server_may_keep_the_token_or_omit_the_access_token() {
    let (simulator, first) = with_rotation(Rotation::KeepsToken);
    for _ in 0..2 {
        let (status, answer) = refresh(&simulator, &first["refresh_token"]);
        assert_eq!((status, answer.get("refresh_token")), (200, None));
    }
    simulator.set_rotation(Rotation::OmitsAccessToken);
    let (status, answer) = refresh(&simulator, &first["refresh_token"]);
    assert_eq!((status, answer.get("access_token")), (200, None));
    assert_eq!(refresh(&simulator, &answer["refresh_token"]).0, 200);
    assert_eq!(
        outcomes(&simulator)[0],
        [Outcome::Kept, Outcome::Kept, Outcome::Rotated]
    );
}

#[test]
fn a_refresh_token_can_expire() {
    let lifetime = Duration::from_secs(3600);
    let simulator = Simulator::builder()
        .refresh_token_lifetime(lifetime)
        .start()
        .unwrap();
    let tokens = sign_in(&simulator);
    simulator.advance(lifetime);
    let (status, body) = refresh(&simulator, &tokens["refresh_token"]);
    assert_eq!((status, code(&body)), (401, "refresh_token_expired"));
}

#[test]
fn unknown_empty_and_missing_tokens_are_refused_like_live() {
    let simulator = start();
    let (status, body) = refresh(&simulator, &json!("rt_unknown"));
    assert_eq!((status, code(&body)), (401, "token_expired"));
    let (status, body) = refresh(&simulator, &json!(""));
    assert_eq!(status, 400);
    assert!(
        body["error"]["message"]
            .as_str()
            .unwrap()
            .starts_with("Invalid 'refresh_token': empty string")
    );
    let without = json!({ "client_id": CLIENT_ID, "grant_type": "refresh_token" });
    assert_eq!(
        read(
            post(&simulator, "/oauth/token")
                .json(&without)
                .send()
                .unwrap()
        )
        .0,
        400
    );
}

#[test]
fn a_parameter_given_twice_makes_the_request_invalid() {
    let simulator = start();
    let form = [
        ("client_id", CLIENT_ID),
        ("client_id", CLIENT_ID),
        ("grant_type", "refresh_token"),
    ];
    let (status, body) = read(post(&simulator, "/oauth/token").form(&form).send().unwrap());
    assert_eq!((status, &body["error"]), (400, &json!("invalid_request")));
}

#[test]
fn a_presentation_that_a_fault_intercepts_counts_as_unprocessed() {
    let simulator = start();
    let tokens = sign_in(&simulator);
    simulator.fault(Endpoint::Token, Fault::status(503));
    assert_eq!(refresh(&simulator, &tokens["refresh_token"]).0, 503);
    assert_eq!(refresh(&simulator, &tokens["refresh_token"]).0, 200);
    assert_eq!(
        outcomes(&simulator)[0],
        [Outcome::Unprocessed, Outcome::Rotated]
    );
    // Each presentation names its request in the log.
    let presented = &simulator.presentations()[0].presentations;
    let logged = simulator.requests_to(Endpoint::Token);
    assert_eq!(presented[1].request, logged.last().unwrap().sequence);
}

#[test]
fn revoking_a_token_ends_its_family_and_an_unknown_one_is_no_error() {
    let simulator = start();
    let (tokens, other) = (sign_in(&simulator), sign_in(&simulator));
    assert_eq!(
        revoke(&simulator, &tokens["refresh_token"]),
        (200, json!({ "message": "success" }))
    );
    assert_eq!(
        code(&usage(&simulator, &tokens["access_token"]).1),
        "token_revoked"
    );
    assert_eq!(
        code(&refresh(&simulator, &tokens["refresh_token"]).1),
        "refresh_token_invalidated"
    );
    assert_eq!(usage(&simulator, &other["access_token"]).0, 200);
    assert_eq!(revoke(&simulator, &json!("rt_unknown")).0, 200);

    let without_client =
        json!({ "token": other["access_token"], "token_type_hint": "access_token" });
    assert_eq!(
        read(
            post(&simulator, "/oauth/revoke")
                .json(&without_client)
                .send()
                .unwrap()
        )
        .0,
        200
    );
    assert_eq!(usage(&simulator, &other["access_token"]).0, 401);
}

#[test]
fn a_revocation_may_end_the_sessions_of_the_person_on_other_machines() {
    let simulator = Simulator::builder()
        .revocation_scope(RevocationScope::User)
        .start()
        .unwrap();
    let (here, there) = (sign_in(&simulator), sign_in(&simulator));
    revoke(&simulator, &here["refresh_token"]);
    assert_eq!(
        code(&usage(&simulator, &there["access_token"]).1),
        "token_revoked"
    );
}

#[test]
fn an_operator_can_end_one_sign_in_or_all() {
    let simulator = start();
    let (first, second) = (sign_in(&simulator), sign_in(&simulator));
    simulator.revoke_family(0, Revocation::Invalidated);
    assert_eq!(
        code(&usage(&simulator, &first["access_token"]).1),
        "token_invalidated"
    );
    assert_eq!(usage(&simulator, &second["access_token"]).0, 200);
    simulator.revoke_all(Revocation::Logout);
    assert_eq!(
        code(&usage(&simulator, &second["access_token"]).1),
        "token_revoked"
    );
}
