//! How many tokens a call has cost, in the words of chat completions.

use serde_json::{Map, Value, json};

/// The usage; none if the backend tells none, since zeros would be counted.
pub(super) fn translated(usage: &Value) -> Option<Value> {
    let input = usage["input_tokens"].as_u64()?;
    let output = usage["output_tokens"].as_u64()?;
    let total = usage["total_tokens"].as_u64();
    let known = |details: &Value, names: &[&str]| -> Map<String, Value> {
        let named = names.iter().filter(|name| details[**name].is_u64());
        named
            .map(|name| ((*name).to_owned(), details[*name].clone()))
            .collect()
    };
    let input_details = &usage["input_tokens_details"];
    let output_details = &usage["output_tokens_details"];
    Some(json!({
        "prompt_tokens": input,
        "completion_tokens": output,
        "total_tokens": total.unwrap_or_else(|| input.saturating_add(output)),
        "prompt_tokens_details": known(input_details, &["cached_tokens", "cache_write_tokens"]),
        "completion_tokens_details": known(output_details, &["reasoning_tokens"]),
    }))
}
