//! When the component is called for the headers of a model call, and when it is not.

mod support;

use std::time::Duration;

use openai_simulator::{Account, Endpoint, Fault, Revocation, Script};
use support::{TestEnv, finish, prompt, request};

fn refused() -> Fault {
    Fault::openai_error(401, "token_invalidated", "Your token has been invalidated.")
}

/// The access tokens that the backend got, as numbers in the order of their first use.
fn tokens(world: &TestEnv) -> Vec<usize> {
    let mut known = Vec::new();
    let calls = world.calls();
    let tokens = calls
        .iter()
        .map(|call| call.header("authorization").unwrap());
    tokens
        .map(|token| {
            known.iter().position(|it| it == token).unwrap_or_else(|| {
                known.push(token.to_owned());
                known.len() - 1
            })
        })
        .collect()
}

/// Faults: G01
#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_call_repeated() {
    let world = TestEnv::signed_in().await;
    world.post(&prompt(false)).await;
    world.pass_minutes(5);
    world.simulator.fault(Endpoint::Responses, refused());

    let answer = world.post(&prompt(true)).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(tokens(&world), [0, 0, 1]);
    let calls = world.calls();
    assert_eq!(calls[1].body, calls[2].body);
    assert_eq!(world.refreshes(), 1);
}

/// Faults: G01
#[tokio::test]
async fn a_new_token_that_is_refused_too_ends_the_call() {
    let world = TestEnv::signed_in().await;
    world.pass_minutes(5);
    world.simulator.fault(Endpoint::Responses, refused());
    world.simulator.fault(Endpoint::Responses, refused());
    let answer = world.post(&prompt(true)).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.code(), "rejected_by_backend");
    assert!(answer.header("retry-after").is_some());
    assert_eq!(world.calls().len(), 2);
    assert_eq!(world.refreshes(), 1);
}

/// Faults: G32
#[tokio::test]
async fn a_login_that_has_ended_is_a_403() {
    let world = TestEnv::signed_in().await;
    world.pass_minutes(5);
    world.simulator.revoke_all(Revocation::Logout);
    let answer = world.post(&prompt(true)).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    assert_eq!(answer.code(), "login_required");
}

#[tokio::test]
async fn a_call_with_a_kept_authorization_needs_no_sandbox() {
    let world = TestEnv::signed_in().await;
    assert_eq!(world.post(&prompt(false)).await.status, 200);
    // A host that drains makes no sandbox.
    world.host.drain().await;
    assert_eq!(world.post(&prompt(false)).await.status, 200);
}

#[tokio::test]
async fn a_logout_of_this_process_counts_at_once() {
    let world = TestEnv::signed_in().await;
    assert_eq!(world.post(&prompt(false)).await.status, 200);
    world.ada.logout(false).await.unwrap();
    assert_eq!(world.post(&prompt(false)).await.code(), "login_required");
    world.sign_in().await;
    assert_eq!(world.post(&prompt(false)).await.status, 200);
}

#[tokio::test]
async fn calls_at_a_time_share_one_authorization() {
    let world = TestEnv::signed_in().await;
    world.pass_minutes(5);
    world.simulator.fault(Endpoint::Responses, refused());
    let body = prompt(false);
    let answers = [&body; 8].map(|body| world.post(body));
    let [a, b, c, d, e, f, g, h] = answers;
    let answers = tokio::join!(a, b, c, d, e, f, g, h);
    for answer in [
        answers.0, answers.1, answers.2, answers.3, answers.4, answers.5, answers.6, answers.7,
    ] {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert_eq!(world.refreshes(), 1);
}

fn account(id: &str) -> Account {
    Account {
        account_id: id.to_owned(),
        ..Account::default()
    }
}

/// Faults: G14 G15
#[tokio::test]
async fn a_login_of_another_account_never_mixes_with_calls_that_run() {
    let accounts = [account("acct-ada"), account("acct-grace")];
    let world = TestEnv::with(|settings| accounts.into_iter().fold(settings, |s, a| s.account(a)));
    world.sign_in().await;
    let slow = || Fault::stream(Script::deltas(20, Duration::from_millis(20)));
    for _ in 0..8 {
        world.simulator.fault(Endpoint::Responses, slow());
    }
    let call = || async {
        let body = prompt(true).to_string();
        let answer = world
            .access
            .send(request("POST", "/v1/responses", &[], body));
        finish(answer.await).await
    };
    let running = async { tokio::join!(call(), call(), call(), call()) };
    let login = async {
        while world.calls().len() < 4 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let prompt = world.ada.start().await.unwrap();
        let code = &prompt.pending.user_code;
        world.simulator.approve_as(code, 1).unwrap();
        let (progress, late) = tokio::join!(world.ada.poll(None), call());
        progress.unwrap();
        late
    };
    let ((a, b, c, d), late) = tokio::join!(running, login);
    let after = call().await;
    for answer in [&a, &b, &c, &d, &late, &after] {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.text.contains("response.completed"), "{answer:?}");
    }

    let calls = world.calls();
    let accounts: Vec<_> = calls
        .iter()
        .map(|call| call.header("chatgpt-account-id").unwrap())
        .collect();
    assert_eq!(accounts[..4], ["acct-ada"; 4]);
    assert_eq!(accounts[5], "acct-grace");
    // A token with the account of the other one would be two entries.
    let mut pairs: Vec<_> = calls
        .iter()
        .map(|call| {
            (
                call.header("authorization"),
                call.header("chatgpt-account-id"),
            )
        })
        .collect();
    pairs.sort();
    pairs.dedup();
    assert_eq!(pairs.len(), 2, "{accounts:?}");
}

/// Faults: G14
#[tokio::test]
async fn an_account_id_with_a_line_break_is_in_no_request() {
    for id in ["acct\r\nx-forged: 1", "acct\n", "acct\0"] {
        let world = TestEnv::with(|settings| settings.account(account(id)));
        world.sign_in().await;
        let answer = world.post(&prompt(true)).await;
        assert_eq!(answer.code(), "invalid_workspace_selected", "{id:?}");
        let sent = world.sent();
        assert_eq!(sent.header("chatgpt-account-id"), None, "{id:?}");
        assert_eq!(sent.header("x-forged"), None, "{id:?}");
    }
}
