//! The description of the routes for API keys.

use serde_json::{Value, json};

use super::{body, page, profile, responses};

/// The paths of the API keys of a profile.
pub(super) fn paths() -> [(String, Value); 3] {
    let of_all = json!({"get": list(), "post": create()});
    let of_one = json!({"delete": revoke()});
    [
        ("/api/v1/profiles/{profile}/keys".into(), of_all),
        ("/api/v1/profiles/{profile}/keys/{id}".into(), of_one),
        (
            "/api/v1/profiles/{profile}/keys/{id}/rotate".into(),
            json!({"post": rotate()}),
        ),
    ]
}

fn list() -> Value {
    let [after, limit] = page(&id_schema());
    json!({
        "operationId": "keys",
        "summary": "The API keys of the profile, without their secrets, page by page",
        "parameters": [profile(), after, limit],
        "responses": responses("key-page"),
    })
}

fn create() -> Value {
    json!({
        "operationId": "key_create",
        "summary": "Make an API key, which is shown once",
        "parameters": [profile()],
        "requestBody": body(&json!({
            "scopes": {"type": ["array", "null"], "items": {"enum": ["read", "onboarding", "inference"]}, "minItems": 1},
            "label": {"type": "string", "maxLength": 64, "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"},
            "expires_in_seconds": {"type": ["integer", "null"], "minimum": 1, "maximum": u32::MAX},
        })),
        "responses": responses("keys create"),
    })
}

fn revoke() -> Value {
    json!({
        "operationId": "key_revoke",
        "summary": "End an API key at once",
        "parameters": [profile(), id()],
        "responses": responses("keys revoke"),
    })
}

fn rotate() -> Value {
    json!({
        "operationId": "key_rotate",
        "summary": "Make an API key that replaces another, which is valid for 24 more hours",
        "parameters": [profile(), id()],
        "requestBody": body(&json!({})),
        "responses": responses("keys rotate"),
    })
}

fn id() -> Value {
    json!({"name": "id", "in": "path", "required": true, "schema": id_schema()})
}

fn id_schema() -> Value {
    json!({"type": "string", "pattern": "^[0-9A-Za-z]{10}$"})
}
