//! The description of the routes for links.

use serde_json::{Value, json};

use super::{body, profile, responses};

/// The paths of the links of a profile.
pub(super) fn paths() -> [(String, Value); 2] {
    [
        (
            "/api/v1/me/links".into(),
            json!({"post": create("me", json!([]))}),
        ),
        (
            "/api/v1/profiles/{profile}/links".into(),
            json!({"post": create("profile", json!([profile()]))}),
        ),
    ]
}

fn create(whose: &str, parameters: Value) -> Value {
    let asks = json!({"type": "string", "minLength": 1, "maxLength": 64});
    let mut body = body(&json!({"asks": asks}));
    body["content"]["application/json"]["schema"]["required"] = json!(["asks"]);
    json!({
        "operationId": format!("{whose}_link_create"),
        "summary": "Make a link by which the person of the profile signs in, which is shown once",
        "parameters": parameters,
        "requestBody": body,
        "responses": responses("links create"),
    })
}
