//! The tools: what ACT shows of each, and the function that it calls.

use crate::call::{self, Call};

/// A tool: one of the seven functions.
pub struct Tool {
    /// Its name, which is the function's.
    pub name: &'static str,
    /// What it does, for a model.
    pub description: &'static str,
    /// The JSON Schema of its arguments.
    pub parameters: &'static str,
    /// Whether it leaves the login as it is.
    pub is_read_only: bool,
    /// Whether it deletes something.
    pub is_destructive: bool,
    /// Calls the function.
    pub call: Call,
}

const NONE: &str = r#"{"type":"object","properties":{},"additionalProperties":false}"#;
const POLL: &str = r#"{"type":"object","properties":{"pending_id":{"type":"string","description":"The pending_id or the user code that start returned; by default the login that waits"}},"additionalProperties":false}"#;
const LOGOUT: &str = r#"{"type":"object","properties":{"revoke":{"type":"boolean","description":"Also ask OpenAI to end the login, which may end the person's other Codex sessions"}},"additionalProperties":false}"#;
const FORCE: &str = r#"{"type":"object","properties":{"force":{"type":"boolean","description":"Ask OpenAI instead of the cache"}},"additionalProperties":false}"#;

/// All tools.
pub const ALL: [Tool; 7] = [
    Tool {
        name: "status",
        description: "Returns the state of the ChatGPT connection: account, plan, models, usage, next step. \
            Sends no request.",
        parameters: NONE,
        is_read_only: true,
        is_destructive: false,
        call: call::status,
    },
    Tool {
        name: "start",
        description: "Begins a login, or returns the one that waits. Call it only when the person asks to sign in. \
            Show them the URL and the code, then wait until they say that they are done.",
        parameters: NONE,
        is_read_only: false,
        is_destructive: false,
        call: call::start,
    },
    Tool {
        name: "poll",
        description: "Checks once whether the person has approved the login, and finishes it if so. Call it when the \
            person says that they are done, never in a loop.",
        parameters: POLL,
        is_read_only: false,
        is_destructive: false,
        call: call::poll,
    },
    Tool {
        name: "logout",
        description: "Signs out on this machine.",
        parameters: LOGOUT,
        is_read_only: false,
        is_destructive: true,
        call: call::logout,
    },
    Tool {
        name: "refresh",
        description: "Requests a new access token. Call it to test or repair a login.",
        parameters: NONE,
        is_read_only: false,
        is_destructive: false,
        call: call::refresh,
    },
    Tool {
        name: "models",
        description: "Lists the models of the subscription.",
        parameters: FORCE,
        is_read_only: true,
        is_destructive: false,
        call: call::models,
    },
    Tool {
        name: "usage",
        description: "Returns how much of the subscription is used.",
        parameters: FORCE,
        is_read_only: true,
        is_destructive: false,
        call: call::usage,
    },
];

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::ALL;

    #[test]
    fn each_tool_has_a_schema_that_allows_nothing_else() {
        for tool in ALL {
            let schema: Value = serde_json::from_str(tool.parameters).unwrap();
            assert_eq!(schema["type"], "object", "{}", tool.name);
            assert_eq!(schema["additionalProperties"], false, "{}", tool.name);
        }
    }
}
