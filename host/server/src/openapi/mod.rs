//! The description of the management API, as OpenAPI 3.1.
//!
//! The answers have the schemas that `chatgpt-oauth schema` prints; only where a schema names
//! a part of itself, the part moves to the components of the document. The OpenAI-compatible
//! endpoint is described by OpenAI's own document.

mod keys;
mod links;
mod schemas;

use std::sync::LazyLock;

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::answer::{self, Answer};

static DOCUMENT: LazyLock<String> = LazyLock::new(|| document().to_string());

/// `GET /openapi.json`
pub(crate) async fn show() -> Answer {
    answer::json(StatusCode::OK, DOCUMENT.clone())
}

/// A function of a profile, as the document describes it.
struct Function {
    name: &'static str,
    method: &'static str,
    summary: &'static str,
    query: Option<Parameter>,
    body: Option<fn() -> Value>,
}

/// A parameter of the query.
struct Parameter {
    name: &'static str,
    schema: fn() -> Value,
    description: &'static str,
}

const FORCE: Parameter = Parameter {
    name: "force",
    schema: || json!({"type": "boolean"}),
    description: "Whether the service is asked even if an earlier answer is kept",
};

const FUNCTIONS: [Function; 7] = [
    Function {
        name: "status",
        method: "get",
        summary: "The state of the connection",
        query: None,
        body: None,
    },
    Function {
        name: "models",
        method: "get",
        summary: "The models of the subscription",
        query: Some(FORCE),
        body: None,
    },
    Function {
        name: "usage",
        method: "get",
        summary: "How much of the subscription is used",
        query: Some(FORCE),
        body: None,
    },
    Function {
        name: "start",
        method: "post",
        summary: "Begin a login, or show the one that waits",
        query: None,
        body: Some(|| json!({})),
    },
    Function {
        name: "poll",
        method: "post",
        summary: "Ask whether the person has approved the login, and finish it",
        query: Some(Parameter {
            name: "wait",
            schema: || json!({"type": "integer", "minimum": 0, "maximum": 25}),
            description: "For so many seconds the server asks again",
        }),
        body: Some(|| json!({"pending_id": {"type": ["string", "null"]}})),
    },
    Function {
        name: "logout",
        method: "post",
        summary: "Sign out",
        query: None,
        body: Some(|| json!({"revoke": {"type": "boolean"}})),
    },
    Function {
        name: "refresh",
        method: "post",
        summary: "Request a new access token",
        query: None,
        body: Some(|| json!({})),
    },
];

fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "chatgpt-oauth",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The connections of people to their own ChatGPT subscriptions. `/api/v1/me` is on the public listener and for keys of a profile; the rest is on the admin listener and for keys of administrators.",
        },
        "paths": paths(),
        "components": {
            "schemas": schemas::components(),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}],
    })
}

fn paths() -> Map<String, Value> {
    let mut paths = Map::new();
    for function in &FUNCTIONS {
        let of_key = function.operation("me", Vec::new());
        paths.insert(format!("/api/v1/me/{}", function.name), of_key);
        let of_profile = function.operation("profile", vec![profile()]);
        let path = format!("/api/v1/profiles/{{profile}}/{}", function.name);
        paths.insert(path, of_profile);
    }
    paths.extend(keys::paths());
    paths.extend(links::paths());
    paths.insert("/api/v1/profiles".into(), json!({"get": list()}));
    paths.insert(
        "/api/v1/profiles/{profile}".into(),
        json!({"delete": remove()}),
    );
    paths
}

impl Function {
    fn operation(&self, whose: &str, mut parameters: Vec<Value>) -> Value {
        let own = self.query.as_ref();
        parameters.extend(own.map(|own| query(own.name, &(own.schema)(), own.description)));
        let mut operation = json!({
            "operationId": format!("{whose}_{}", self.name),
            "summary": self.summary,
            "parameters": parameters,
            "responses": responses(self.name),
        });
        if let Some(properties) = self.body {
            operation["requestBody"] = body(&properties());
        }
        json!({ self.method: operation })
    }
}

fn list() -> Value {
    json!({
        "operationId": "profiles",
        "summary": "The names of the profiles, page by page",
        "parameters": page(&name()),
        "responses": responses("profile-page"),
    })
}

fn remove() -> Value {
    json!({
        "operationId": "profile_remove",
        "summary": "Remove a profile and all its values, without a request to the service",
        "parameters": [
            profile(),
            query("force", &json!({"type": "boolean"}), "Whether a profile that is signed in or unreadable is removed"),
        ],
        "responses": responses("profiles remove"),
    })
}

/// The parameters of a list.
fn page(entry: &Value) -> [Value; 2] {
    let limit = json!({"type": "integer", "minimum": 1, "maximum": 1000, "default": 100});
    [
        query("after", entry, "The page begins after this one"),
        query("limit", &limit, "How many the page has at most"),
    ]
}

fn name() -> Value {
    json!({"type": "string", "pattern": "^[A-Za-z0-9._@+-]{1,64}$"})
}

fn profile() -> Value {
    json!({"name": "profile", "in": "path", "required": true, "schema": name()})
}

fn query(name: &str, schema: &Value, description: &str) -> Value {
    json!({"name": name, "in": "query", "schema": schema, "description": description})
}

fn body(properties: &Value) -> Value {
    let schema = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    // The server takes none for an empty object, but not without the content type.
    json!({"required": true, "content": {"application/json": {"schema": schema}}})
}

/// The answers of an operation: one that succeeds, and two shapes of failure.
fn responses(schema: &str) -> Value {
    let content = |schema: Value| json!({"application/json": {"schema": schema}});
    let success = content(schemas::reference(schema));
    let of_call = schemas::reference("failure");
    let of_server = schemas::reference("refusal");
    let failure = content(json!({"anyOf": [of_call, of_server]}));
    let mut responses = Map::new();
    let answered = json!({"description": "The call succeeded", "content": success});
    responses.insert("200".into(), answered);
    for (status, description) in FAILURES {
        let failed = json!({"description": description, "content": failure});
        responses.insert(status.to_owned(), failed);
    }
    Value::Object(responses)
}

const FAILURES: [(&str, &str); 15] = [
    ("400", "The call must be corrected"),
    ("401", "The key is not valid here"),
    (
        "403",
        "The key, a policy, the region or the plan forbids the call",
    ),
    ("404", "There is nothing at this path, or no such API key"),
    ("405", "The path does not take this method"),
    ("408", "The body did not come in time"),
    (
        "409",
        "The person signs in, or signs in again; the profile holds a login, the API key has ended, or the server has no connect page",
    ),
    ("413", "The body is too large"),
    ("415", "The body is not declared as JSON"),
    ("421", "The request names another host"),
    ("429", "There were too many requests"),
    ("431", "The head of the request is too large"),
    ("500", "The server failed"),
    ("502", "The service sent an unexpected answer"),
    (
        "503",
        "The call succeeds later, or after a repair of the store",
    ),
];

#[cfg(test)]
mod tests;
