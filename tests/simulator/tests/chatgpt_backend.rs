//! The authenticated endpoints: which requests they accept, and their answers.

mod client;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use client::{ask_as, code, get, read, refresh, sign_in, start, usage};
use openai_simulator::{Account, Simulator};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};

const MODELS: &str = "/backend-api/codex/models";

fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn slugs(simulator: &Simulator, token: &Value, client_version: &str) -> Vec<String> {
    let path = format!("{MODELS}?client_version={client_version}");
    let (status, body) = read(ask_as(simulator, &path, token).send().unwrap());
    assert_eq!(status, 200, "{body}");
    let models = body["models"].as_array().unwrap();
    models
        .iter()
        .map(|model| model["slug"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn tokens_carry_the_claims_of_the_account_and_verify() {
    let account = Account {
        fedramp: true,
        plan_type: "enterprise".into(),
        ..Account::default()
    };
    let simulator = Simulator::builder()
        .account(account.clone())
        .start()
        .unwrap();
    let tokens = sign_in(&simulator);

    let (_, discovery) = read(
        get(&simulator, "/.well-known/openid-configuration")
            .send()
            .unwrap(),
    );
    assert_eq!(discovery["issuer"], "https://auth.openai.com");
    assert!(discovery.get("device_authorization_endpoint").is_none());
    let keys = client::client()
        .get(discovery["jwks_uri"].as_str().unwrap())
        .send()
        .unwrap();
    let key = read(keys).1["keys"][0].clone();
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    for name in ["id_token", "access_token"] {
        let (signed, signature) = tokens[name].as_str().unwrap().rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point)
            .verify(signed.as_bytes(), &signature)
            .unwrap();
        let claims = claims(&tokens[name]);
        let auth = &claims["https://api.openai.com/auth"];
        assert_eq!(auth["chatgpt_account_id"], account.account_id);
        assert_eq!(auth["chatgpt_user_id"], account.user_id);
        assert_eq!(auth["chatgpt_plan_type"], "enterprise");
        assert_eq!(auth["chatgpt_account_is_fedramp"], true);
    }
    let id = claims(&tokens["id_token"]);
    assert_eq!(
        (&id["email"], &id["email_verified"]),
        (&json!(account.email), &json!(true))
    );
    assert_eq!(
        id["https://api.openai.com/auth"]["organizations"][0]["id"],
        account.organizations[0].id
    );
    let access = claims(&tokens["access_token"]);
    assert_eq!(
        access["https://api.openai.com/profile"]["email"],
        account.email
    );
    assert_eq!(
        access["exp"].as_i64().unwrap() - access["iat"].as_i64().unwrap(),
        864_000
    );
}

#[test]
fn an_account_without_id_has_no_claim_and_its_client_no_header() {
    let account = Account {
        account_id: String::new(),
        ..Account::default()
    };
    let simulator = Simulator::builder().account(account).start().unwrap();
    let tokens = sign_in(&simulator);
    let auth = &claims(&tokens["id_token"])["https://api.openai.com/auth"];
    assert!(auth.get("chatgpt_account_id").is_none());
    let request = get(&simulator, "/backend-api/wham/usage")
        .bearer_auth(tokens["access_token"].as_str().unwrap());
    assert_eq!(request.send().unwrap().status(), 200);
}

#[test]
fn a_bearer_token_must_be_present_genuine_and_unexpired() {
    let simulator = start();
    let tokens = sign_in(&simulator);
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(get(&simulator, MODELS).send().unwrap().status(), 401);
    for (token, expected) in [
        ("nonsense".to_owned(), "token_invalid"),
        (
            format!("{}AAAA", &access[..access.len() - 4]),
            "token_invalid",
        ),
        (
            tokens["id_token"].as_str().unwrap().to_owned(),
            "token_invalid",
        ),
        (
            sign_in(&start())["access_token"]
                .as_str()
                .unwrap()
                .to_owned(),
            "token_invalid",
        ),
    ] {
        let (status, body) = usage(&simulator, &json!(token));
        assert_eq!((status, code(&body)), (401, expected));
    }
    simulator.advance(Duration::from_secs(864_000));
    let (status, body) = usage(&simulator, &tokens["access_token"]);
    assert_eq!((status, code(&body)), (401, "token_expired"));
    let (_, refreshed) = refresh(&simulator, &tokens["refresh_token"]);
    assert_eq!(usage(&simulator, &refreshed["access_token"]).0, 200);
}

#[test]
fn the_account_header_must_name_the_account_of_the_token() {
    let simulator = start();
    let tokens = sign_in(&simulator);
    let ask = |path| get(&simulator, path).bearer_auth(tokens["access_token"].as_str().unwrap());
    for request in [
        ask("/backend-api/wham/usage"),
        ask("/backend-api/wham/usage").header("ChatGPT-Account-ID", "another"),
    ] {
        let (status, body) = read(request.send().unwrap());
        assert_eq!(
            (status, &body["detail"]["code"]),
            (403, &json!("invalid_workspace_selected"))
        );
    }
}

#[test]
fn models_are_gated_by_client_version_and_carry_an_etag() {
    let simulator = start();
    let token = &sign_in(&simulator)["access_token"];
    let all = slugs(&simulator, token, "0.0.0");
    assert_eq!(all.len(), 8);
    assert_eq!(slugs(&simulator, token, "0.158.0"), all);
    assert_eq!(
        slugs(&simulator, token, "0.128.0"),
        ["gpt-5.5", "codex-auto-review"]
    );
    assert!(slugs(&simulator, token, "0.21.0").is_empty());
    assert!(!slugs(&simulator, token, "0.154.0").contains(&"gpt-6-sol".to_owned()));

    let response = ask_as(&simulator, &format!("{MODELS}?client_version=0.0.0"), token)
        .send()
        .unwrap();
    assert!(
        response.headers()["etag"]
            .to_str()
            .unwrap()
            .starts_with("W/\"")
    );
    assert_eq!(
        ask_as(&simulator, MODELS, token).send().unwrap().status(),
        400
    );
}

#[test]
fn the_free_plan_has_fewer_models_and_one_window() {
    let account = Account {
        plan_type: "free".into(),
        ..Account::default()
    };
    let simulator = Simulator::builder().account(account).start().unwrap();
    let token = &sign_in(&simulator)["access_token"];
    assert_eq!(slugs(&simulator, token, "0.0.0").len(), 4);
    let (_, usage) = usage(&simulator, token);
    assert_eq!(
        usage["rate_limit"]["primary_window"]["limit_window_seconds"],
        604_800
    );
    assert!(usage["rate_limit"]["secondary_window"].is_null());
}

#[test]
fn usage_has_the_present_plan_and_tokens_that_of_the_sign_in() {
    let simulator = start();
    let tokens = sign_in(&simulator);
    simulator.update_account(0, |account| account.plan_type = "pro".into());
    let (_, refreshed) = refresh(&simulator, &tokens["refresh_token"]);
    let before = simulator.now();
    let (_, usage) = usage(&simulator, &refreshed["access_token"]);
    let after = simulator.now();
    assert_eq!(usage["plan_type"], "pro");
    let auth = &claims(&refreshed["id_token"])["https://api.openai.com/auth"];
    assert_eq!(auth["chatgpt_plan_type"], "plus");
    let window = &usage["rate_limit"]["primary_window"];
    let seconds = |name: &str| window[name].as_i64().unwrap();
    let asked_at = seconds("reset_at") - seconds("reset_after_seconds");
    assert!((before..=after).contains(&asked_at));
}

#[test]
fn accounts_check_lists_each_workspace_of_the_person_once() {
    let personal = Account::default();
    let team = Account {
        account_id: "team".into(),
        plan_type: "team".into(),
        ..Account::default()
    };
    let stranger = Account {
        user_id: "user-other".into(),
        account_id: "other".into(),
        ..Account::default()
    };
    let simulator = Simulator::builder()
        .account(personal.clone())
        .account(team)
        .account(stranger)
        .start()
        .unwrap();
    let token = &sign_in(&simulator)["access_token"];
    let (_, answer) = read(
        ask_as(&simulator, "/backend-api/wham/accounts/check", token)
            .send()
            .unwrap(),
    );
    assert_eq!(
        answer["account_ordering"],
        json!([personal.account_id, "team"])
    );
    assert_eq!(answer["default_account_id"], personal.account_id);
    assert_eq!(
        answer["accounts"][0]["workspace_backend_origin"],
        "NO_CONSTRAINT"
    );
}

#[test]
fn other_paths_and_methods_are_refused() {
    let simulator = start();
    assert_eq!(
        get(&simulator, "/oauth/token").send().unwrap().status(),
        405
    );
    assert_eq!(
        get(&simulator, "/backend-api/unknown")
            .send()
            .unwrap()
            .status(),
        404
    );
}
