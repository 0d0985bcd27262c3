//! The arguments of the tools.

use chatgpt_oauth::{Error, ErrorCode};
use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The arguments of `status`, `start` and `refresh`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// The arguments of `poll`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    /// The `pending_id` or the user code that `start` returned; by default the login that waits
    /// for approval
    pub(crate) pending_id: Option<String>,
}

/// The arguments of `logout`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revocation {
    /// Whether the service is also asked to end the login
    #[serde(default)]
    pub(crate) revoke: bool,
}

/// The arguments of `models` and `usage`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cache {
    /// Whether the service is asked even if an earlier answer is kept
    #[serde(default)]
    pub(crate) force: bool,
}

/// Reads the arguments of a call.
///
/// # Errors
///
/// `invalid-argument`, without the arguments: a model may have put anything into them.
pub(crate) fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, Error> {
    serde_json::from_value(Value::Object(arguments)).map_err(|_| {
        Error::permanent(
            ErrorCode::InvalidArgument,
            "the arguments are not those of this tool",
            "the tool's input schema names its arguments and their types",
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> JsonObject {
        let Value::Object(object) = value else {
            panic!("{value} is no object")
        };
        object
    }

    #[test]
    fn an_argument_that_is_left_out_has_its_default() {
        let cache: Cache = read(object(json!({}))).unwrap();
        assert!(!cache.force);
        for none in [json!({}), json!({"pending_id": null})] {
            let login: Login = read(object(none)).unwrap();
            assert_eq!(login.pending_id, None);
        }
    }

    #[test]
    fn an_unknown_argument_and_another_type_are_refused_and_not_repeated() {
        for wrong in [
            json!({"force": "MARKER"}),
            json!({"MARKER": true}),
            json!({"force": null}),
        ] {
            let refused = read::<Cache>(object(wrong)).err().unwrap();
            assert_eq!(refused.code, ErrorCode::InvalidArgument);
            assert!(!format!("{refused:?}").contains("MARKER"), "{refused:?}");
        }
    }
}
