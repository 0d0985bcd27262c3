//! `inspect-agent`: says whether an agent may be composed with a world.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chatgpt_oauth::answers::True;
use chatgpt_oauth::answers::operations::InspectAgent;
use chatgpt_oauth::{Error, ErrorCode};
use chatgpt_oauth_packaging::World;
use chatgpt_oauth_packaging::inspect::{Agent, COMPOSABLE};
use clap::Args;
use clap::builder::PossibleValuesParser;

use super::inspect;
use crate::open;
use crate::output::Terminal;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The agent's component
    file: PathBuf,

    /// The world that the agent is to be composed with
    #[arg(
        long,
        value_name = "WORLD",
        default_value = World::OnboardingFilesystem.name(),
        value_parser = PossibleValuesParser::new(COMPOSABLE.map(World::name)),
    )]
    world: String,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Error> {
    let mut worlds = COMPOSABLE.into_iter();
    let world = worlds.find(|world| world.name() == arguments.world);
    let world = world.ok_or_else(|| open::invalid("unknown world"))?;
    let file = &arguments.file;
    let agent = Agent::of(&inspect::read(file)?)
        .map_err(|error| open::invalid(format!("{}: {error}", file.display())))?;
    check(&agent, world, file)?;
    let answer = InspectAgent {
        ok: True,
        component: file.display().to_string(),
        world: world.name().to_owned(),
    };
    Ok(terminal.answer(&answer, || {
        let file = file.display();
        format!("{file} may be composed with {world}: it imports no store of the login")
    }))
}

/// Fails if the agent imports no connection, or could read the login.
fn check(agent: &Agent, world: World, file: &Path) -> Result<(), Error> {
    let file = file.display();
    if !agent.imports_connection() {
        return Err(Error::permanent(
            ErrorCode::InvalidArgument,
            format!("{file} does not import chatgpt:oauth/connection"),
            "import it in the agent's world; `chatgpt-oauth component --wit` prints its package",
        ));
    }
    let shared = agent.shared_with(world);
    if shared.is_empty() {
        return Ok(());
    }
    Err(Error::permanent(
        ErrorCode::EgressDenied,
        format!(
            "composed with {world}, {file} could read the login: it imports {}",
            shared.join(", ")
        ),
        "build the agent without these imports (Rust: wasm32-unknown-unknown, Python: \
         componentize-py --stub-wasi), or run it in a sandbox of its own",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The agent `(component (import …))` with these imports.
    fn agent(imports: &[&str]) -> Agent {
        let imports = imports.iter();
        let imports = imports.map(|name| format!("(import {name:?} (instance))"));
        let text = format!("(component {})", imports.collect::<String>());
        Agent::of(&wat::parse_str(text).unwrap()).unwrap()
    }

    fn refusal(imports: &[&str], world: World) -> Option<Error> {
        check(&agent(imports), world, Path::new("agent.wasm")).err()
    }

    const CONNECTION: &str = "chatgpt:oauth/connection@0.1.0";

    #[test]
    fn an_agent_shares_a_store_in_any_version_and_nothing_else() {
        let files = [CONNECTION, "wasi:filesystem/types@0.2.9"];
        let values = [CONNECTION, "wasi:keyvalue/atomics@0.2.0-draft2"];
        let http = [CONNECTION, "wasi:http/types@0.2.0", "wasi:io/poll@0.2.0"];
        for (imports, shares) in [
            (&files[..], [true, false, false]),
            (&values[..], [false, true, true]),
            (&http[..], [false, false, false]),
            (&[CONNECTION][..], [false, false, false]),
        ] {
            let refused = COMPOSABLE.map(|world| refusal(imports, world));
            assert_eq!(
                refused.each_ref().map(Option::is_some),
                shares,
                "{imports:?}"
            );
            for refusal in refused.into_iter().flatten() {
                assert_eq!(refusal.code, ErrorCode::EgressDenied);
                assert!(refusal.message.ends_with(imports[1]), "{}", refusal.message);
            }
        }
    }

    #[test]
    fn an_agent_without_the_connection_is_refused() {
        let refused = refusal(&["wasi:io/poll@0.2.0"], World::Onboarding).unwrap();
        assert_eq!(refused.code, ErrorCode::InvalidArgument);
        let other_version = ["chatgpt:oauth/connection@0.1.7"];
        assert!(refusal(&other_version, World::Onboarding).is_none());
    }
}
