use super::start;
use crate::contract::{ErrorCode, LoginPrompt};
use crate::exports::connection::poll;
use crate::ports::StoreError;
use crate::ports::{MaybeSent, NotSent};
use crate::testing::fakes::{
    Answer, Fault, NOW, Op, REVOKE, USER_CODE, World, answer, broken, credential, fails, not_sent,
    ok, page, pending, refusal, with_header,
};
use serde_json::{Value, json};

fn user_code() -> Answer {
    ok(json!({"device_auth_id": "dev-2", "user_code": "WXYZ-98765", "interval": "5"}))
}

#[track_caller]
fn started(world: &World) -> LoginPrompt {
    world.call(start).expect("a code")
}

#[test]
fn a_code_is_asked_for_and_stored_under_a_random_id() {
    let world = World::with(credential("active", json!({})));
    world.expect(USER_CODE, user_code());
    let prompt = started(&world);
    assert_eq!(prompt.pending.user_code, "WXYZ-98765");
    assert_eq!(
        prompt.pending.verification_url,
        "https://auth.openai.com/codex/device"
    );
    assert_eq!(prompt.pending.pending_id.len(), 32);
    assert_eq!(prompt.pending.interval_seconds, 5);
    assert_eq!(prompt.pending.expires_in_seconds, 900);
    assert_eq!(prompt.pending.expires_at, NOW + 900);
    assert_eq!(prompt.replaced_user_code, None);
    let stored = world.stored("pending");
    assert_eq!(stored["id"], json!(prompt.pending.pending_id));
    assert_eq!(
        (&stored["epoch"], &stored["device_auth_id"]),
        (&json!(3), &json!("dev-2"))
    );
    assert_eq!(world.stored("credential"), credential("active", json!({})));
}

#[test]
fn m22_the_instructions_warn_and_say_what_the_page_will_show() {
    let world = World::new();
    world.expect(USER_CODE, user_code());
    let prompt = started(&world);
    for said in [
        "https://auth.openai.com/codex/device,",
        "WXYZ-98765",
        "Only go on if you started this login yourself",
        "names Codex",
        "Settings, Security",
    ] {
        assert!(prompt.instructions.contains(said), "{said}");
    }
    assert!(!prompt.pending.verification_url.contains("WXYZ"));
}

#[test]
fn p03_m26_the_live_code_is_returned_again_without_a_request() {
    let world = World::new();
    world.expect(USER_CODE, user_code());
    let first = started(&world);
    world.advance(780);
    let again = started(&world);
    assert_eq!(again.pending.pending_id, first.pending.pending_id);
    assert_eq!(again.pending.expires_in_seconds, 120);
    assert_eq!(again.replaced_user_code, None);
    assert_eq!(world.paths(), [USER_CODE]);
}

#[test]
fn p03_a_code_about_to_end_is_replaced_and_named() {
    let world = World::new();
    world.put("pending", &pending(json!({})));
    world.advance(781).expect(USER_CODE, user_code());
    let prompt = started(&world);
    assert_eq!(prompt.replaced_user_code.as_deref(), Some("ABCD-12345"));
    assert!(
        prompt
            .instructions
            .ends_with("The code ABCD-12345 no longer counts.")
    );
    let old = fails(world.call(|ports| poll(ports, Some("pending-1"))));
    assert_eq!(old.code, ErrorCode::LoginSuperseded);
}

#[test]
fn an_approved_login_is_returned_and_never_replaced() {
    let world = World::new();
    let approval = json!({"code": "c", "verifier": "v", "attempts": 1});
    world.put("pending", &pending(json!({"approval": approval})));
    world.advance(5000);
    let prompt = started(&world);
    assert_eq!(prompt.pending.pending_id, "pending-1");
    assert!(world.log().is_empty());
    assert!(prompt.instructions.contains("approved already. Call poll"));
    assert!(!prompt.instructions.contains("ABCD-12345"));
}

#[test]
fn a_login_of_an_older_epoch_is_replaced_without_a_word() {
    let world = World::with(credential("active", json!({})));
    world.put("pending", &pending(json!({"epoch": 2})));
    world.expect(USER_CODE, user_code());
    assert_eq!(started(&world).replaced_user_code, None);
}

#[test]
fn s16_the_slower_of_two_starts_returns_the_quicker_ones_code() {
    let world = World::new();
    let meanwhile = |world: &World| world.put("pending", &pending(json!({})));
    world.at(Op::Set, "pending", 0, Fault::Meanwhile(Box::new(meanwhile)));
    world.expect(USER_CODE, user_code());
    assert_eq!(started(&world).pending.pending_id, "pending-1");
}

#[test]
fn s16_a_code_that_others_have_polled_or_ended_meanwhile_is_no_answer() {
    for changes in [json!({"next_poll_at": NOW + 900}), json!({"epoch": 7})] {
        let world = World::new();
        world.put("pending", &pending(json!({})));
        let meanwhile = move |world: &World| world.put("pending", &pending(changes));
        world.at(Op::Set, "pending", 0, Fault::Meanwhile(Box::new(meanwhile)));
        world.advance(800).expect(USER_CODE, user_code());
        let error = fails(world.call(start));
        assert_eq!((error.code, error.retryable), (ErrorCode::StoreBusy, true));
    }
}

#[test]
fn s18_a_code_that_was_stored_all_the_same_counts() {
    let world = World::new();
    world.at(Op::Set, "pending", 0, Fault::After(StoreError::Unavailable));
    world.expect(USER_CODE, user_code());
    assert_eq!(started(&world).pending.user_code, "WXYZ-98765");
}

#[test]
fn s09_a_code_that_cannot_be_stored_is_not_shown() {
    let world = World::new();
    world.at(Op::Set, "pending", 0, Fault::Before(StoreError::ReadOnly));
    world.expect(USER_CODE, user_code());
    assert_eq!(fails(world.call(start)).code, ErrorCode::StoreUnavailable);
    assert_eq!(world.stored("pending"), Value::Null);
}

#[test]
fn s27_an_interrupted_logout_is_finished_before_a_code_is_asked_for() {
    let world = World::with(credential(
        "logging-out",
        json!({"epoch": 4, "revoke": true}),
    ));
    world.expect_then(REVOKE, |_, sent| {
        assert_eq!(sent.json()["token"], "rt-1");
        broken(MaybeSent::TimedOut)
    });
    world.expect_then(USER_CODE, |world, _| {
        let stored = world.stored("credential");
        assert_eq!(
            (&stored["state"], &stored["epoch"]),
            (&json!("logged-out"), &json!(4))
        );
        assert!(!stored.to_string().contains("rt-1"));
        user_code()
    });
    started(&world);
    assert_eq!(world.stored("pending")["epoch"], 4);
}

#[test]
fn s27_a_logout_that_another_call_finishes_meanwhile_is_no_failure() {
    let world = World::with(credential("logging-out", json!({"epoch": 4})));
    world.expect_then(REVOKE, |world, _| {
        world.put(
            "credential",
            &json!({
                "version": 1, "generation": 8, "epoch": 4, "state": "logged-out", "updated_at": 1,
            }),
        );
        answer(200, "")
    });
    world.expect(USER_CODE, user_code());
    started(&world);
}

#[test]
fn p09_what_stands_in_the_way_is_told() {
    type Fault = (fn() -> Answer, ErrorCode, Option<u32>);
    let faults: [Fault; 6] = [
        (|| answer(404, "{}"), ErrorCode::CodexNotEnabled, None),
        (
            || with_header(answer(429, ""), "retry-after", "17"),
            ErrorCode::RateLimited,
            Some(17),
        ),
        (|| page(403), ErrorCode::UpstreamBlocked, Some(60)),
        (
            || refusal(403, "unsupported_country_region_territory"),
            ErrorCode::RegionUnsupported,
            None,
        ),
        (
            || not_sent(NotSent::NameUnknown),
            ErrorCode::Network,
            Some(5),
        ),
        (
            || ok(json!({"user_code": "\u{1b}[2J"})),
            ErrorCode::UnexpectedAnswer,
            None,
        ),
    ];
    for (fault, expected, wait) in faults {
        let world = World::new();
        world.expect(USER_CODE, fault());
        let error = fails(world.call(start));
        assert_eq!((error.code, error.retry_after_seconds), (expected, wait));
        assert_eq!(world.stored("pending"), Value::Null);
    }
}

#[test]
fn a_failed_start_leaves_the_code_that_waits() {
    let world = World::new();
    world.put("pending", &pending(json!({})));
    world.advance(800).expect(USER_CODE, answer(429, ""));
    assert_eq!(fails(world.call(start)).code, ErrorCode::RateLimited);
    assert_eq!(world.stored("pending"), pending(json!({})));
}

#[test]
fn s02_a_record_that_cannot_be_read_is_not_overwritten() {
    for key in ["credential", "pending"] {
        let world = World::new();
        world.put_bytes(key, b"{");
        assert_eq!(fails(world.call(start)).code, ErrorCode::RecordCorrupt);
        assert!(world.log().is_empty());
    }
}
