//! Agents in the runtime, in a process for each run, against the simulator.

mod env;

use chatgpt_oauth_packaging::inspect::Inspection;
use env::{TestEnv, code_in, python_agent, rust_agent};
use openai_simulator::{Endpoint, Fault, Script};
use serde_json::json;

const TASK: &str = r#"call count_letter with {"text": "strawberry", "letter": "r"}"#;
const DONE: &str = "Hello from the simulator. count_letter returned: 3\n\
                    plan plus, 5 hours 12 % used, weekly 31 % used\n";

#[test]
fn an_agent_in_rust_signs_in_and_does_its_task() {
    an_agent_signs_in_and_does_its_task(rust_agent());
}

#[test]
fn an_agent_in_python_signs_in_and_does_its_task() {
    an_agent_signs_in_and_does_its_task(python_agent());
}

/// The first run asks the person, the second one finishes the login and does the task.
fn an_agent_signs_in_and_does_its_task(agent: &[u8]) {
    let env = TestEnv::new(agent);

    let asked = env.run(TASK);
    assert!(
        asked.contains("https://auth.openai.com/codex/device"),
        "{asked}"
    );
    assert_eq!(env.simulator.requests_to(Endpoint::Responses).len(), 0);

    env.simulator.approve(&code_in(&asked)).unwrap();
    assert_eq!(env.run(TASK), DONE);

    let calls = env.simulator.requests_to(Endpoint::Responses);
    assert_eq!(calls.len(), 2);
    for call in &calls {
        let authorization = call.header("authorization").unwrap();
        assert!(authorization.starts_with("Bearer ey"));
    }
    let last = calls[1].json();
    let items = last["input"].as_array().unwrap();
    assert_eq!(items.last().unwrap()["output"], "3");
}

#[test]
fn an_agent_in_rust_explains_what_went_wrong() {
    an_agent_explains_what_went_wrong(rust_agent());
}

#[test]
fn an_agent_in_python_explains_what_went_wrong() {
    an_agent_explains_what_went_wrong(python_agent());
}

/// Failures of the login and of a call reach the person as text.
fn an_agent_explains_what_went_wrong(agent: &[u8]) {
    let env = TestEnv::new(agent);
    let asked = env.run(TASK);
    env.simulator.deny(&code_in(&asked)).unwrap();
    let declined = env.fail(TASK);
    assert!(declined.contains("declined"), "{declined}");

    env.simulator.approve(&code_in(&env.run(TASK))).unwrap();
    for (script, said) in [
        (
            Fault::stream(Script::failed("server_error", "the model is tired")),
            "tired",
        ),
        (
            Fault::openai_error(429, "usage_limit_reached", "used up"),
            "429",
        ),
        (
            Fault::stream(Script::begin().incomplete("content_filter")),
            "content_filter",
        ),
        (
            Fault::stream(
                Script::begin().event(json!({"type": "error", "message": "too many tokens"})),
            ),
            "too many tokens",
        ),
    ] {
        env.simulator.fault(Endpoint::Responses, script);
        let failed = env.fail(TASK);
        assert!(failed.contains(said), "{failed}");
    }
    assert_eq!(env.simulator.faults_left(), 0);
}

#[test]
fn the_agent_in_rust_imports_the_connection_and_http_alone() {
    let agent = Inspection::of(rust_agent()).unwrap();
    assert_eq!(
        agent.imports,
        [
            "chatgpt:oauth/connection@0.1.0",
            "wasi:http/outgoing-handler@0.2.0",
            "wasi:http/types@0.2.0",
            "wasi:io/error@0.2.0",
            "wasi:io/poll@0.2.0",
            "wasi:io/streams@0.2.0",
        ]
    );
}

/// It imports all of WASI.
#[test]
fn an_agent_in_python_has_no_directory_no_variable_and_no_socket() {
    let found = TestEnv::new(python_agent()).run("probe");
    let found: Vec<_> = found.lines().collect();
    assert_eq!(found[0], "variables: got []");
    for probe in &found[1..5] {
        assert!(probe.contains(": failed with "), "{found:?}");
    }
    assert_eq!(found[5..], ["random: got 16"]);
}

#[test]
fn a_file_that_is_no_agent_is_named() {
    let env = TestEnv::new(b"no agent");
    let said = env.fail(TASK);
    assert!(said.contains("agent.wasm"), "{said}");
}
