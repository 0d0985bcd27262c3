//! The agent's only tool.

use serde_json::{Value, json};

/// The tool, as a model wants it described.
pub fn description() -> Value {
    json!({
        "type": "function",
        "name": "count_letter",
        "description": "Counts how often a letter is in a text.",
        "strict": true,
        "parameters": {
            "type": "object",
            "properties": { "text": { "type": "string" }, "letter": { "type": "string" } },
            "required": ["text", "letter"],
            "additionalProperties": false,
        },
    })
}

/// Runs a call of the model. Returns the item that answers it.
pub fn run(call: &Value) -> Value {
    let arguments = call["arguments"].as_str().unwrap_or_default();
    let output = match serde_json::from_str::<Value>(arguments) {
        Ok(arguments) => count_letter(&arguments),
        Err(error) => format!("these arguments are no JSON: {error}"),
    };
    json!({ "type": "function_call_output", "call_id": call["call_id"], "output": output })
}

fn count_letter(arguments: &Value) -> String {
    let (Some(text), Some(letter)) = (arguments["text"].as_str(), arguments["letter"].as_str())
    else {
        return "the arguments are a text and a letter".into();
    };
    text.matches(letter).count().to_string()
}
