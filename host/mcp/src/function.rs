//! The seven functions as tools: name, description, schemas and annotations of each.

use std::sync::{Arc, LazyLock};

use chatgpt_oauth::answers::connection::{Logout, Models, Poll, Refresh, Start, Status, Usage};
use chatgpt_oauth::answers::{Function, schema};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::arguments::{Cache, Login, Nothing, Revocation};
use crate::contract;

/// The tools, in the order of [`Function::ALL`].
static TOOLS: LazyLock<Vec<Tool>> =
    LazyLock::new(|| Function::ALL.into_iter().map(describe).collect());

/// The tools of all functions.
pub(crate) fn tools() -> &'static [Tool] {
    &TOOLS
}

fn describe(function: Function) -> Tool {
    let (input, output) = match function {
        Function::Status => schemas::<Nothing, Status>(),
        Function::Start => schemas::<Nothing, Start>(),
        Function::Poll => schemas::<Login, Poll>(),
        Function::Logout => schemas::<Revocation, Logout>(),
        Function::Refresh => schemas::<Nothing, Refresh>(),
        Function::Models => schemas::<Cache, Models>(),
        Function::Usage => schemas::<Cache, Usage>(),
    };
    let name = function.name();
    Tool::new(name, contract::description(name), input)
        .with_title(title(function))
        .with_raw_output_schema(output)
        .with_annotations(annotations(function))
}

const fn title(function: Function) -> &'static str {
    match function {
        Function::Status => "ChatGPT connection",
        Function::Start => "Begin a ChatGPT login",
        Function::Poll => "Finish a ChatGPT login",
        Function::Logout => "Sign out of ChatGPT",
        Function::Refresh => "Refresh the ChatGPT login",
        Function::Models => "Models of the ChatGPT subscription",
        Function::Usage => "Usage of the ChatGPT subscription",
    }
}

/// Hints for a client that asks its person before some calls.
fn annotations(function: Function) -> ToolAnnotations {
    // `models` and `usage` may refresh the token, which the person and the client do not see.
    let is_read_only = matches!(
        function,
        Function::Status | Function::Models | Function::Usage
    );
    ToolAnnotations::new()
        .read_only(is_read_only)
        .destructive(function == Function::Logout)
        // A refresh a minute later replaces the access token again.
        .idempotent(function != Function::Refresh)
        // It alone sends no request.
        .open_world(function != Function::Status)
}

/// The schemas of the arguments and of the result.
fn schemas<I: JsonSchema, O: JsonSchema>() -> (Arc<JsonObject>, Arc<JsonObject>) {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let input = settings.into_generator().into_root_schema_for::<I>();
    (object(input), object(schema::or_failure::<O>()))
}

fn object(schema: schemars::Schema) -> Arc<JsonObject> {
    match schema.to_value() {
        Value::Object(object) => Arc::new(object),
        other => unreachable!("the schema of an object is an object: {other}"),
    }
}
