//! The seven functions as tools: name, description, schemas and annotations of each.

use std::sync::{Arc, LazyLock};

use chatgpt_oauth::answers::connection::{Logout, Models, Poll, Refresh, Start, Status, Usage};
use chatgpt_oauth::answers::schema;
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::arguments::{Cache, Login, Nothing, Revocation};
use crate::contract;

/// A function of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Status,
    Start,
    Poll,
    Logout,
    Refresh,
    Models,
    Usage,
}

/// The tools, in the order of [`Function::ALL`].
static TOOLS: LazyLock<Vec<Tool>> =
    LazyLock::new(|| Function::ALL.iter().map(|it| it.describe()).collect());

impl Function {
    /// All functions, in the order of the contract.
    const ALL: [Self; 7] = [
        Self::Status,
        Self::Start,
        Self::Poll,
        Self::Logout,
        Self::Refresh,
        Self::Models,
        Self::Usage,
    ];

    /// The function with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// The tools of all functions.
    pub(crate) fn tools() -> &'static [Tool] {
        &TOOLS
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Start => "start",
            Self::Poll => "poll",
            Self::Logout => "logout",
            Self::Refresh => "refresh",
            Self::Models => "models",
            Self::Usage => "usage",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Status => "ChatGPT connection",
            Self::Start => "Begin a ChatGPT login",
            Self::Poll => "Finish a ChatGPT login",
            Self::Logout => "Sign out of ChatGPT",
            Self::Refresh => "Refresh the ChatGPT login",
            Self::Models => "Models of the ChatGPT subscription",
            Self::Usage => "Usage of the ChatGPT subscription",
        }
    }

    fn describe(self) -> Tool {
        let (input, output) = match self {
            Self::Status => schemas::<Nothing, Status>(),
            Self::Start => schemas::<Nothing, Start>(),
            Self::Poll => schemas::<Login, Poll>(),
            Self::Logout => schemas::<Revocation, Logout>(),
            Self::Refresh => schemas::<Nothing, Refresh>(),
            Self::Models => schemas::<Cache, Models>(),
            Self::Usage => schemas::<Cache, Usage>(),
        };
        Tool::new(self.name(), contract::description(self.name()), input)
            .with_title(self.title())
            .with_raw_output_schema(output)
            .with_annotations(self.annotations())
    }

    /// Hints for a client that asks its person before some calls.
    fn annotations(self) -> ToolAnnotations {
        // `models` and `usage` may refresh the token, which the person and the client do not see.
        let is_read_only = matches!(self, Self::Status | Self::Models | Self::Usage);
        ToolAnnotations::new()
            .read_only(is_read_only)
            .destructive(self == Self::Logout)
            // A refresh a minute later replaces the access token again.
            .idempotent(self != Self::Refresh)
            // It alone sends no request.
            .open_world(self != Self::Status)
    }
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
