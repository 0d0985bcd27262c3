//! `POST /backend-api/codex/responses/compact`: a conversation, shortened by a model. JSON in, JSON out.

use serde_json::{Value, json};

use super::call::Call;
use super::{accept, rules};
use crate::http::{Answer, Request};
use crate::issuer::{Arrival, Issuer};
use crate::random;
use crate::script::Item;

pub(in crate::endpoints) fn answer(issuer: &Issuer, request: &Request, arrival: Arrival) -> Answer {
    match accept(issuer, request, arrival, rules::OF_COMPACT) {
        Ok(call) => Answer::json(200, &compacted(&call)),
        Err(refused) => refused,
    }
}

/// The user's messages stay as they are; one item stands for the rest.
fn compacted(call: &Call<'_>) -> Value {
    let messages = call.input().iter().filter(|item| item["role"] == "user");
    let output: Vec<Value> = messages
        .cloned()
        .chain([Item::compaction().into_value()])
        .collect();
    let input_tokens = call.input_tokens();
    json!({
        "id": random::id("resp_"),
        "object": "response.compaction",
        "created_at": call.now,
        "output": output,
        "usage": {
            "input_tokens": input_tokens,
            "input_tokens_details": { "cached_tokens": 0 },
            "output_tokens": 1,
            "output_tokens_details": { "reasoning_tokens": 0 },
            "total_tokens": input_tokens + 1,
        },
    })
}
