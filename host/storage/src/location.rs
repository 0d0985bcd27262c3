//! The location of a store: `sqlite:PATH`, `postgres://…`, or this user's default.

use std::env;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::StoreKind;
#[cfg(feature = "postgres")]
use crate::postgres::{InvalidPostgresUrl, PostgresUrl};

/// The name of the directory that holds only stores.
pub(crate) const DIRECTORY: &str = "chatgpt-oauth";

/// The location of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreLocation {
    /// A file: `sqlite:PATH`.
    Sqlite(PathBuf),
    /// A database: `postgres://…`.
    #[cfg(feature = "postgres")]
    Postgres(PostgresUrl),
}

/// The text is not the location of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLocation {
    /// PostgreSQL is not part of this build.
    #[cfg(not(feature = "postgres"))]
    #[error("this build has no support for PostgreSQL; use sqlite:PATH")]
    NoPostgres,
    /// The text has another form.
    #[error("a store is sqlite:PATH{}", or_postgres())]
    Unknown,
    /// The URL of the database has another form.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Postgres(#[from] InvalidPostgresUrl),
    /// There is no home directory for the default store.
    #[error("there is no home directory; name a store, sqlite:PATH")]
    NoHome,
}

fn or_postgres() -> &'static str {
    match cfg!(feature = "postgres") {
        true => " or postgres://USER@HOST/DATABASE",
        false => "",
    }
}

impl StoreLocation {
    /// The location of this user's store: `openai.db`, or `test.db`, in
    /// `$XDG_DATA_HOME/chatgpt-oauth`, by default `~/.local/share/chatgpt-oauth`.
    ///
    /// # Errors
    ///
    /// When there is neither an absolute `XDG_DATA_HOME` nor a home directory.
    pub fn of_this_user(kind: StoreKind) -> Result<Self, InvalidLocation> {
        let data = base_directory("XDG_DATA_HOME", ".local/share");
        let data = data.ok_or(InvalidLocation::NoHome)?;
        let file = format!("{kind}.db");
        Ok(Self::Sqlite(data.join(DIRECTORY).join(file)))
    }
}

/// The directory of this user's marks against restored backups, apart from the stores: `$XDG_STATE_HOME/chatgpt-oauth`, by default
/// `~/.local/state/chatgpt-oauth`. None without a home directory.
#[must_use]
pub fn state_directory() -> Option<PathBuf> {
    let state = base_directory("XDG_STATE_HOME", ".local/state")?;
    Some(state.join(DIRECTORY))
}

/// A base directory of the XDG Base Directory Specification, which ignores a relative path in
/// the variable.
fn base_directory(variable: &str, below_home: &str) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from);
    let named = named.filter(|named| named.is_absolute());
    named.or_else(|| Some(env::home_dir()?.join(below_home)))
}

impl FromStr for StoreLocation {
    type Err = InvalidLocation;

    fn from_str(text: &str) -> Result<Self, InvalidLocation> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(text.parse()?)),
            #[cfg(not(feature = "postgres"))]
            Some(("postgres" | "postgresql", _)) => Err(InvalidLocation::NoPostgres),
            _ => Err(InvalidLocation::Unknown),
        }
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            #[cfg(feature = "postgres")]
            Self::Postgres(url) => fmt::Display::fmt(url, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_after_sqlite_is_a_file() {
        for text in ["sqlite:/var/lib/x.db", "sqlite:x.db", "sqlite:a:b"] {
            let location: StoreLocation = text.parse().unwrap();
            assert_eq!(location.to_string(), text);
        }
    }

    #[test]
    fn another_text_is_no_location() {
        let parse = |text: &str| text.parse::<StoreLocation>();
        for text in ["", "sqlite:", "x.db", "mysql://host/db"] {
            assert_eq!(parse(text), Err(InvalidLocation::Unknown), "{text}");
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn a_url_of_postgres_is_a_database_and_shows_no_password() {
        for scheme in ["postgres", "postgresql"] {
            let url = format!("{scheme}://user:CANARY@host/db");
            let location: StoreLocation = url.parse().unwrap();
            assert!(matches!(location, StoreLocation::Postgres(_)));
            assert_eq!(location.to_string(), "postgres://host/db");
            assert!(!format!("{location:?}").contains("CANARY"));
        }
        let error = "postgres://host:CANARY/db"
            .parse::<StoreLocation>()
            .unwrap_err();
        assert!(!format!("{error} {error:?}").contains("CANARY"));
    }

    #[cfg(not(feature = "postgres"))]
    #[test]
    fn a_missing_backend_is_named_in_the_error() {
        let postgres = "postgres://user:CANARY@host/db".parse::<StoreLocation>();
        assert_eq!(postgres, Err(InvalidLocation::NoPostgres));
        assert!(!InvalidLocation::NoPostgres.to_string().contains("CANARY"));
    }

    #[test]
    fn stores_for_tests_have_a_file_of_their_own() {
        let real = StoreLocation::of_this_user(StoreKind::OpenAi).unwrap();
        let test = StoreLocation::of_this_user(StoreKind::Test).unwrap();
        assert!(real.to_string().ends_with("/chatgpt-oauth/openai.db"));
        assert!(test.to_string().ends_with("/chatgpt-oauth/test.db"));
    }
}
