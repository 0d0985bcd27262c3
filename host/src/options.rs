//! The options of every command: the profile, the store, its key and the network.

use std::path::PathBuf;

use chatgpt_oauth::{AddressRange, ConnectTo, Digest, ProfileName};
use clap::Args;

/// Options of every command.
#[derive(Args)]
pub(crate) struct Global {
    /// Print one JSON object on standard output, and nothing else there
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Print lines for a screen reader: nothing is drawn or redrawn
    #[arg(long, global = true)]
    pub(crate) plain: bool,

    /// The profile: a name of 1 to 64 of A-Z a-z 0-9 . _ @ + -
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "CHATGPT_OAUTH_PROFILE",
        default_value = "default"
    )]
    pub(crate) profile: ProfileName,

    /// The store: sqlite:PATH or postgres://… [default: a file in the user's data directory]
    // `open` parses it, because an error of clap repeats the value, which may hold a
    // password.
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

    /// The file with the key that seals logins [default: chatgpt-oauth.key in $CREDENTIALS_DIRECTORY, else beside the store]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "CHATGPT_OAUTH_KEY_FILE"
    )]
    pub(crate) key_file: Option<PathBuf>,

    /// Connect to ADDRESS:PORT for HOST:443, as curl does; for a simulator, opens only stores made for tests
    #[arg(long, global = true, value_name = "HOST:443:ADDRESS:PORT")]
    pub(crate) connect_to: Vec<ConnectTo>,

    /// Also trust the certificates of this PEM file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) cacert: Vec<PathBuf>,

    /// Permit non-public addresses in this range, for a VPN or router that answers with fake ones
    #[arg(long, global = true, value_name = "CIDR")]
    pub(crate) allow_addresses: Vec<AddressRange>,

    /// Run only the component with this SHA-256, which `inspect` shows
    #[arg(
        long,
        global = true,
        value_name = "SHA256",
        env = "CHATGPT_OAUTH_COMPONENT_DIGEST"
    )]
    pub(crate) component_digest: Option<Digest>,

    /// Log more than warnings on standard error; twice logs more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}
