//! What can be typed.

use std::path::PathBuf;
use std::sync::LazyLock;

use chatgpt_oauth::artifact::{EDITIONS, Edition};
use chatgpt_oauth::{ConnectTo, Digest, ProfileName};
use clap::{Args, Parser, Subcommand};

/// The version, and which component runs and which are written out.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut version = env!("CARGO_PKG_VERSION").to_owned();
    for edition in &EDITIONS {
        let Edition { name, digest, .. } = edition;
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
  chatgpt-oauth --profile alice usage        for a machine with several people

Exit codes:
  0 ok · 2 usage · 3 retry later · 4 log in (again) · 5 store or key
  6 blocked by policy, region or plan · 1 anything else
  129, 130, 143 asked to end by SIGHUP, SIGINT, SIGTERM: the call under way ended first

This is not OpenAI's product. One profile is one person's own subscription.";

/// Connects a ChatGPT subscription by OpenAI's device-code login. The whole
/// login runs in a WebAssembly sandbox that can reach six addresses and one
/// bucket.
#[derive(Parser)]
#[command(name = "chatgpt-oauth", version = VERSION.as_str(), after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Args)]
pub(crate) struct Global {
    /// Print one JSON object on standard output, and nothing else there
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Whose connection: a name of 1 to 64 of A-Z a-z 0-9 . _ @ + -
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "CHATGPT_OAUTH_PROFILE",
        default_value = "default"
    )]
    pub(crate) profile: ProfileName,

    /// Where connections are kept: sqlite:PATH [default: a file in the user's data directory]
    // Parsed later, by what does not repeat it: it may hold a password.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "CHATGPT_OAUTH_STORE",
        hide_env_values = true
    )]
    pub(crate) store: Option<String>,

    /// The option or the variable that gives `store`
    #[arg(skip = "--store")]
    pub(crate) store_is_from: &'static str,

    /// The file of the key that logins are sealed with [default: chatgpt-oauth.key in $CREDENTIALS_DIRECTORY, else beside the store]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "CHATGPT_OAUTH_KEY_FILE"
    )]
    pub(crate) key_file: Option<PathBuf>,

    /// Connect to ADDRESS:PORT for HOST:443, as curl does; for a simulator, opens stores made for tests only
    #[arg(long, global = true, value_name = "HOST:443:ADDRESS:PORT")]
    pub(crate) connect_to: Vec<ConnectTo>,

    /// Trust the certificates of this PEM file too
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) cacert: Vec<PathBuf>,

    /// Run no component but the one of this SHA-256, which `inspect` shows
    #[arg(
        long,
        global = true,
        value_name = "SHA256",
        env = "CHATGPT_OAUTH_COMPONENT_DIGEST"
    )]
    pub(crate) component_digest: Option<Digest>,

    /// Say on standard error what happens; twice says more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// The commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Sign in: show the code, wait for the approval, finish
    Login(super::login::Arguments),
    /// Say where the connection stands; reads only
    Status,
    /// Begin a login, or show the one that waits
    Start,
    /// Ask once whether the login is approved, and finish it
    Poll(super::poll::Arguments),
    /// Sign out
    Logout(super::logout::Arguments),
    /// Get a new access token now
    Refresh,
    /// List the models of the subscription
    Models(super::models::Arguments),
    /// Say how much of the subscription is used
    Usage(super::usage::Arguments),
    /// Say which token a model call would use; show it only if asked to
    Authorize(super::authorize::Arguments),
    /// Write the WebAssembly component to a file, for another runtime
    Component(super::component::Arguments),
    /// Say what a component can reach; fail if that is more than the contract
    Inspect(super::inspect::Arguments),
    /// List or remove profiles
    Profiles(super::profiles::Arguments),
    /// Look at store, key, network and clock, and say what mends what is wrong
    Doctor,
    /// Seal the store with a new key; the one before still opens
    Rekey(super::rekey::Arguments),
    /// Set aside what is stored of a profile and cannot be read
    Reset(super::reset::Arguments),
    /// Take a login from a restored backup for the latest one
    Adopt,
    /// Print a completion script for a shell
    Completions(super::completions::Arguments),
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;

    /// Options that say how to connect. `host/tests/real_logins.rs` shows for each that
    /// it carries no real login elsewhere.
    const HOW_TO_CONNECT: [&str; 2] = ["cacert", "connect-to"];

    /// The option that says which component may have it.
    const WHO_HAS_LOGINS: [&str; 1] = ["component-digest"];

    /// Options that say where the store and its key are, and whose login it is: a
    /// login is used where it is found, at the same six addresses.
    const WHERE_LOGINS_ARE: [&str; 3] = ["key-file", "profile", "store"];

    /// Options that say what to do and what to show.
    const WHAT_TO_DO: [&str; 13] = [
        "edition",
        "expect",
        "force",
        "help",
        "json",
        "output",
        "refused",
        "reseal",
        "reveal-token",
        "revoke",
        "verbose",
        "version",
        "wit",
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
    fn no_option_says_where_a_real_login_goes() {
        let program = program();
        let known: BTreeSet<_> = all(&program)
            .into_iter()
            .filter_map(clap::Arg::get_long)
            .collect();
        let looked_at = [
            &HOW_TO_CONNECT[..],
            &WHO_HAS_LOGINS,
            &WHERE_LOGINS_ARE,
            &WHAT_TO_DO,
        ]
        .concat();
        assert_eq!(
            known,
            looked_at.into_iter().collect(),
            "a new option is told apart here: could it lead a login elsewhere?"
        );
    }

    #[test]
    fn no_variable_of_the_environment_does() {
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
