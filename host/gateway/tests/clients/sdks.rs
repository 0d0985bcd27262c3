//! OpenAI's SDKs. Each script makes the same calls and prints the same lines.

use std::path::Path;
use std::process::Command;

use crate::support::TestEnv;
use crate::support::server::{KEY, Server};
use crate::{run, tool};

/// What each script prints.
const SAID: &str = "\
created: Hello from the simulator. You said: Say hi.
streamed: Hello from the simulator. You said: Say hi.
called: weather {\"city\":\"Ulm\"}
answered: Hello from the simulator. weather returned: 21 degrees
";

async fn complete_their_calls(interpreter: &str, script: &str, (name, folder): (&str, String)) {
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
    assert_eq!(run(client).await, SAID);
    assert_eq!(env.calls().len(), 4, "nothing is sent twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openai_python_creates_and_streams_responses() {
    let folder = tool("OPENAI_PYTHON").display().to_string();
    complete_their_calls("python3", "sdk.py", ("PYTHONPATH", folder)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openai_node_creates_and_streams_responses() {
    for package in ["openai", "openai-6"] {
        let folder = tool("OPENAI_NODE_MODULES").join(package);
        let folder = folder.display().to_string();
        complete_their_calls("node", "sdk.mjs", ("OPENAI_NODE", folder)).await;
    }
}
