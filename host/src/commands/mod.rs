//! The commands, one file each. Each file has `run`, which calls the library if the command
//! needs it and gives the answer to the [`Terminal`], and `Arguments` if the command has some.

mod adopt;
mod authorize;
mod completions;
mod component;
mod doctor;
mod explain;
mod import;
mod inspect;
mod inspect_agent;
mod keys;
mod links;
mod login;
mod logout;
mod man;
pub(crate) mod mcp;
mod models;
mod poll;
mod profiles;
mod refresh;
mod rekey;
mod reset;
mod schema;
pub(crate) mod serve;
mod start;
mod status;
#[cfg(feature = "postgres")]
mod store;
mod usage;

use std::future::ready;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::LazyLock;

use chatgpt_oauth::Error;
use chatgpt_oauth::artifact::{WORLDS, World};
use clap::{Parser, Subcommand};

use crate::options::Global;
use crate::output::Terminal;
use crate::signals::Interruption;

/// The version, and the digest of each world's component.
pub(crate) static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut version = env!("CARGO_PKG_VERSION").to_owned();
    for world in WORLDS {
        let World { name, digest, .. } = world;
        version.push_str(&format!("\n{name:<21}  sha256:{digest}"));
    }
    version
});

const EXAMPLES: &str = "\
Examples:
  chatgpt-oauth login                        sign in and wait for the approval
  chatgpt-oauth start                        the same in two steps: begin …
  chatgpt-oauth poll                         … and finish, in any process
  chatgpt-oauth --json status                one JSON object on standard output
  chatgpt-oauth --profile alice usage        on a machine with several people

Exit codes:
  0 ok · 2 usage · 3 retry later · 4 log in (again) · 5 store or key
  6 blocked by policy, region or plan · 7 usage alarm · 1 any other failure
  129, 130, 131, 143 ended by SIGHUP, SIGINT, SIGQUIT, SIGTERM after the running call

This is not OpenAI's product. One profile is one person's own subscription.";

/// Connects a ChatGPT subscription by OpenAI's device-code login. The whole
/// login runs in a WebAssembly sandbox that can reach six URLs and one
/// bucket.
#[derive(Parser)]
#[command(name = "chatgpt-oauth", bin_name = "chatgpt-oauth", version = VERSION.as_str(), after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Once(Once),
    #[command(flatten)]
    Service(Serving),
}

/// The commands that serve until they are told to end.
#[derive(Subcommand)]
pub(crate) enum Serving {
    /// Serve agents and administrators by HTTP, until a signal ends it
    #[command(name = "serve")]
    Http(Box<serve::Arguments>),
    /// Serve the functions as tools to an MCP client, over standard input and output
    Mcp,
}

/// The commands that end by themselves.
#[derive(Subcommand)]
pub(crate) enum Once {
    /// Sign in: show the code, wait for the approval, finish
    Login(login::Arguments),
    /// Show the state of the connection; sends and writes nothing
    Status,
    /// Begin a login, or show the one that waits
    Start,
    /// Check once for the approval, and finish the login
    Poll(poll::Arguments),
    /// Sign out
    Logout(logout::Arguments),
    /// Request a new access token
    Refresh,
    /// List the models of the subscription
    Models(models::Arguments),
    /// Show how much of the subscription is used
    Usage(usage::Arguments),
    /// Show which token a model call would use; print it only with --reveal-token
    Authorize(authorize::Arguments),
    /// Write the WebAssembly component to a file, for another runtime, or print its WIT
    Component(component::Arguments),
    /// Show what a component can reach; fail if it does not match its world
    Inspect(inspect::Arguments),
    /// Say whether an agent may be composed with the component
    InspectAgent(inspect_agent::Arguments),
    /// List or remove profiles
    Profiles(profiles::Arguments),
    /// Make, list, revoke or rotate the API keys of a server
    Keys(keys::Arguments),
    /// Make a link by which the person of the profile signs in, in a browser
    Links(links::Arguments),
    /// Say what an error code means and what to do, or list the codes
    Explain(explain::Arguments),
    /// Sign in with the account that another program on this machine uses
    Import(import::Arguments),
    /// Check component, store, key, network and clock, and suggest fixes
    Doctor,
    /// Seal the store with a new key; the previous one still opens values
    Rekey(rekey::Arguments),
    /// Set the unreadable values of a profile aside
    Reset(reset::Arguments),
    /// Accept the login of a restored backup as the latest one
    Adopt,
    /// Create a store in a database, or move a store into one
    #[cfg(feature = "postgres")]
    Store(store::Arguments),
    /// Print the JSON Schema of every answer
    Schema,
    /// Print a completion script for a shell
    Completions(completions::Arguments),
    /// Write a manual page of each command to a directory
    Man(man::Arguments),
}

/// How a command ends.
type Ended<'a> = Pin<Box<dyn Future<Output = Result<ExitCode, Error>> + 'a>>;

/// Runs a command that ends by itself. Only its own future is made: the largest one of all
/// would be copied on the stack.
pub(crate) fn run<'a>(
    command: Once,
    global: &'a Global,
    terminal: &'a Terminal,
    interruption: Interruption,
) -> Ended<'a> {
    match command {
        Once::Login(arguments) => Box::pin(login::run(arguments, global, terminal, interruption)),
        Once::Status => Box::pin(status::run(global, terminal)),
        Once::Start => Box::pin(start::run(global, terminal)),
        Once::Poll(arguments) => Box::pin(poll::run(arguments, global, terminal)),
        Once::Logout(arguments) => Box::pin(logout::run(arguments, global, terminal)),
        Once::Refresh => Box::pin(refresh::run(global, terminal)),
        Once::Models(arguments) => Box::pin(models::run(arguments, global, terminal)),
        Once::Usage(arguments) => Box::pin(usage::run(arguments, global, terminal, interruption)),
        Once::Authorize(arguments) => Box::pin(authorize::run(arguments, global, terminal)),
        Once::Component(arguments) => at_once(component::run(arguments, terminal)),
        Once::Inspect(arguments) => at_once(inspect::run(arguments, global, terminal)),
        Once::InspectAgent(arguments) => at_once(inspect_agent::run(arguments, terminal)),
        Once::Profiles(arguments) => Box::pin(profiles::run(arguments, global, terminal)),
        Once::Keys(arguments) => Box::pin(keys::run(arguments, global, terminal)),
        Once::Links(arguments) => Box::pin(links::run(arguments, global, terminal)),
        Once::Explain(arguments) => at_once(Ok(explain::run(&arguments, terminal))),
        Once::Import(arguments) => Box::pin(import::run(arguments, global, terminal, interruption)),
        Once::Doctor => Box::pin(doctor::run(global, terminal)),
        Once::Rekey(arguments) => Box::pin(rekey::run(arguments, global, terminal)),
        Once::Reset(arguments) => Box::pin(reset::run(arguments, global, terminal)),
        Once::Adopt => Box::pin(adopt::run(global, terminal)),
        #[cfg(feature = "postgres")]
        Once::Store(arguments) => Box::pin(store::run(arguments, global, terminal)),
        Once::Schema => at_once(Ok(schema::run(terminal))),
        Once::Completions(arguments) => at_once(completions::run(arguments, terminal)),
        Once::Man(arguments) => at_once(man::run(&arguments, terminal)),
    }
}

fn at_once<'a>(ended: Result<ExitCode, Error>) -> Ended<'a> {
    Box::pin(ready(ended))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;

    /// Options that say how to connect. `host/tests/real_logins.rs` shows for each that
    /// it sends no real login elsewhere.
    const HOW_TO_CONNECT: [&str; 3] = ["allow-addresses", "cacert", "connect-to"];

    /// The option that says which component may run.
    const WHO_HAS_LOGINS: [&str; 1] = ["component-digest"];

    /// Options that name the store, its key, the profile and the file of another program:
    /// they choose a login, which the program sends to the same six URLs.
    const WHERE_LOGINS_ARE: [&str; 4] = ["file", "key-file", "profile", "store"];

    /// Options of `serve`, and of `links` about it: they say who connects to it. No request
    /// names another profile or another backend.
    const WHO_CONNECTS: [&str; 9] = [
        "admin-listen",
        "behind-proxy",
        "host",
        "key-rate",
        "key-streams",
        "listen",
        "public-url",
        "tls-cert",
        "tls-key",
    ];

    /// Options that choose what the command does and shows.
    const WHAT_TO_DO: [&str; 29] = [
        "admin",
        "alarm",
        "all",
        "asks",
        "copy",
        "exec",
        "expect",
        "expires",
        "force",
        "help",
        "json",
        "label",
        "no-refresher",
        "open",
        "output",
        "plain",
        "qr",
        "refused",
        "reseal",
        "reveal-token",
        "revoke",
        "scope",
        "take-over",
        "verbose",
        "version",
        "watch",
        "wit",
        "world",
        "yes",
    ];

    fn all(command: &clap::Command) -> Vec<&clap::Arg> {
        let own = command.get_arguments();
        own.chain(command.get_subcommands().flat_map(all)).collect()
    }

    fn program() -> clap::Command {
        let mut program = Arguments::command();
        program.build();
        program
    }

    #[test]
    fn every_option_is_classified_by_what_it_can_redirect() {
        let program = program();
        let known: BTreeSet<_> = all(&program)
            .into_iter()
            .filter_map(clap::Arg::get_long)
            .collect();
        let looked_at = [
            &HOW_TO_CONNECT[..],
            &WHO_HAS_LOGINS,
            &WHERE_LOGINS_ARE,
            &WHO_CONNECTS,
            &WHAT_TO_DO,
        ]
        .concat();
        assert_eq!(
            known,
            looked_at.into_iter().collect(),
            "add the new option to one of the lists: could it send a login elsewhere?"
        );
    }

    #[test]
    fn every_variable_of_the_environment_is_known() {
        let program = program();
        let known: BTreeSet<_> = all(&program)
            .into_iter()
            .filter_map(clap::Arg::get_env)
            .filter_map(std::ffi::OsStr::to_str)
            .collect();
        let looked_at = [
            "CHATGPT_OAUTH_COMPONENT_DIGEST",
            "CHATGPT_OAUTH_KEY_FILE",
            "CHATGPT_OAUTH_PROFILE",
            "CHATGPT_OAUTH_STORE",
        ];
        assert_eq!(known, BTreeSet::from(looked_at));
    }
}
