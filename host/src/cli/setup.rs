//! From the options to a profile in a host.

use std::io::IsTerminal;
use std::path::Path;

use chatgpt_oauth::store::{SqliteStore, StoreError, StoreKind, StoreLocation};
use chatgpt_oauth::{Error, ErrorCode, Host, Profile};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use super::arguments::Global;

/// How a command uses the store.
#[derive(Clone, Copy)]
pub(crate) enum Access {
    /// Makes nothing and upgrades nothing.
    ReadOnly,
    /// Makes the store if there is none.
    ReadWrite,
}

/// The profile that the options name.
pub(crate) async fn profile(global: &Global, access: Access) -> Result<Profile, Error> {
    let host = host(global, access).await?;
    Ok(host.profile(global.profile.clone()))
}

/// The host that the options describe.
pub(crate) async fn host(global: &Global, access: Access) -> Result<Host, Error> {
    let mut builder = Host::builder(store(global, access).await?);
    for connect_to in &global.connect_to {
        builder = builder.connect_to(connect_to.clone());
    }
    for file in &global.cacert {
        let pem = std::fs::read(file).map_err(|error| unreadable(file, &error))?;
        builder = builder.root_certificates(pem);
    }
    #[cfg(feature = "test-clock")]
    if let Some(file) = std::env::var_os("CHATGPT_OAUTH_TEST_CLOCK") {
        builder = builder.wall_clock_file(file);
    }
    builder.build()
}

async fn store(global: &Global, access: Access) -> Result<SqliteStore, Error> {
    let kind = match global.connect_to.is_empty() {
        true => StoreKind::OpenAi,
        false => StoreKind::Test,
    };
    let location = match &global.store {
        Some(location) => location.parse(),
        None => StoreLocation::of_this_user(kind),
    };
    let StoreLocation::Sqlite(path) =
        location.map_err(|error| invalid(format!("--store: {error}")))?;
    let opened: Result<SqliteStore, StoreError> = match access {
        Access::ReadOnly => SqliteStore::open_read_only(path, kind).await,
        Access::ReadWrite => SqliteStore::open(path, kind).await,
    };
    Ok(opened?)
}

/// Lets this program's own events out, on standard error: warnings always.
/// Those of the libraries below stay in: they could quote what goes over the wire.
pub(crate) fn log(verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .without_time();
    let ours = Targets::new().with_target("chatgpt_oauth", level);
    tracing_subscriber::registry()
        .with(lines.with_filter(ours))
        .init();
}

/// An error for what a person typed.
pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error::lasting(
        ErrorCode::InvalidArgument,
        message,
        "correct the argument; --help shows the options",
    )
}

fn unreadable(file: &Path, error: &std::io::Error) -> Error {
    invalid(format!("cannot read {}: {error}", file.display()))
}
