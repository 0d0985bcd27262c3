//! The whole login: the embedded component in its sandbox, over TLS, against the simulator.

mod support;

use chatgpt_oauth::types::{ConnectionState, LoginStatus, LogoutStatus};
use chatgpt_oauth::{ErrorCode, Profile};
use openai_simulator::{Account, Endpoint, Fault};
use support::{TestEnv, sign_in};

#[track_caller]
fn count(world: &TestEnv, endpoint: Endpoint) -> usize {
    world.simulator.requests_to(endpoint).len()
}

#[tokio::test]
async fn a_person_signs_in_and_gets_account_plan_models_and_usage() {
    let world = TestEnv::new();
    let ada = world.profile();

    let prompt = ada.start().await.unwrap();
    assert_eq!(
        prompt.pending.verification_url,
        "https://auth.openai.com/codex/device"
    );
    assert!(prompt.instructions.contains(&prompt.pending.user_code));
    assert_eq!(prompt.pending.expires_in_seconds, 900);
    assert_eq!(ada.status().await.unwrap().state, ConnectionState::Pending);

    world.simulator.approve(&prompt.pending.user_code).unwrap();
    let progress = ada.poll(Some(&prompt.pending.pending_id)).await.unwrap();
    assert_eq!(progress.status, LoginStatus::Connected);
    assert_eq!(progress.email.as_deref(), Some("ada@example.com"));
    assert_eq!(progress.plan.as_deref(), Some("plus"));
    let models = progress.available_models.unwrap();
    assert_eq!(progress.default_model_id.as_ref(), models.first());
    assert!(models.iter().all(|id| id.starts_with("openai-codex/")));
    let windows: Vec<_> = progress.usage.unwrap().windows;
    let names: Vec<_> = windows.iter().map(|window| window.name.as_str()).collect();
    assert_eq!(names, ["5 hours", "weekly"]);

    let status = ada.status().await.unwrap();
    assert_eq!(status.state, ConnectionState::Connected);
    assert_eq!(status.expires_in_seconds, Some(864_000));
    assert_eq!(status.available_models, Some(models));
    assert_eq!(status.pending, None);
}

#[tokio::test]
async fn the_wire_is_that_of_the_device_flow_and_says_who_we_are() {
    let world = TestEnv::new();
    sign_in(&world, &world.profile()).await;

    let requests = world.simulator.requests();
    let lines: Vec<_> = requests
        .iter()
        .map(|request| format!("{} {}{}", request.method, request.host(), request.target))
        .collect();
    assert_eq!(
        lines,
        [
            "POST auth.openai.com/api/accounts/deviceauth/usercode",
            "POST auth.openai.com/api/accounts/deviceauth/token",
            "POST auth.openai.com/oauth/token",
            "GET chatgpt.com/backend-api/codex/models?client_version=0.0.0",
            "GET chatgpt.com/backend-api/wham/usage",
        ]
    );
    for request in &requests {
        let agent = request.header("user-agent").unwrap_or_default();
        assert!(agent.starts_with("chatgpt-oauth/"), "{agent}");
        assert_eq!(request.header("originator"), Some("chatgpt-oauth"));
        assert_eq!(request.header("accept-encoding"), Some("identity"));
        assert_eq!(request.header("version"), None);
    }
    let account = Account::default().account_id;
    for request in &requests[3..] {
        assert_eq!(request.header("chatgpt-account-id"), Some(&*account));
    }
}

/// Faults: P03 M26
#[tokio::test]
async fn a_code_is_shown_again_until_two_minutes_before_it_expires() {
    let world = TestEnv::new();
    let ada = world.profile();
    let first = ada.start().await.unwrap().pending.user_code;
    world.pass(700);
    assert_eq!(ada.start().await.unwrap().pending.user_code, first);
    assert_eq!(count(&world, Endpoint::UserCode), 1);

    world.pass(100);
    let second = ada.start().await.unwrap();
    assert_eq!(second.replaced_user_code, Some(first.clone()));
    assert!(second.instructions.contains(&first));
    let old = ada.poll(Some(&first)).await.unwrap_err();
    assert_eq!(old.code, ErrorCode::LoginSuperseded);
}

/// Faults: P05
#[tokio::test]
async fn a_poll_asks_once_and_a_poll_too_early_does_not_ask() {
    let world = TestEnv::with(|settings| settings.interval(5));
    let ada = world.profile();
    ada.start().await.unwrap();
    for _ in 0..3 {
        let progress = ada.poll(None).await.unwrap();
        assert_eq!(progress.status, LoginStatus::Pending);
        assert_eq!(progress.retry_after_seconds, Some(5));
    }
    assert_eq!(count(&world, Endpoint::DevicePoll), 1);
    world.pass(5);
    ada.poll(None).await.unwrap();
    assert_eq!(count(&world, Endpoint::DevicePoll), 2);
}

#[tokio::test]
async fn who_is_asked_to_slow_down_asks_five_seconds_later() {
    let world = TestEnv::with(|settings| settings.interval(5));
    let ada = world.profile();
    ada.start().await.unwrap();
    world
        .simulator
        .fault(Endpoint::DevicePoll, Fault::slow_down());
    let progress = ada.poll(None).await.unwrap();
    assert_eq!(progress.pending.unwrap().interval_seconds, 10);
    assert_eq!(progress.retry_after_seconds, Some(10));
}

/// Faults: P01 P02
#[tokio::test]
async fn a_declined_and_a_forgotten_code_end_the_login() {
    let world = TestEnv::new();
    let ada = world.profile();
    let code = ada.start().await.unwrap().pending.user_code;
    world.simulator.deny(&code).unwrap();
    let declined = ada.poll(None).await.unwrap_err();
    assert_eq!(declined.code, ErrorCode::LoginDenied);

    ada.start().await.unwrap();
    world.pass(901);
    let forgotten = ada.poll(None).await.unwrap_err();
    assert_eq!(forgotten.code, ErrorCode::LoginExpired);
    assert!(forgotten.hint.contains("device codes"));
    let nothing = ada.poll(None).await.unwrap_err();
    assert_eq!(nothing.code, ErrorCode::NoPendingLogin);
}

/// Faults: N11 N15 N16 N29 P09
#[tokio::test]
async fn each_failure_to_get_a_code_has_its_own_error() {
    let faults = [
        (Fault::device_login_disabled(), ErrorCode::CodexNotEnabled),
        (Fault::cloudflare_challenge(), ErrorCode::UpstreamBlocked),
        (Fault::region_blocked(), ErrorCode::RegionUnsupported),
        (
            Fault::too_many_requests(Some("120")),
            ErrorCode::RateLimited,
        ),
        (Fault::status(500), ErrorCode::UpstreamError),
        (Fault::captive_portal(), ErrorCode::UpstreamBlocked),
        (Fault::truncated_json(), ErrorCode::UnexpectedAnswer),
        (
            Fault::redirect("http://169.254.169.254/"),
            ErrorCode::UnexpectedAnswer,
        ),
        (Fault::silence(), ErrorCode::Network),
    ];
    for (fault, code) in faults {
        let world = TestEnv::new();
        world.simulator.fault(Endpoint::UserCode, fault);
        let error = world.profile().start().await.unwrap_err();
        assert_eq!(error.code, code, "{error:?}");
        if code == ErrorCode::RateLimited {
            assert_eq!(error.retry_after_seconds, Some(120));
        }
        assert_eq!(count(&world, Endpoint::UserCode), 1, "{code:?}");
    }
}

/// Faults: N16
#[tokio::test]
async fn a_challenge_while_polling_is_neither_pending_nor_the_end_of_the_login() {
    let world = TestEnv::new();
    let ada = world.profile();
    let code = ada.start().await.unwrap().pending.user_code;
    world.simulator.approve(&code).unwrap();
    world
        .simulator
        .fault(Endpoint::DevicePoll, Fault::cloudflare_challenge());
    let blocked = ada.poll(None).await.unwrap_err();
    assert_eq!(blocked.code, ErrorCode::UpstreamBlocked);
    world.pass(1);
    let progress = ada.poll(None).await.unwrap();
    assert_eq!(progress.status, LoginStatus::Connected);
}

/// Faults: P08
#[tokio::test]
async fn an_exchange_whose_answer_is_lost_is_tried_once_more_and_no_more() {
    let world = TestEnv::new();
    let ada = world.profile();
    let code = ada.start().await.unwrap().pending.user_code;
    world.simulator.approve(&code).unwrap();
    world.simulator.fault(Endpoint::Token, Fault::silence());
    let lost = ada.poll(None).await.unwrap_err();
    assert_eq!(lost.code, ErrorCode::Network);
    world.pass(1);
    let progress = ada.poll(None).await.unwrap();
    assert_eq!(progress.status, LoginStatus::Connected);
    assert_eq!(count(&world, Endpoint::DevicePoll), 1);

    let world = TestEnv::new();
    let ada = world.profile();
    let code = ada.start().await.unwrap().pending.user_code;
    world.simulator.approve(&code).unwrap();
    world
        .simulator
        .fault_always(Endpoint::Token, Fault::silence());
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(ada.poll(None).await.unwrap_err().code);
        world.pass(1);
    }
    assert_eq!(
        codes,
        [
            ErrorCode::Network,
            ErrorCode::LoginExchangeFailed,
            ErrorCode::NoPendingLogin
        ]
    );
    assert_eq!(count(&world, Endpoint::Token), 2);
}

/// Faults: P25
#[tokio::test]
async fn a_login_stands_even_if_models_and_usage_fail() {
    let world = TestEnv::new();
    world
        .simulator
        .fault_always(Endpoint::Models, Fault::status(500));
    world
        .simulator
        .fault_always(Endpoint::Usage, Fault::cloudflare_challenge());
    let progress = sign_in(&world, &world.profile()).await;
    assert_eq!(progress.models_count, None);
    assert_eq!(progress.usage, None);
    // Then the plan comes from the token.
    assert_eq!(progress.plan.as_deref(), Some("plus"));
}

/// Faults: P15
#[tokio::test]
async fn a_token_without_an_account_brings_no_organization_in_its_place() {
    let without_account = Account {
        account_id: String::new(),
        ..Account::default()
    };
    let world = TestEnv::with(|settings| settings.account(without_account));
    let progress = sign_in(&world, &world.profile()).await;
    assert_eq!(progress.account_id, None);
    let usage = &world.simulator.requests_to(Endpoint::Usage)[0];
    assert_eq!(usage.header("chatgpt-account-id"), None);
}

#[tokio::test]
async fn a_fedramp_account_is_named_as_one() {
    let federal = Account {
        fedramp: true,
        ..Account::default()
    };
    let world = TestEnv::with(|settings| settings.account(federal));
    sign_in(&world, &world.profile()).await;
    let usage = &world.simulator.requests_to(Endpoint::Usage)[0];
    assert_eq!(usage.header("x-openai-fedramp"), Some("true"));
}

/// Faults: P21
#[tokio::test]
async fn another_account_than_before_is_said_plainly() {
    let grace = Account {
        email: "grace@example.com".into(),
        account_id: "another".into(),
        user_id: "user-grace".into(),
        ..Account::default()
    };
    let world = TestEnv::with(|settings| settings.account(Account::default()).account(grace));
    let profile = world.profile();
    let first = sign_in(&world, &profile).await;
    assert!(!first.next_step.contains("another account"));
    let code = profile.start().await.unwrap().pending.user_code;
    world.simulator.approve_as(&code, 1).unwrap();
    let second = profile.poll(None).await.unwrap();
    assert_eq!(second.email.as_deref(), Some("grace@example.com"));
    assert!(second.next_step.contains("another account"));
}

/// Faults: N34 P33
#[tokio::test]
async fn a_logout_sends_no_request_unless_it_is_asked_to() {
    let world = TestEnv::new();
    let ada = world.profile();
    sign_in(&world, &ada).await;
    let quiet = ada.logout(false).await.unwrap();
    assert_eq!(quiet.status, LogoutStatus::Disconnected);
    assert_eq!((quiet.removed, quiet.revoked), (true, false));
    assert_eq!(count(&world, Endpoint::Revoke), 0);
    assert_nothing_left(&ada).await;

    sign_in(&world, &ada).await;
    let loud = ada.logout(true).await.unwrap();
    assert_eq!((loud.removed, loud.revoked), (true, true));
    assert_eq!(count(&world, Endpoint::Revoke), 1);
    assert_nothing_left(&ada).await;

    sign_in(&world, &ada).await;
    world.simulator.fault(Endpoint::Revoke, Fault::status(500));
    let unheard = ada.logout(true).await.unwrap();
    assert_eq!((unheard.removed, unheard.revoked), (true, false));
    assert_nothing_left(&ada).await;

    let again = ada.logout(true).await.unwrap();
    assert_eq!(again.status, LogoutStatus::NotConnected);
}

async fn assert_nothing_left(profile: &Profile) {
    let status = profile.status().await.unwrap();
    assert_eq!(status.state, ConnectionState::NotConnected);
    assert_eq!(status.available_models, None);
    let error = profile.authorize(None).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotConnected);
}

#[tokio::test]
async fn without_a_simulator_a_test_store_reaches_no_host() {
    let world = TestEnv::new();
    let store = chatgpt_oauth::store::MemoryStore::of_kind(chatgpt_oauth::store::StoreKind::Test);
    let host = chatgpt_oauth::Host::builder(store).build().unwrap();
    let profile = host.profile("ada".parse().unwrap());
    let error = profile.start().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::EgressDenied);
    assert_eq!(world.simulator.requests().len(), 0);
}
