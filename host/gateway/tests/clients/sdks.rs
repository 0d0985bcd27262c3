//! OpenAI's SDKs. A program in each language makes the same calls and prints the same lines.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use openai_simulator::{Endpoint, Fault, Script};

use crate::support::TestEnv;
use crate::support::server::{KEY, Server};
use crate::{run, tool};

/// What runs a program.
struct Client {
    interpreter: &'static str,
    extension: &'static str,
    /// The variable that names the folder of its packages, and the folder.
    packages: (&'static str, String),
}

impl Client {
    fn python() -> Self {
        Self {
            interpreter: "python3",
            extension: "py",
            packages: ("PYTHONPATH", tool("OPENAI_PYTHON").display().to_string()),
        }
    }

    /// Both versions that are in use.
    fn node() -> [Self; 2] {
        ["openai", "openai-6"].map(|package| {
            let folder = tool("OPENAI_NODE_MODULES").join(package);
            Self {
                interpreter: "node",
                extension: "mjs",
                packages: ("OPENAI_NODE", folder.display().to_string()),
            }
        })
    }
}

/// The calls of a program in each language, and what it prints.
struct Calls {
    program: &'static str,
    said: &'static str,
    /// How many reach the backend.
    number: usize,
}

const RESPONSES: Calls = Calls {
    program: "responses",
    said: include_str!("responses.txt"),
    number: 6,
};

const CHAT: Calls = Calls {
    program: "chat",
    said: include_str!("chat.txt"),
    number: 6,
};

/// Two streams that the caller leaves, and the plan's limit for four calls.
const EARLY_ENDS: Calls = Calls {
    program: "early_ends",
    said: include_str!("early_ends.txt"),
    number: 6,
};

/// Runs a program, and compares what it prints and how many calls it makes. Returns the server.
async fn complete(calls: &Calls, client: Client, env: &TestEnv) -> Server {
    let server = Server::start(env.access.clone()).await;
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    let program = programs
        .join(calls.program)
        .with_extension(client.extension);
    let (packages, folder) = client.packages;
    let mut command = Command::new(client.interpreter);
    command
        .arg(program)
        .env(packages, folder)
        .env("OPENAI_BASE_URL", server.base_url())
        .env("OPENAI_API_KEY", KEY)
        .env("NO_PROXY", "127.0.0.1");
    assert_eq!(run(command).await, calls.said);
    assert_eq!(env.calls().len(), calls.number, "nothing is sent twice");
    server
}

async fn complete_by_each(calls: &Calls, clients: impl IntoIterator<Item = Client>) {
    for client in clients {
        complete(calls, client, &TestEnv::signed_in().await).await;
    }
}

/// Ends two calls by the caller, and the others by the plan.
async fn end_early_by_each(clients: impl IntoIterator<Item = Client>) {
    for client in clients {
        let env = TestEnv::signed_in().await;
        for _ in 0..2 {
            let slow = Script::deltas(1000, Duration::from_millis(20));
            env.simulator
                .fault(Endpoint::Responses, Fault::stream(slow));
        }
        for _ in 0..4 {
            let limit = Fault::usage_limit_reached("plus", 1_900_000_000);
            env.simulator.fault(Endpoint::Responses, limit);
        }
        // Its end would end the calls.
        let _server = complete(&EARLY_ENDS, client, &env).await;
        env.wait_for_leaving(2).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openai_python_creates_and_streams_responses() {
    complete_by_each(&RESPONSES, [Client::python()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openai_node_creates_and_streams_responses() {
    complete_by_each(&RESPONSES, Client::node()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openai_python_creates_and_streams_chat_completions() {
    complete_by_each(&CHAT, [Client::python()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openai_node_creates_and_streams_chat_completions() {
    complete_by_each(&CHAT, Client::node()).await;
}

/// Faults: G06 G31
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openai_python_leaves_a_stream_and_repeats_no_call_beyond_the_plan() {
    end_early_by_each([Client::python()]).await;
}

/// Faults: G06 G31
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openai_node_leaves_a_stream_and_repeats_no_call_beyond_the_plan() {
    end_early_by_each(Client::node()).await;
}
