//! The arguments of a call, from CBOR.

use serde::Deserialize;

/// The arguments of all tools. The host has checked them against the schema of the tool.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Arguments {
    /// The login that `poll` checks.
    pub pending_id: Option<String>,
    /// Whether `logout` revokes the login.
    pub revoke: bool,
    /// Whether `models` and `usage` pass over the cache.
    pub force: bool,
}

impl Arguments {
    /// Reads a map.
    ///
    /// # Errors
    ///
    /// If the bytes are no map of known arguments.
    pub fn read(cbor: &[u8]) -> Result<Self, String> {
        ciborium::from_reader(cbor).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    #[test]
    fn an_empty_map_has_the_defaults_and_a_given_argument_is_read() {
        assert_eq!(Arguments::read(&[0xa0]), Ok(Arguments::default()));
        let force = Arguments {
            force: true,
            ..Arguments::default()
        };
        assert_eq!(Arguments::read(b"\xa1\x65force\xf5"), Ok(force));
    }

    #[test]
    fn what_is_no_map_of_known_arguments_is_refused() {
        for cbor in [
            &b""[..],
            b"\xf5",
            b"\xa1\x65foree\xf5",
            b"\xa1\x65force\x01",
            b"\xa1\x65force",
        ] {
            assert!(Arguments::read(cbor).is_err(), "{cbor:?}");
        }
    }
}
