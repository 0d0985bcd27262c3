//! The schemas of the answers, as components of an OpenAPI document.

use chatgpt_oauth_answers::schema;
use serde_json::{Map, Value, json};

const DEFINITIONS: &str = "#/$defs/";
const COMPONENTS: &str = "#/components/schemas/";

/// The schema of each answer, and of the parts that they share.
pub(super) fn components() -> Map<String, Value> {
    let mut components = Map::new();
    for (name, schema) in schema::all() {
        let mut schema = schema.to_value();
        if let Some(fields) = schema.as_object_mut() {
            fields.remove("$schema");
            if let Some(Value::Object(parts)) = fields.remove("$defs") {
                components.extend(parts.into_iter().map(|(name, part)| (name, moved(part))));
            }
        }
        components.insert(component(name), moved(schema));
    }
    components
}

/// A reference to the schema of an answer.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("{COMPONENTS}{}", component(name))})
}

/// The name of an answer's schema: a component has no space in its name. Names of parts are
/// written in another way, so that none is the same.
fn component(name: &str) -> String {
    name.replace(' ', "-")
}

/// The schema with references to where the parts are now.
fn moved(schema: Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let fields = fields
                .into_iter()
                .map(|(name, value)| match (&*name, &value) {
                    ("$ref", Value::String(part)) => {
                        let part = part.replace(DEFINITIONS, COMPONENTS);
                        (name, Value::String(part))
                    }
                    _ => (name, moved(value)),
                });
            Value::Object(fields.collect())
        }
        Value::Array(items) => items.into_iter().map(moved).collect(),
        other => other,
    }
}
