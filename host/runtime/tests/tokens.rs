//! The life of a token: returned, refreshed in time, refused, lost, spent.

mod support;

use std::time::Duration;

use chatgpt_oauth::store::{MemoryStore, StoreKind};
use chatgpt_oauth::types::{AnswerSource, ConnectionState};
use chatgpt_oauth::{ErrorCode, Profile};
use openai_simulator::{Account, Endpoint, Fault, Revocation, Rotation};
use serde_json::json;
use support::{TestEnv, sign_in};

/// How long access tokens last in these tests, in seconds.
const LIFETIME: u64 = 3600;

fn world() -> TestEnv {
    TestEnv::with(|settings| settings.access_token_lifetime(Duration::from_secs(LIFETIME)))
}

async fn signed_in(world: &TestEnv) -> Profile {
    let profile = world.profile();
    sign_in(world, &profile).await;
    profile
}

#[tokio::test]
async fn a_live_token_is_handed_out_as_it_is_with_the_headers_of_a_model_call() {
    let world = world();
    let ada = signed_in(&world).await;
    let authorization = ada.authorize(None).await.unwrap();
    assert_eq!(
        authorization.base_url(),
        "https://chatgpt.com/backend-api/codex"
    );
    assert_eq!(authorization.expires_at(), Some(world.now() + LIFETIME));
    let names: Vec<_> = authorization.headers().map(|(name, _)| name).collect();
    for name in [
        "authorization",
        "chatgpt-account-id",
        "originator",
        "user-agent",
    ] {
        assert!(names.contains(&name), "{name}");
    }
    let again = ada.authorize(None).await.unwrap();
    assert_eq!(again.fingerprint(), authorization.fingerprint());
    assert_eq!(world.presentations(), [0]);
}

#[tokio::test]
async fn the_generation_of_a_login_rises_when_the_login_changes() {
    let world = world();
    let ada = world.profile();
    let new = ada.login_generation();
    sign_in(&world, &ada).await;
    let signed_in = ada.login_generation();
    assert!(signed_in > new);

    ada.status().await.unwrap();
    ada.authorize(None).await.unwrap();
    ada.usage(true).await.unwrap();
    assert_eq!(ada.login_generation(), signed_in);

    world.pass(2 * 60);
    ada.clone().refresh().await.unwrap();
    let refreshed = ada.login_generation();
    assert!(refreshed > signed_in);

    let authorization = ada.authorize(None).await.unwrap();
    world.pass(2 * 60);
    let refused = Some(authorization.fingerprint());
    ada.authorize(refused).await.unwrap();
    let renewed = ada.login_generation();
    assert!(renewed > refreshed);

    ada.logout(false).await.unwrap();
    assert!(ada.login_generation() > renewed);
}

#[tokio::test]
async fn a_token_is_refreshed_before_it_ends() {
    let world = world();
    let ada = signed_in(&world).await;
    let first = ada.authorize(None).await.unwrap();
    // 10 % of an hour is 6 minutes, with a jitter of less than a quarter.
    world.pass(LIFETIME - 8 * 60);
    let same = ada.authorize(None).await.unwrap();
    assert_eq!(same.fingerprint(), first.fingerprint());
    world.pass(3 * 60);
    let second = ada.authorize(None).await.unwrap();
    assert_ne!(second.fingerprint(), first.fingerprint());
    assert_eq!(second.expires_at(), Some(world.now() + LIFETIME));
    assert_eq!(world.presentations(), [1, 0]);
}

/// Faults: N25
#[tokio::test]
async fn a_failed_early_refresh_returns_the_token_that_still_lives() {
    let world = world();
    let ada = signed_in(&world).await;
    let first = ada.authorize(None).await.unwrap();
    world.pass(LIFETIME - 4 * 60);
    world.simulator.fault(
        Endpoint::Token,
        Fault::openai_error(503, "server_is_overloaded", "later"),
    );
    let same = ada.authorize(None).await.unwrap();
    assert_eq!(same.fingerprint(), first.fingerprint());
    assert_eq!(world.presentations(), [1]);
    // No request is sent until the pause is over.
    ada.authorize(None).await.unwrap();
    assert_eq!(world.presentations(), [1]);
    world.pass(31);
    let second = ada.authorize(None).await.unwrap();
    assert_ne!(second.fingerprint(), first.fingerprint());
    assert_eq!(world.presentations(), [2, 0]);
}

/// Faults: N33
#[tokio::test]
async fn a_token_that_the_backend_refused_is_refreshed_once() {
    let world = world();
    let ada = signed_in(&world).await;
    world.pass(120);
    let first = ada.authorize(None).await.unwrap();
    let second = ada.authorize(Some(first.fingerprint())).await.unwrap();
    assert_ne!(second.fingerprint(), first.fingerprint());
    assert_eq!(world.presentations(), [1, 0]);
    // A later call with the old fingerprint gets the new token.
    let late = ada.authorize(Some(first.fingerprint())).await.unwrap();
    assert_eq!(late.fingerprint(), second.fingerprint());
    // A new token that is refused at once is the backend's fault.
    let error = ada.authorize(Some(second.fingerprint())).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::RejectedByBackend);
    assert_eq!(world.presentations(), [1, 0]);
}

#[tokio::test]
async fn a_401_of_the_backend_costs_one_refresh_and_never_the_login() {
    let world = world();
    let ada = signed_in(&world).await;
    world.pass(400);
    let unauthorized = || Fault::openai_error(401, "token_expired", "expired");
    world.simulator.fault(Endpoint::Models, unauthorized());
    let list = ada.models(false).await.unwrap();
    assert_eq!(list.source, AnswerSource::Api);
    assert_eq!(world.presentations(), [1, 0]);

    world.pass(400);
    world
        .simulator
        .fault_always(Endpoint::Usage, unauthorized());
    let error = ada.usage(true).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::RejectedByBackend);
    let status = ada.status().await.unwrap();
    assert_eq!(status.state, ConnectionState::Connected);
}

#[tokio::test]
async fn the_person_gets_a_new_token_at_most_once_a_minute() {
    let world = world();
    let ada = signed_in(&world).await;
    ada.refresh().await.unwrap();
    assert_eq!(world.presentations(), [0]);
    world.pass(60);
    let refreshed = ada.refresh().await.unwrap();
    assert_eq!(refreshed.expires_in_seconds, Some(LIFETIME));
    ada.refresh().await.unwrap();
    assert_eq!(world.presentations(), [1, 0]);
}

/// Faults: N08
#[tokio::test]
async fn after_a_lost_answer_nothing_is_presented_again_while_the_token_lives() {
    let world = world();
    let ada = signed_in(&world).await;
    world.pass(LIFETIME - 4 * 60);
    world
        .simulator
        .fault(Endpoint::Token, Fault::silence().after_processing());
    ada.authorize(None).await.unwrap();
    assert_eq!(
        ada.status().await.unwrap().state,
        ConnectionState::Uncertain
    );
    world.pass(150);
    ada.authorize(None).await.unwrap();
    let refused = ada.refresh().await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::RefreshUncertain);
    assert!(refused.retryable);
    assert_eq!(world.presentations(), [1, 0]);
}

#[tokio::test]
async fn a_probe_after_the_delay_recovers_a_login_that_the_service_still_takes() {
    let world = TestEnv::with(|settings| {
        settings
            .access_token_lifetime(Duration::from_secs(LIFETIME))
            .rotation("grace:86400".parse::<Rotation>().unwrap())
    });
    let ada = signed_in(&world).await;
    world.pass(LIFETIME);
    world
        .simulator
        .fault(Endpoint::Token, Fault::silence().after_processing());
    let lost = ada.authorize(None).await.unwrap_err();
    assert_eq!(lost.code, ErrorCode::RefreshUncertain);
    assert_eq!(lost.retry_after_seconds, Some(120));
    world.pass(119);
    ada.authorize(None).await.unwrap_err();
    assert_eq!(world.presentations().iter().sum::<usize>(), 1);
    world.pass(1);
    ada.authorize(None).await.unwrap();
    assert_eq!(
        ada.status().await.unwrap().state,
        ConnectionState::Connected
    );
}

#[tokio::test]
async fn where_the_service_forgives_nothing_the_probe_ends_the_login() {
    let world = world();
    let ada = signed_in(&world).await;
    world.pass(LIFETIME);
    world
        .simulator
        .fault(Endpoint::Token, Fault::silence().after_processing());
    ada.authorize(None).await.unwrap_err();
    world.pass(120);
    let error = ada.authorize(None).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NeedsLogin);
    assert!(error.relogin_required);
    let status = ada.status().await.unwrap();
    assert_eq!(status.state, ConnectionState::NeedsLogin);
    assert!(!status.connected);
    // A new login recovers the connection.
    sign_in(&world, &ada).await;
    ada.authorize(None).await.unwrap();
}

/// All answers of a failing token endpoint, and of a gateway in front of it.
fn faults() -> Vec<Fault> {
    vec![
        Fault::status(500),
        Fault::status(502),
        Fault::html(504, "<html>gateway timeout</html>"),
        Fault::status(503),
        Fault::openai_error(503, "server_is_overloaded", "later"),
        Fault::cloudflare_challenge(),
        Fault::captive_portal(),
        Fault::region_blocked(),
        Fault::too_many_requests(Some("86400")),
        Fault::redirect("https://status.example.org/"),
        Fault::status(404),
        Fault::json(200, json!({})),
        Fault::truncated_json(),
        Fault::silence(),
        Fault::silence().reset(),
    ]
}

/// Faults: F4
#[tokio::test]
async fn a_service_that_only_refuses_ends_the_login_after_a_day_with_its_code() {
    let world = world();
    let ada = signed_in(&world).await;
    world.pass(LIFETIME);
    world
        .simulator
        .fault_always(Endpoint::Token, Fault::openai_error(401, "brand_new", "no"));
    for hour in 0..26 {
        let error = ada.authorize(None).await.unwrap_err();
        assert_eq!(
            error.service_code.as_deref(),
            Some("brand_new"),
            "{error:?}"
        );
        let status = ada.status().await.unwrap();
        assert!(!status.connected, "{hour}: {:?}", status.state);
        world.pass(3600);
    }
    let error = ada.authorize(None).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NeedsLogin);
    assert!(
        error.message.contains("(401 brand_new)"),
        "{}",
        error.message
    );
    // A refresh on the person's request is still tried, and recovers the login.
    world.simulator.clear_faults();
    ada.refresh().await.unwrap();
    assert!(ada.status().await.unwrap().connected);
}

/// Half a day of failures with occasional calls. No answer requires a login.
async fn endure(world: &TestEnv, ada: &Profile, fault: Fault) {
    world.simulator.fault_always(Endpoint::Token, fault);
    for seconds in [1, 30, 90, 120, 600, 3600, 14_400, 24_400] {
        world.pass(seconds);
        match ada.authorize(None).await {
            Ok(authorization) => assert!(authorization.expires_at() > Some(world.now())),
            Err(error) => assert!(error.retryable && !error.relogin_required, "{error:?}"),
        }
        let status = ada.status().await.unwrap();
        assert!(status.connected, "{:?}", status.state);
    }
}

/// Faults: N08 N20 N24 N25
#[tokio::test]
async fn an_outage_of_weeks_ends_no_login_whatever_is_answered() {
    // The outage begins before the token expires, and after it.
    for moment in [LIFETIME - 4 * 60, LIFETIME] {
        let world = world();
        let ada = signed_in(&world).await;
        world.pass(moment);
        for _ in 0..3 {
            for fault in faults() {
                endure(&world, &ada, fault).await;
            }
        }
        assert!(world.now() > support::BEGINNING + 21 * 86_400);
        // One token all the time, and the service has never processed it.
        assert_eq!(world.presentations().len(), 1);

        world.simulator.clear_faults();
        world.pass(3600);
        ada.authorize(None).await.unwrap();
        let status = ada.status().await.unwrap();
        assert_eq!(status.state, ConnectionState::Connected);
        assert_eq!(world.presentations().len(), 2);
    }
}

/// Faults: P23
#[tokio::test]
async fn a_session_that_was_ended_elsewhere_needs_a_new_login() {
    let world = world();
    let ada = signed_in(&world).await;
    world.pass(100);
    world.simulator.revoke_all(Revocation::Logout);
    let error = ada.usage(true).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NeedsLogin);
}

/// Faults: P20
#[tokio::test]
async fn the_tokens_of_another_account_are_dropped() {
    let world = world();
    let ada = signed_in(&world).await;
    world.pass(100);
    let other = Account {
        account_id: "another-account".into(),
        ..Account::default()
    };
    let tokens = world.simulator.issue_tokens(&other);
    world
        .simulator
        .fault(Endpoint::Token, Fault::json(200, tokens));
    let error = ada.refresh().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::AccountMismatch);
    assert_eq!(
        ada.status().await.unwrap().account_id,
        Some(Account::default().account_id)
    );
}

/// Faults: P30
#[tokio::test]
async fn a_service_whose_clock_is_off_is_believed_about_its_own_tokens() {
    let world = world();
    world.simulator.skew_date(-7200);
    let ada = signed_in(&world).await;
    // By the service's Date the token expires in three hours.
    let status = ada.status().await.unwrap();
    assert_eq!(status.expires_in_seconds, Some(LIFETIME + 7200));
}

#[tokio::test]
async fn models_are_cached_for_five_minutes_and_forced_every_ten_seconds() {
    let world = world();
    let ada = signed_in(&world).await;
    let ask = async |force| ada.models(force).await.unwrap().source;
    assert_eq!(ask(false).await, AnswerSource::Cache);
    assert_eq!(ask(true).await, AnswerSource::Cache);
    world.pass(10);
    assert_eq!(ask(false).await, AnswerSource::Cache);
    assert_eq!(ask(true).await, AnswerSource::Api);
    world.pass(300);
    assert_eq!(ask(false).await, AnswerSource::Api);
}

/// Faults: P26
#[tokio::test]
async fn models_are_the_listed_ones_in_the_services_order() {
    let world = world();
    let ada = signed_in(&world).await;
    world.pass(10);
    let entry = |slug: &str, visibility: &str, priority: i64| json!({"slug": slug, "visibility": visibility, "priority": priority});
    let answer = json!({"models": [
        entry("second", "list", 2), entry("secret", "hide", 0), 7, {"priority": 1},
        entry("first", "list", 1), entry("none", "none", 0),
    ]});
    world
        .simulator
        .fault(Endpoint::Models, Fault::json(200, answer));
    let list = ada.models(true).await.unwrap();
    assert_eq!(
        list.available_models,
        ["openai-codex/first", "openai-codex/second"]
    );
    assert_eq!(list.default_model_id.as_deref(), Some("openai-codex/first"));
}

/// Faults: P26
#[tokio::test]
async fn an_empty_list_of_models_is_asked_for_again_as_a_recent_client() {
    let world = world();
    let ada = signed_in(&world).await;
    world.pass(10);
    world
        .simulator
        .fault(Endpoint::Models, Fault::json(200, json!({"models": []})));
    let list = ada.models(true).await.unwrap();
    assert!(list.count > 0);
    let requests = world.simulator.requests_to(Endpoint::Models);
    let last = &requests.last().unwrap().target;
    assert!(!last.ends_with("client_version=0.0.0"), "{last}");
}

/// Faults: P25 P27
#[tokio::test]
async fn usage_names_windows_by_their_length_and_knows_the_plan() {
    let world = world();
    let ada = signed_in(&world).await;
    world.simulator.update_account(0, |account| {
        account.plan_type = "free".into();
    });
    world.pass(60);
    let usage = ada.usage(false).await.unwrap();
    assert_eq!(usage.plan.as_deref(), Some("free"));
    let names: Vec<_> = usage.windows.iter().map(|window| &*window.name).collect();
    assert_eq!(names, ["weekly"]);
    assert_eq!(ada.status().await.unwrap().plan.as_deref(), Some("free"));

    world.pass(60);
    let nulls = json!({"plan_type": null, "rate_limit": null, "credits": null});
    world
        .simulator
        .fault(Endpoint::Usage, Fault::json(200, nulls));
    let usage = ada.usage(false).await.unwrap();
    assert_eq!(
        (usage.plan, usage.credits, usage.limit_reached),
        (None, None, None)
    );
    assert_eq!(usage.windows, []);
}

#[tokio::test]
async fn profiles_of_one_store_know_nothing_of_one_another() {
    let world = world();
    let host = world.host(MemoryStore::of_kind(StoreKind::Test));
    let ada = host.profile("ada".parse().unwrap());
    let bob = host.profile("bob".parse().unwrap());
    sign_in(&world, &ada).await;
    let status = bob.status().await.unwrap();
    assert_eq!(status.state, ConnectionState::NotConnected);
    bob.logout(true).await.unwrap();
    ada.authorize(None).await.unwrap();
}
