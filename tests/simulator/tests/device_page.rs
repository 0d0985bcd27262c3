//! The page on which a person decides.

mod client;

use client::{ask_for_code, get, poll, post, start};
use openai_simulator::{Account, Simulator};

fn submit(simulator: &Simulator, user_code: &str, decision: &str, account: &str) -> (u16, String) {
    let form = [
        ("user_code", user_code),
        ("decision", decision),
        ("account", account),
    ];
    let response = post(simulator, "/codex/device").form(&form).send().unwrap();
    (response.status().as_u16(), response.text().unwrap())
}

#[test]
fn the_page_is_a_labelled_form_without_script() {
    let simulator = start();
    let page = get(&simulator, "/codex/device")
        .send()
        .unwrap()
        .text()
        .unwrap();
    assert!(page.contains("<form method=\"post\">") && page.contains("<label for=\"user_code\">"));
    assert!(page.contains("ada@example.com"));
    assert!(!page.contains("<script"));
}

#[test]
fn a_person_approves_typing_the_code_carelessly() {
    let simulator = start();
    let issued = ask_for_code(&simulator);
    let typed = issued["user_code"]
        .as_str()
        .unwrap()
        .replace('-', " ")
        .to_lowercase();
    let (status, page) = submit(&simulator, &typed, "approve", "0");
    assert_eq!(status, 200);
    assert!(page.contains("Signed in to Codex"));
    assert_eq!(poll(&simulator, &issued).0, 200);
    // The code is used up.
    assert_eq!(submit(&simulator, &typed, "approve", "0").0, 400);
}

#[test]
fn a_person_denies() {
    let simulator = start();
    let issued = ask_for_code(&simulator);
    let (status, page) = submit(
        &simulator,
        issued["user_code"].as_str().unwrap(),
        "deny",
        "0",
    );
    assert_eq!(status, 200);
    assert!(page.contains("denied"));
    assert_eq!(poll(&simulator, &issued).0, 403);
}

#[test]
fn an_unknown_code_is_refused_with_the_form_again() {
    let simulator = start();
    let (status, page) = submit(&simulator, "ABCD-EFGHJ", "approve", "0");
    assert_eq!(status, 400);
    assert!(page.contains("role=\"alert\"") && page.contains("<form"));
}

#[test]
fn the_page_refuses_a_code_if_the_account_forbids_device_codes() {
    let account = Account {
        device_codes_enabled: false,
        ..Account::default()
    };
    let simulator = Simulator::builder().account(account).start().unwrap();
    let issued = ask_for_code(&simulator);
    let (status, page) = submit(
        &simulator,
        issued["user_code"].as_str().unwrap(),
        "approve",
        "0",
    );
    assert_eq!(status, 403);
    assert!(page.contains("Settings → Security"));
    let (_, body) = poll(&simulator, &issued);
    assert_eq!(client::code(&body), "deviceauth_authorization_pending");
}

#[test]
fn one_of_several_people_approves() {
    let ada = Account::default();
    let bob = Account {
        email: "bob@example.com".into(),
        user_id: "user-bob".into(),
        ..Account::default()
    };
    let simulator = Simulator::builder()
        .account(ada)
        .account(bob)
        .start()
        .unwrap();
    let issued = ask_for_code(&simulator);
    assert_eq!(
        submit(
            &simulator,
            issued["user_code"].as_str().unwrap(),
            "approve",
            "1"
        )
        .0,
        200
    );
    let (_, tokens) = client::exchange(&simulator, &poll(&simulator, &issued).1);
    let (_, usage) = client::usage(&simulator, &tokens["access_token"]);
    assert_eq!(usage["email"], "bob@example.com");
}
