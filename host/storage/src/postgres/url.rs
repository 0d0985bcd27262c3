//! The URL of a database.

use std::fmt;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

/// The URL of a database, `postgres://[[USER[:PASSWORD]@]HOST[:PORT]]/DATABASE[?OPTIONS]`, as
/// libpq reads it: with `PGPASSFILE` and the other variables `PG…`, and with
/// `?host=/DIRECTORY&user=USER` for a Unix socket. Neither `Debug` nor `Display` shows user, password or
/// options.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

impl PostgresUrl {
    /// The options of a connection to this database.
    pub(super) fn options(&self) -> Option<PgConnectOptions> {
        self.0.parse().ok()
    }
}

/// The text is no URL of a database. It does not repeat the text, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a database is postgres://USER@HOST/DATABASE, or postgres:///DATABASE?host=/DIRECTORY")]
pub struct InvalidPostgresUrl;

impl FromStr for PostgresUrl {
    type Err = InvalidPostgresUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPostgresUrl> {
        let has_scheme = ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| text.starts_with(scheme));
        let url = Self(text.to_owned());
        match has_scheme && url.options().is_some() {
            true => Ok(url),
            false => Err(InvalidPostgresUrl),
        }
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let after_scheme = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let without_options = after_scheme.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = match without_options.split_once('/') {
            Some((authority, path)) => (authority, path),
            None => (without_options, ""),
        };
        let host = authority.rsplit('@').next().unwrap_or_default();
        write!(f, "postgres://{host}/{path}")
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_shows_neither_user_nor_password_nor_options() {
        for (text, shown) in [
            (
                "postgres://db.example/chatgpt",
                "postgres://db.example/chatgpt",
            ),
            (
                "postgresql://USER:CAN%40ARY@db.example:5433/chatgpt?sslrootcert=/CANARY",
                "postgres://db.example:5433/chatgpt",
            ),
            (
                "postgres:///chatgpt?host=/run/postgresql&password=CANARY",
                "postgres:///chatgpt",
            ),
            ("postgres://USER@[::1]/chatgpt", "postgres://[::1]/chatgpt"),
        ] {
            let url: PostgresUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), shown);
        }
    }

    #[test]
    fn another_text_is_no_url_of_a_database_and_is_not_repeated() {
        for text in [
            "",
            "postgres",
            "mysql://CANARY@host/db",
            "postgres://host:CANARY/db",
        ] {
            let error = text.parse::<PostgresUrl>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("CANARY"));
        }
    }
}
