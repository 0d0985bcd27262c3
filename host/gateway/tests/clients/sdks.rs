//! OpenAI's SDKs. Each script makes the same calls and prints the same lines.

use std::path::Path;
use std::process::Command;

use crate::support::TestEnv;
use crate::support::server::{KEY, Server};
use crate::{run, tool};

/// What each script of responses prints.
const RESPONSES: &str = "\
created: Hello from the simulator. You said: Say hi.
streamed: Hello from the simulator. You said: Say hi.
called: weather {\"city\":\"Ulm\"}
answered: Hello from the simulator. weather returned: 21 degrees
";

/// What each script of chat completions prints.
const CHAT: &str = "\
created: Hello from the simulator. You said: Say hi.
streamed: Hello from the simulator. You said: Say hi.
called: weather {\"city\":\"Ulm\"}
answered: Hello from the simulator. weather returned: 21 degrees
parsed: sample 1
seen: 'Hello from the simulator. You said: look\\n[input_image]'
refused: stop
";

/// A client that a script runs in.
struct Client {
    interpreter: &'static str,
    /// The variable that names the folder of its packages, and the folder.
    packages: (&'static str, String),
}

impl Client {
    fn python() -> Self {
        Self {
            interpreter: "python3",
            packages: ("PYTHONPATH", tool("OPENAI_PYTHON").display().to_string()),
        }
    }

    /// Both versions that are in use.
    fn node() -> [Self; 2] {
        ["openai", "openai-6"].map(|package| {
            let folder = tool("OPENAI_NODE_MODULES").join(package);
            Self {
                interpreter: "node",
                packages: ("OPENAI_NODE", folder.display().to_string()),
            }
        })
    }
}

/// Runs a script, and compares what it prints and how many calls it makes.
async fn complete_their_calls(client: Client, script: &str, said: &str, calls: usize) {
    let Client {
        interpreter,
        packages: (name, folder),
    } = client;
    let env = TestEnv::signed_in().await;
    let server = Server::start(env.access.clone()).await;
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    let mut client = Command::new(interpreter);
    client
        .arg(scripts.join(script))
        .env(name, folder)
        .env("OPENAI_BASE_URL", server.base_url())
        .env("OPENAI_API_KEY", KEY)
        .env("NO_PROXY", "127.0.0.1");
    assert_eq!(run(client).await, said);
    assert_eq!(env.calls().len(), calls, "nothing is sent twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openai_python_creates_and_streams_responses() {
    complete_their_calls(Client::python(), "sdk.py", RESPONSES, 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openai_node_creates_and_streams_responses() {
    for client in Client::node() {
        complete_their_calls(client, "sdk.mjs", RESPONSES, 4).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openai_python_creates_and_streams_chat_completions() {
    complete_their_calls(Client::python(), "chat.py", CHAT, 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openai_node_creates_and_streams_chat_completions() {
    for client in Client::node() {
        complete_their_calls(client, "chat.mjs", CHAT, 6).await;
    }
}
