//! Runs an agent once:
//!
//!     agent-runtime agent.wasm 'How many r are in strawberry?'

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use agent_runtime::Runtime;
use chatgpt_oauth::store::{SqliteStore, StoreKind};
use chatgpt_oauth::{ConnectTo, Host, Keys, ProfileName};
use clap::Parser;

/// Runs an agent that uses its person's ChatGPT subscription.
#[derive(Parser)]
struct Arguments {
    /// The agent: a component of the world `example:agent/agent`.
    agent: PathBuf,
    /// What the agent is to do.
    task: String,
    /// Whose agent it is.
    #[arg(long, default_value = "default")]
    person: ProfileName,
    /// The file of all logins. Its key is in a file beside it.
    #[arg(long, default_value = "logins/agents.db")]
    store: PathBuf,
    /// For tests: connects a host to a simulator, as `auth.openai.com:443:127.0.0.1:8443`.
    #[arg(long)]
    connect_to: Vec<ConnectTo>,
    /// For tests: the roots of the simulator, in PEM.
    #[arg(long)]
    cacert: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<String, Box<dyn Error>> {
    let cacert = arguments.cacert.as_ref().map(fs::read).transpose()?;
    let host = host(&arguments, cacert).await;
    let host = host.map_err(|error| format!("{error}: {}", error.hint))?;
    let runtime = Runtime::new(host.clone())?;
    let file = arguments.agent.display();
    let component = fs::read(&arguments.agent).map_err(|error| format!("{file}: {error}"))?;
    let agent = runtime.load(&component);
    let agent = agent.map_err(|error| format!("{file}: {error}"))?;
    let person = host.profile(arguments.person);
    let said = runtime.run(&agent, &person, &arguments.task).await?;
    host.drain().await;
    said.map_err(|said| format!("the agent failed: {said}").into())
}

async fn host(
    arguments: &Arguments,
    cacert: Option<Vec<u8>>,
) -> Result<Host, chatgpt_oauth::Error> {
    let kind = match arguments.connect_to.is_empty() {
        true => StoreKind::OpenAi,
        false => StoreKind::Test,
    };
    let store = SqliteStore::open(&arguments.store, kind).await?;
    let mut host = Host::builder(store).keys(Keys::of_store(&arguments.store));
    if let Some(pem) = cacert {
        host = host.root_certificates(pem);
    }
    for connect_to in &arguments.connect_to {
        host = host.connect_to(connect_to.clone());
    }
    host.build()
}
