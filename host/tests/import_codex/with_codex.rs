//! With the real Codex CLI.

use std::collections::BTreeMap;
use std::fs;

use openai_simulator::Account;
use serde_json::{Value, json};

use crate::codex::Codex;
use crate::support::{TestEnv, json as answer};
use crate::{approved, import, in_time, refreshes};

/// A Codex that is signed in, and the bytes of its file.
fn signed_in<'a>(test: &'a TestEnv, name: &str) -> (Codex<'a>, Vec<u8>) {
    let codex = Codex::new(&test.simulator, name);
    let login = codex.login(|code| test.simulator.approve(code).unwrap());
    assert!(login.status.success(), "{login:?}");
    let file = fs::read(codex.home().join("auth.json")).unwrap();
    (codex, file)
}

fn file(codex: &Codex) -> Vec<u8> {
    fs::read(codex.home().join("auth.json")).unwrap()
}

/// The token in a refresh, of Codex or of this program.
fn presented(request: &openai_simulator::RecordedRequest) -> String {
    let token = request.json()["refresh_token"].as_str().map(str::to_owned);
    token.expect("both send JSON")
}

/// Faults: P22
#[test]
fn after_an_import_both_programs_work_and_present_no_token_of_the_other() {
    let test = TestEnv::new();
    let (codex, before) = signed_in(&test, "import");

    let output = approved(&test, import(&test, codex.home(), &[]), 0);
    let imported = answer(&output);
    assert_eq!(imported["status"], "connected", "{imported}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("ada@example.com") && said.contains("log each other out"),
        "{said}"
    );
    assert_eq!(file(&codex), before);

    test.pass(120);
    assert_eq!(test.ask(&["refresh"])["ok"], true);
    let account = codex.ask_app_server("account/read", json!({"refreshToken": true}));
    assert_eq!(account["account"]["type"], "chatgpt", "{account}");
    let said = codex.exec(&["Say hello"]);
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(text.contains("Hello from the simulator."), "{said:?}");
    assert_eq!(test.ask(&["models", "--force"])["ok"], true);

    let mut presenters = BTreeMap::<String, Vec<String>>::new();
    for request in refreshes(&test) {
        let who = request.header("originator").unwrap_or_default().to_owned();
        presenters.entry(presented(&request)).or_default().push(who);
    }
    assert_eq!(presenters.len(), 2, "{presenters:?}");
    assert!(
        presenters.values().all(|who| who.len() == 1),
        "{presenters:?}"
    );
}

#[test]
fn an_import_accepts_the_account_of_codex_alone() {
    let grace = Account {
        email: "grace@example.com".into(),
        account_id: "another".into(),
        user_id: "user-grace".into(),
        ..Account::default()
    };
    let test = TestEnv::with(|settings| settings.account(Account::default()).account(grace));
    let (codex, before) = signed_in(&test, "import-other");
    let output = approved(&test, import(&test, codex.home(), &[]), 1);
    let refused = answer(&output);
    assert_eq!(refused["code"], "account-mismatch", "{refused}");
    assert_eq!(test.ask(&["status"])["state"], "not_connected");
    assert_eq!(file(&codex), before);
}

#[test]
fn after_a_take_over_codex_says_that_it_is_signed_out() {
    let test = TestEnv::new();
    let (codex, before) = signed_in(&test, "take-over");

    let output = in_time(
        &test,
        import(&test, codex.home(), &["--take-over", "--yes"]),
    );
    let taken: Value = answer(&output);
    assert_eq!(taken["status"], "connected", "{taken}");
    assert_eq!(taken["email"], "ada@example.com");
    assert!(
        taken["models_count"]
            .as_u64()
            .is_some_and(|count| count > 0),
        "{taken}"
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("codex login"), "{said}");
    assert_eq!(file(&codex), before);
    test.pass(120);
    assert_eq!(test.ask(&["refresh"])["ok"], true);
    assert_eq!(test.presentations().len(), 3);

    // Codex's access token has expired for the service.
    test.pass(11 * 86_400);
    let output = codex.exec(&["Say hello"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(
        said.contains("sign in again") || said.contains("log in again"),
        "{said}"
    );
    assert_eq!(file(&codex), before);
}
