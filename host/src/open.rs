//! Opens what the options name: a store, its keys, a host and a profile. Also begins the
//! log, and makes the errors about arguments.

use std::path::Path;
use std::sync::Arc;

use chatgpt_oauth::api_keys::ApiKeys;
use chatgpt_oauth::artifact::PLATFORM;
use chatgpt_oauth::links::Links;
#[cfg(feature = "postgres")]
use chatgpt_oauth::store::PostgresStore;
use chatgpt_oauth::store::{
    SealedEntries, ServerStore, SqliteStore, StoreKind, StoreLocation, state_directory,
};
use chatgpt_oauth::{Digest, Error, ErrorCode, Host, HostBuilder, Keys, Profile};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use crate::options::Global;
#[cfg(feature = "test-clock")]
use crate::output::clock;
use crate::output::has_colors;

/// How a command uses the store.
#[derive(Clone, Copy)]
pub(crate) enum Access {
    /// Creates nothing and upgrades nothing.
    ReadOnly,
    /// Creates the store if there is none.
    ReadWrite,
}

/// The profile that the options name.
pub(crate) async fn profile(global: &Global, access: Access) -> Result<Profile, Error> {
    let keys = keys(global)?;
    let host = sealed_host(global, access, keys.clone()).await?;
    keys.check()?;
    Ok(host.profile(global.profile.clone()))
}

/// The host that the options describe.
pub(crate) async fn host(global: &Global, access: Access) -> Result<Host, Error> {
    sealed_host(global, access, keys(global)?).await
}

async fn sealed_host(global: &Global, access: Access, keys: Keys) -> Result<Host, Error> {
    if let Some(wanted) = global.component_digest {
        // Before the store, which opening would create or upgrade.
        Digest::of(PLATFORM.component).check(wanted)?;
    }
    let mut builder = Host::builder(store(global, access).await?).keys(keys);
    // Without a home directory there is no place for the marks.
    if let Some(directory) = state_directory() {
        builder = builder.rollback_marks(directory);
    }
    apply_options(builder, global)?.build()
}

fn keys(global: &Global) -> Result<Keys, Error> {
    if let Some(key_file) = &global.key_file {
        return Ok(Keys::in_file(key_file));
    }
    Ok(match location(global)? {
        StoreLocation::Sqlite(file) => Keys::of_store(file),
        #[cfg(feature = "postgres")]
        StoreLocation::Postgres(_) => Keys::of_service()?,
    })
}

/// The API keys in the store that the options name.
pub(crate) async fn api_keys(global: &Global, access: Access) -> Result<ApiKeys, Error> {
    Ok(ApiKeys::new(entries(global, access).await?))
}

/// The links in the store that the options name.
pub(crate) async fn links(global: &Global) -> Result<Links, Error> {
    Ok(Links::new(entries(global, Access::ReadWrite).await?))
}

async fn entries(global: &Global, access: Access) -> Result<SealedEntries, Error> {
    let keys = keys(global)?;
    let store = store(global, access).await?;
    keys.check()?;
    Ok(SealedEntries::new(store, Some(keys)))
}

/// The store that the options name.
async fn store(global: &Global, access: Access) -> Result<Arc<dyn ServerStore>, Error> {
    let kind = kind(global);
    Ok(match (location(global)?, access) {
        (StoreLocation::Sqlite(file), Access::ReadOnly) => {
            Arc::new(SqliteStore::open_read_only(file, kind).await?)
        }
        (StoreLocation::Sqlite(file), Access::ReadWrite) => {
            Arc::new(SqliteStore::open(file, kind).await?)
        }
        #[cfg(feature = "postgres")]
        (StoreLocation::Postgres(url), _) => Arc::new(PostgresStore::open(&url, kind).await?),
    })
}

/// The time that the validity of keys and links counts by, in Unix seconds: that of the store.
pub(crate) fn now(of_store: u64) -> u64 {
    #[cfg(feature = "test-clock")]
    if let Some(time) = clock::of_test() {
        return time;
    }
    of_store
}

/// Applies the options about the network and the component to a builder.
pub(crate) fn apply_options(
    mut builder: HostBuilder,
    global: &Global,
) -> Result<HostBuilder, Error> {
    for connect_to in &global.connect_to {
        builder = builder.connect_to(connect_to.clone());
    }
    builder = builder.allow_addresses(global.allow_addresses.iter().copied());
    for file in &global.cacert {
        let pem = std::fs::read(file).map_err(|error| unreadable(file, &error))?;
        builder = builder.root_certificates(pem);
    }
    if let Some(digest) = global.component_digest {
        builder = builder.component_digest(digest);
    }
    #[cfg(feature = "test-clock")]
    if let Some(file) = std::env::var_os("CHATGPT_OAUTH_TEST_CLOCK") {
        builder = builder.wall_clock_file(file);
    }
    Ok(builder)
}

/// The kind of store that the options ask for.
pub(crate) fn kind(global: &Global) -> StoreKind {
    match global.connect_to.is_empty() {
        true => StoreKind::OpenAi,
        false => StoreKind::Test,
    }
}

/// Where the store is that the options name.
pub(crate) fn location(global: &Global) -> Result<StoreLocation, Error> {
    let location = match &global.store {
        Some(location) => location.parse(),
        None => StoreLocation::of_this_user(kind(global)),
    };
    location.map_err(|error| {
        let mut error = invalid(format!("{}: {error}", global.store_is_from));
        if !global.store_is_from.starts_with("--") {
            CORRECT_THE_VARIABLE.clone_into(&mut error.hint);
        }
        error
    })
}

/// Logs this program's own events on standard error, and warnings always, except those about
/// a request, whose error says the same. Events of other libraries are not logged: they could
/// quote requests and answers.
pub(crate) fn log(verbose: u8) {
    let (level, of_requests) = match verbose {
        0 => (LevelFilter::WARN, LevelFilter::ERROR),
        1 => (LevelFilter::DEBUG, LevelFilter::DEBUG),
        _ => (LevelFilter::TRACE, LevelFilter::TRACE),
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(has_colors(&std::io::stderr()))
        .without_time();
    let ours = Targets::new()
        .with_target("chatgpt_oauth", level)
        .with_target("chatgpt_oauth::sandbox::wasi_http", of_requests);
    tracing_subscriber::registry()
        .with(lines.with_filter(ours))
        .init();
}

/// The hint for a value that comes from a variable.
pub(crate) const CORRECT_THE_VARIABLE: &str =
    "correct or unset the variable; --help shows the options";

/// An error about an argument.
pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error::permanent(
        ErrorCode::InvalidArgument,
        message,
        "correct the argument; --help shows the options",
    )
}

fn unreadable(file: &Path, error: &std::io::Error) -> Error {
    invalid(format!("cannot read {}: {error}", file.display()))
}
