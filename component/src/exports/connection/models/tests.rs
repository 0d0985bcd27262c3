use super::models;
use crate::contract::{AnswerSource, ErrorCode, ModelList};
use crate::error::Result;
use crate::ports::NotSent;
use crate::testing::fakes::{
    MODELS, TestEnv, credential, fails, models as one_model, not_sent, ok, response,
};
use serde_json::{Value, json};

const UNGATED: &str = "/backend-api/codex/models?client_version=0.0.0";
const RECENT: &str = "/backend-api/codex/models?client_version=0.169.0";

fn signed_in() -> TestEnv {
    TestEnv::with(credential("active", json!({})))
}

fn asked(env: &TestEnv, force: bool) -> Result<ModelList> {
    env.call(|ports| models(ports, force))
}

fn source(env: &TestEnv, force: bool) -> AnswerSource {
    asked(env, force).expect("models").source
}

fn none() -> crate::testing::fakes::HttpResult {
    ok(json!({"models": []}))
}

#[test]
fn a_list_is_kept_for_five_minutes_and_for_ten_seconds_at_least() {
    let env = signed_in();
    env.serve(MODELS, |_, _| one_model());
    assert_eq!(source(&env, false), AnswerSource::Api);
    for (pass, force, expected) in [
        (9, true, AnswerSource::Cache),
        (1, true, AnswerSource::Api),
        (299, false, AnswerSource::Cache),
        (1, false, AnswerSource::Api),
    ] {
        env.advance(pass);
        assert_eq!(source(&env, force), expected, "{pass}");
    }
    assert_eq!(env.paths(), [UNGATED; 3]);
}

#[test]
fn an_empty_list_is_requested_again_as_a_recent_version() {
    let env = signed_in();
    env.expect(MODELS, none()).expect(MODELS, one_model());
    assert_eq!(asked(&env, false).expect("models").count, 1);
    assert_eq!(
        env.log(),
        [
            &format!("send {UNGATED}"),
            &format!("send {RECENT}"),
            "set models"
        ]
    );
    assert_eq!(env.stored("models")["client_version"], "0.169.0");
}

/// Faults: P26
#[test]
fn a_list_that_stays_empty_is_an_answer() {
    let env = signed_in();
    env.expect(MODELS, none()).expect(MODELS, none());
    let list = asked(&env, false).expect("models");
    assert_eq!((list.count, list.default_model_id), (0, None));
    assert_eq!(source(&env, false), AnswerSource::Cache);
}

#[test]
fn a_second_request_that_fails_is_reported_and_keeps_the_cache() {
    let env = signed_in();
    env.expect(MODELS, one_model());
    asked(&env, false).expect("models");
    let kept = env.stored("models");
    env.advance(300);
    env.expect(MODELS, none())
        .expect(MODELS, not_sent(NotSent::Refused));
    assert_eq!(fails(asked(&env, false)).code, ErrorCode::Network);
    assert_eq!(env.stored("models"), kept);
}

#[test]
fn anything_but_a_list_of_models_is_unexpected() {
    let env = signed_in();
    env.expect(MODELS, response(200, r#"{"object":"list","data":[]}"#));
    assert_eq!(fails(asked(&env, false)).code, ErrorCode::UnexpectedAnswer);
    assert_eq!(env.stored("models"), Value::Null);
}

/// Faults: S17
#[test]
fn caches_are_never_written_into_the_credential() {
    let env = signed_in();
    env.serve(MODELS, |_, _| one_model());
    env.serve(crate::testing::fakes::USAGE, |_, _| {
        crate::testing::fakes::usage()
    });
    asked(&env, false).expect("models");
    env.call(|ports| crate::exports::connection::usage(ports, false))
        .expect("usage");
    let writes: Vec<String> = env.log();
    let writes: Vec<&str> = writes
        .iter()
        .filter_map(|line| line.strip_prefix("set "))
        .collect();
    assert_eq!(writes, ["models", "usage"]);
    assert_eq!(env.stored("credential"), credential("active", json!({})));
}
