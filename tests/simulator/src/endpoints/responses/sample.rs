//! The simplest value of a JSON Schema, for arguments and structured answers.

use serde_json::{Value, json};

pub(super) fn of(schema: &Value) -> Value {
    value(schema, schema, 0)
}

/// Deeper values are null: a schema can contain itself.
const DEPTH: usize = 16;

fn value(schema: &Value, root: &Value, depth: usize) -> Value {
    if depth > DEPTH {
        return Value::Null;
    }
    let inner = |schema| value(schema, root, depth + 1);
    if let Some(reference) = schema["$ref"].as_str() {
        return root
            .pointer(reference.trim_start_matches('#'))
            .map_or(Value::Null, inner);
    }
    if let Some(constant) = schema.get("const") {
        return constant.clone();
    }
    for choices in ["enum", "anyOf", "oneOf", "allOf"] {
        if let Some(first) = schema[choices].get(0) {
            return if choices == "enum" {
                first.clone()
            } else {
                inner(first)
            };
        }
    }
    match kind(schema) {
        "object" => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties
                .map(|(name, property)| (name.clone(), inner(property)))
                .collect()
        }
        "array" => {
            let least = schema["minItems"].as_u64().unwrap_or(1).min(8);
            (0..least).map(|_| inner(&schema["items"])).collect()
        }
        "string" => json!("sample"),
        "integer" => json!(schema["minimum"].as_i64().unwrap_or(1)),
        "number" => json!(schema["minimum"].as_f64().unwrap_or(1.5)),
        "boolean" => json!(true),
        _ => Value::Null,
    }
}

/// The type; the first one of several.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str).unwrap_or_default(),
        kind => kind.as_str().unwrap_or_default(),
    }
}
