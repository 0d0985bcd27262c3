//! The bodies of requests and answers.

use std::time::Duration;

use chatgpt_oauth_gateway::{Budget, Limits, ModelHooks};
use openai_simulator::{Endpoint, Fault, Script};

use crate::support::guest::Guest;
use crate::support::{TestEnv, model_call};

const NOT_READ: &str = "request and read nothing";
const SLOWLY: &str = "request and read slowly";

async fn guest_of(env: &TestEnv) -> Guest {
    Guest::new(ModelHooks::only(env.access.clone())).await
}

/// A model call with another misdeed than an ordinary request.
fn call_by(misdeed: &'static str) -> [&'static str; 4] {
    let mut call = model_call();
    call[0] = misdeed;
    call
}

/// Faults: G09
#[tokio::test]
pub async fn an_endless_request_ends_at_32_mebibytes() {
    let env = TestEnv::signed_in().await;
    let mut guest = guest_of(&env).await;
    for body in ["endless body", "bytes of body=33554433"] {
        let end = guest.obey(&[&model_call()[..], &[body]].concat()).await;
        assert!(end.starts_with("413, "), "{body}: {end}");
    }
    assert!(env.simulator.requests().is_empty());
}

/// Faults: G30
#[tokio::test]
pub async fn an_object_of_a_million_fields_is_refused() {
    let env = TestEnv::signed_in().await;
    let mut guest = guest_of(&env).await;
    // All but 16 characters of the names are equal.
    let alike = |n| format!("\"{n:>016}{}\":null,", "x".repeat(64));
    let short = |n| format!("\"{n}\":null,");
    let alike: String = (0..100_000).map(alike).collect();
    let short: String = (0..1_000_000).map(short).collect();
    for fields in [alike, short] {
        for body in [
            format!("body={{{fields}\"model\":\"m\",\"input\":\"hi\"}}"),
            format!("body={{\"model\":\"m\",\"input\":[{{{fields}\"a\":0}}]}}"),
        ] {
            let end = guest.obey(&[&model_call()[..], &[&body]].concat()).await;
            assert!(end.starts_with("400, "), "{end}");
        }
    }
    assert!(env.simulator.requests().is_empty());
}

/// Faults: G12 G30
#[tokio::test]
pub async fn a_body_never_is_a_second_request() {
    let env = TestEnv::signed_in().await;
    let mut guest = guest_of(&env).await;
    let second = "POST /backend-api/codex/responses HTTP/1.1\r\nhost: chatgpt.com\r\n\r\n";
    for body in [
        format!("body=0\r\n\r\n{second}"),
        format!("body={{}}\r\n0\r\n\r\n{second}"),
        "body={\"model\": \"a\", \"model\": \"b\"}".into(),
        "body={} {}".into(),
        "body=\u{feff}{}".into(),
    ] {
        let end = guest.obey(&[&model_call()[..], &[&body]].concat()).await;
        assert!(end.starts_with("400, "), "{body:?}: {end}");
    }
    assert!(env.simulator.requests().is_empty());
    // What the model reads may be anything.
    let text = format!("body={{\"model\": \"gpt-6-astra\", \"input\": {second:?}}}");
    let end = guest.obey(&[&model_call()[..], &[&text]].concat()).await;
    assert!(end.starts_with("200, "), "{end}");
    assert_eq!(env.simulator.requests().len(), 1);
}

#[tokio::test]
pub async fn a_guest_that_reads_slowly_gets_every_byte() {
    let env = TestEnv::signed_in().await;
    let mut guest = guest_of(&env).await;
    let fault = || Fault::stream(Script::deltas(50, Duration::ZERO));
    let budget = Budget::default();
    for misdeed in ["request", SLOWLY] {
        env.simulator.fault(Endpoint::Responses, fault());
        let access = env.access.clone().with_budget(budget.clone());
        guest = Guest::new(ModelHooks::only(access)).await;
        let before = budget.used().bytes;
        let end = guest.obey(&call_by(misdeed)).await;
        let sent = model_call().last().unwrap().len() - "body=".len();
        let bytes = budget.used().bytes - before - sent as u64;
        assert!(end.starts_with(&format!("200, {bytes} bytes")), "{end}");
        assert!(bytes > 5000, "{end}");
    }
    drop(guest);
}

/// Faults: G06
#[tokio::test]
pub async fn a_call_ends_with_the_guest_that_does_not_read_its_answer() {
    let env = TestEnv::signed_in().await;
    let script = Script::stall(Duration::from_secs(60));
    env.simulator
        .fault(Endpoint::Responses, Fault::stream(script));
    let mut guest = guest_of(&env).await;
    assert_eq!(guest.obey(&call_by(NOT_READ)).await, "200, not read");
    env.wait_for_leaving(1).await;
}

/// Faults: G06
#[tokio::test]
pub async fn a_call_ends_with_the_guest_that_breaks_off() {
    let env = TestEnv::signed_in().await;
    let plain = guest_of(&env).await.obey(&model_call()).await;
    assert!(plain.starts_with("200, "), "{plain}");
    env.simulator.clear_requests();
    let late = Fault::normal().delay(Duration::from_secs(60));
    env.simulator.fault_always(Endpoint::Responses, late);
    let mut guests = 0;
    // On a busy machine a guest breaks off before its request has left.
    while env.calls().is_empty() {
        let guest = guest_of(&env).await;
        guest
            .break_off(&call_by("request and trap while it is under way"))
            .await;
        guests += 1;
        assert!(guests < 20, "no request leaves");
    }
    env.wait_for_leaving(guests).await;
}

/// Faults: G06
#[tokio::test]
pub async fn an_answer_without_end_is_not_read_ahead_of_the_guest() {
    let env = TestEnv::signed_in().await;
    let event = format!("event: x\ndata: {{\"x\": \"{}\"}}\n\n", "x".repeat(1000));
    let script = Script::begin().raw(event.repeat(20_000));
    env.simulator
        .fault(Endpoint::Responses, Fault::stream(script));
    let budget = Budget::default();
    let access = env.access.clone().with_budget(budget.clone());
    let mut guest = Guest::new(ModelHooks::only(access)).await;
    let order = call_by(SLOWLY);
    let some_time = async {
        while budget.used().bytes < 1000 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    };
    tokio::select! {
        end = guest.obey(&order) => panic!("the answer has ended: {end}"),
        () = some_time => {}
    }
    let taken = budget.used().bytes;
    assert!(taken < 100_000, "{taken} bytes");
    drop(guest);
    env.wait_for_leaving(1).await;
    assert_eq!(budget.used().streams, 0);
}

#[tokio::test]
pub async fn a_budget_holds_for_all_instances_of_a_guest() {
    let env = TestEnv::signed_in().await;
    let budget = Budget::new(Limits {
        calls: Some(3),
        ..Limits::default()
    });
    for call in 0..6 {
        let access = env.access.clone().with_budget(budget.clone());
        let mut guest = Guest::new(ModelHooks::only(access)).await;
        let end = guest.obey(&model_call()).await;
        let expected = if call < 3 { "200, " } else { "429, " };
        assert!(end.starts_with(expected), "{end}");
    }
    assert_eq!(env.calls().len(), 3);
}
