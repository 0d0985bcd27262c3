//! What an error of the database says about the store.

use std::borrow::Cow;
use std::io::ErrorKind;

use sqlx::Error;

use crate::StoreError;

/// The text for a broken connection.
pub(super) const BROKEN: &str = "the connection to the database broke";

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(error) => of_state(&error.code().unwrap_or(Cow::Borrowed("?"))),
            Error::PoolTimedOut => Self::Busy,
            // Not its text: it can repeat the URL.
            Error::Configuration(_) | Error::InvalidArgument(_) => {
                Self::Unusable("the URL or an option of the database is not valid".into())
            }
            Error::Tls(_) => {
                Self::Unusable("the database has no TLS, which it needs on another machine".into())
            }
            // So the TLS library reports a handshake that fails.
            Error::Io(error) if error.kind() == ErrorKind::InvalidData => Self::Unusable(
                "the certificate of the database is not valid here: it needs one for the host of \
                 the URL, from a known authority or that of sslrootcert"
                    .into(),
            ),
            Error::ColumnDecode { .. }
            | Error::Decode(_)
            | Error::TypeNotFound { .. }
            | Error::ColumnNotFound(_)
            | Error::ColumnIndexOutOfBounds { .. } => Self::Corrupt,
            Error::Io(error) => Self::unavailable(format!("no connection: {}", error.kind())),
            _ => Self::unavailable(BROKEN),
        }
    }
}

/// Whether the connection broke, or the server is ending it.
pub(super) fn is_broken(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Protocol(_) => true,
        Error::Database(error) => {
            let state = error.code().unwrap_or_default();
            state.starts_with("08") || matches!(&*state, "57P01" | "57P02" | "57P03")
        }
        _ => false,
    }
}

/// By the [codes](https://www.postgresql.org/docs/current/errcodes-appendix.html) of the SQL
/// standard and of PostgreSQL. The server's text is not shown: it can quote values.
fn of_state(state: &str) -> StoreError {
    let unusable = |why: &str| StoreError::Unusable(format!("{why} (SQLSTATE {state})"));
    let unavailable = |why: &str| StoreError::Unavailable(format!("{why} (SQLSTATE {state})"));
    match state {
        // A serialization failure, a deadlock, a lock that is not available, a canceled
        // statement, too many connections.
        "40001" | "40P01" | "55P03" | "57014" | "53300" => StoreError::Busy,
        "53100" | "53200" => StoreError::Full,
        "25006" => StoreError::ReadOnly,
        "XX001" | "XX002" => StoreError::Damaged,
        "3D000" => unusable("there is no such database"),
        "42501" => unusable("this user of the database may not do that"),
        _ if state == "3F000" || state.starts_with("42") => {
            unusable("the database has another layout than this program knows")
        }
        _ if state.starts_with("28") => unusable("the database does not admit this user"),
        "57P01" | "57P02" | "57P03" => unavailable("the server is starting or ending"),
        _ if state.starts_with("08") => unavailable(BROKEN),
        "26000" => unavailable("a proxy has changed the connection"),
        _ => unavailable("the database answered with an error"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_says_whether_waiting_or_a_person_helps() {
        for (states, expected) in [
            (
                &["40001", "40P01", "55P03", "57014", "53300"][..],
                StoreError::Busy,
            ),
            (&["53100", "53200"], StoreError::Full),
            (&["25006"], StoreError::ReadOnly),
            (&["XX001", "XX002"], StoreError::Damaged),
        ] {
            for state in states {
                assert_eq!(of_state(state), expected, "{state}");
            }
        }
        for state in ["28P01", "28000", "3D000", "42501", "42P01", "3F000"] {
            let error = of_state(state);
            assert!(
                matches!(error, StoreError::Unusable(_)),
                "{state}: {error:?}"
            );
        }
        for state in ["08006", "57P01", "57P02", "57P03", "26000", "XX000", "?"] {
            let error = of_state(state);
            assert!(
                matches!(error, StoreError::Unavailable(_)),
                "{state}: {error:?}"
            );
            assert!(error.may_pass(false));
        }
    }

    #[test]
    fn a_url_with_a_password_is_not_repeated() {
        let error = Error::Configuration("postgres://user:CANARY@host".into());
        assert!(!StoreError::from(error).to_string().contains("CANARY"));
    }
}
