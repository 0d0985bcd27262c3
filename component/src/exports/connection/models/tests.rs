use super::models;
use crate::contract::{AnswerSource, ErrorCode, ModelList};
use crate::error::Result;
use crate::ports::NotSent;
use crate::testing::fakes::{
    MODELS, World, answer, credential, fails, models as one_model, not_sent, ok,
};
use serde_json::{Value, json};

const UNGATED: &str = "/backend-api/codex/models?client_version=0.0.0";
const RECENT: &str = "/backend-api/codex/models?client_version=0.169.0";

fn signed_in() -> World {
    World::with(credential("active", json!({})))
}

fn asked(world: &World, force: bool) -> Result<ModelList> {
    world.call(|ports| models(ports, force))
}

fn source(world: &World, force: bool) -> AnswerSource {
    asked(world, force).expect("models").source
}

fn none() -> crate::testing::fakes::Answer {
    ok(json!({"models": []}))
}

#[test]
fn a_list_is_kept_for_five_minutes_and_for_ten_seconds_at_least() {
    let world = signed_in();
    world.serve(MODELS, |_, _| one_model());
    assert_eq!(source(&world, false), AnswerSource::Api);
    for (pass, force, expected) in [
        (9, true, AnswerSource::Cache),
        (1, true, AnswerSource::Api),
        (299, false, AnswerSource::Cache),
        (1, false, AnswerSource::Api),
    ] {
        world.advance(pass);
        assert_eq!(source(&world, force), expected, "{pass}");
    }
    assert_eq!(world.paths(), [UNGATED; 3]);
}

#[test]
fn an_empty_list_is_asked_for_once_more_as_a_recent_version_and_stored_once() {
    let world = signed_in();
    world.expect(MODELS, none()).expect(MODELS, one_model());
    assert_eq!(asked(&world, false).expect("models").count, 1);
    assert_eq!(
        world.log(),
        [
            &format!("send {UNGATED}"),
            &format!("send {RECENT}"),
            "set models"
        ]
    );
    assert_eq!(world.stored("models")["client_version"], "0.169.0");
}

#[test]
fn p26_a_list_that_stays_empty_is_an_answer() {
    let world = signed_in();
    world.expect(MODELS, none()).expect(MODELS, none());
    let list = asked(&world, false).expect("models");
    assert_eq!((list.count, list.default_model_id), (0, None));
    assert_eq!(source(&world, false), AnswerSource::Cache);
}

#[test]
fn a_second_request_that_fails_is_told_and_leaves_the_copy_as_it_was() {
    let world = signed_in();
    world.expect(MODELS, one_model());
    asked(&world, false).expect("models");
    let kept = world.stored("models");
    world.advance(300);
    world
        .expect(MODELS, none())
        .expect(MODELS, not_sent(NotSent::Refused));
    assert_eq!(fails(asked(&world, false)).code, ErrorCode::Network);
    assert_eq!(world.stored("models"), kept);
}

#[test]
fn what_is_no_list_of_models_is_unexpected() {
    let world = signed_in();
    world.expect(MODELS, answer(200, r#"{"object":"list","data":[]}"#));
    assert_eq!(
        fails(asked(&world, false)).code,
        ErrorCode::UnexpectedAnswer
    );
    assert_eq!(world.stored("models"), Value::Null);
}

#[test]
fn s17_copies_are_written_beside_the_credential_and_never_into_it() {
    let world = signed_in();
    world.serve(MODELS, |_, _| one_model());
    world.serve(crate::testing::fakes::USAGE, |_, _| {
        crate::testing::fakes::usage()
    });
    asked(&world, false).expect("models");
    world
        .call(|ports| crate::exports::connection::usage(ports, false))
        .expect("usage");
    let writes: Vec<String> = world.log();
    let writes: Vec<&str> = writes
        .iter()
        .filter_map(|line| line.strip_prefix("set "))
        .collect();
    assert_eq!(writes, ["models", "usage"]);
    assert_eq!(world.stored("credential"), credential("active", json!({})));
}
