//! What an agent has of its person's login: nothing. A build of `examples/agent` for tests
//! searches its own memory; the hooks of its host record what it sends and receives.

mod agent;
mod recorder;

use std::time::Duration;

use agent::{Agent, TestEnv};
use openai_simulator::{Endpoint, Fault, Gate, Item, Script, SecretKind};

const TASK: &str = r#"call count_letter with {"text": "strawberry", "letter": "r"}"#;

/// A part of a secret that is as long as this is found, wherever it begins in these parts.
const PART: usize = 16;

/// Longer than anything of a test takes.
const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn no_part_of_a_token_is_in_an_agents_memory_or_traffic() {
    let env = TestEnv::new();
    let mut asking = Agent::new(&env).await;
    let asked = asking.run(TASK).await.unwrap();
    let code = env.simulator.pending_codes().remove(0);
    assert!(asked.contains(&code), "{asked}");
    env.simulator.approve(&code).unwrap();
    let mut working = Agent::new(&env).await;
    let answered = working.run(TASK).await.unwrap();
    assert!(answered.contains("count_letter returned: 3"), "{answered}");

    // The service got the token, with requests that the agent built.
    let secrets = env.simulator.secrets();
    let token = secrets.iter().find(|it| it.kind == SecretKind::AccessToken);
    let bearer = format!("Bearer {}", token.unwrap().value);
    for call in env.simulator.requests_to(Endpoint::Responses) {
        assert_eq!(call.header("authorization"), Some(bearer.as_str()));
    }
    let mut traffic = env.traffic();
    for part in [
        "POST https://openai-codex.invalid/v1/responses",
        "strawberry",
        "200 OK",
    ] {
        assert!(contains(&traffic, part.as_bytes()), "{part}");
    }

    traffic.extend(asked.bytes().chain(answered.bytes()));
    for secret in &secrets {
        assert!(secret.value.len() >= PART, "{secret:?}");
        for part in secret.value.as_bytes().chunks_exact(PART) {
            assert!(
                !contains(&traffic, part),
                "{:?} in the traffic",
                secret.kind
            );
            let found = [asking.search(part).await, working.search(part).await];
            assert_eq!(found, [0, 0], "{:?} in the memory", secret.kind);
        }
    }

    // The control: the same memory, the same search.
    let part = &token.unwrap().value.as_bytes()[..PART];
    working.plant(part).await;
    assert_eq!(working.search(part).await, 1);
    assert_eq!(asking.search(part).await, 0);
}

#[tokio::test]
async fn an_agent_reads_the_events_of_an_answer_as_they_come() {
    let env = TestEnv::new();
    env.sign_in().await;
    let gate = Gate::default();
    let script = Script::begin()
        .item(Item::message("one word"))
        .gate(&gate)
        .item(Item::message(" after the other"))
        .complete();
    env.simulator
        .fault(Endpoint::Responses, Fault::stream(script));
    let mut agent = Agent::new(&env).await;
    let reads_the_first = async {
        while !contains(&env.traffic(), b"one word") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        gate.open();
    };

    let both = async { tokio::join!(agent.run(TASK), reads_the_first) };
    let (answered, ()) = tokio::time::timeout(LONG, both).await.unwrap();

    let answered = answered.unwrap();
    assert!(
        answered.starts_with("one word after the other\n"),
        "{answered}"
    );
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
