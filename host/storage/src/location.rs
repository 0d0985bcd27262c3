//! The location of a store: `sqlite:PATH`, or this user's default.

use std::env;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::StoreKind;

/// The name of the directory that holds only stores.
pub(crate) const DIRECTORY: &str = "chatgpt-oauth";

/// The location of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreLocation {
    /// A file: `sqlite:PATH`.
    Sqlite(PathBuf),
}

/// The text is not the location of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLocation {
    /// PostgreSQL is not part of this build.
    #[error("this build has no support for PostgreSQL; use sqlite:PATH")]
    NoPostgres,
    /// The text has another form.
    #[error("a store is sqlite:PATH")]
    Unknown,
    /// There is no home directory for the default store.
    #[error("there is no home directory; name a store, sqlite:PATH")]
    NoHome,
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
            Some(("postgres" | "postgresql", _)) => Err(InvalidLocation::NoPostgres),
            _ => Err(InvalidLocation::Unknown),
        }
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Sqlite(path) = self;
        write!(f, "sqlite:{}", path.display())
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
    fn a_missing_backend_is_named_in_the_error() {
        let parse = |text: &str| text.parse::<StoreLocation>();
        let postgres = "postgres://user:CANARY@host/db";
        assert_eq!(parse(postgres), Err(InvalidLocation::NoPostgres));
        assert!(!InvalidLocation::NoPostgres.to_string().contains("CANARY"));
        for text in ["", "sqlite:", "x.db", "mysql://host/db"] {
            assert_eq!(parse(text), Err(InvalidLocation::Unknown), "{text}");
        }
    }

    #[test]
    fn stores_for_tests_have_a_file_of_their_own() {
        let real = StoreLocation::of_this_user(StoreKind::OpenAi).unwrap();
        let test = StoreLocation::of_this_user(StoreKind::Test).unwrap();
        assert!(real.to_string().ends_with("/chatgpt-oauth/openai.db"));
        assert!(test.to_string().ends_with("/chatgpt-oauth/test.db"));
    }
}
