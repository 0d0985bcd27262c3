use std::collections::BTreeSet;

use chatgpt_oauth_answers::schema;
use http::Method;

use super::*;
use crate::routes;

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// The schema that the document has under a name, with its parts inside of it again.
fn whole(document: &Value, name: &str) -> Value {
    let components = &document["components"]["schemas"];
    let mut schema = components[name.replace(' ', "-")].clone();
    let mut parts = Map::new();
    let mut waiting = vec![schema.clone()];
    while let Some(next) = waiting.pop() {
        let mut found = Vec::new();
        references(&next, &mut found);
        for part in found {
            let part = part.strip_prefix("#/components/schemas/").unwrap();
            if parts
                .insert(part.to_owned(), components[part].clone())
                .is_none()
            {
                waiting.push(components[part].clone());
            }
        }
    }
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    if !parts.is_empty() {
        schema["$defs"] = Value::Object(parts);
    }
    let text = schema
        .to_string()
        .replace("#/components/schemas/", "#/$defs/");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_answers_have_the_schemas_that_the_command_prints() {
    let document = document();
    for (name, schema) in schema::all() {
        assert_eq!(whole(&document, name), schema.to_value(), "{name}");
    }
}

#[test]
fn every_reference_leads_to_a_component() {
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    let found: BTreeSet<_> = found.into_iter().collect();
    assert!(found.len() > 15, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths
        .values()
        .flat_map(|path| path.as_object().unwrap().values());
    let names: Vec<_> = operations
        .map(|it| it["operationId"].as_str().unwrap())
        .collect();
    let unique: BTreeSet<_> = names.iter().collect();
    assert_eq!(names.len(), 22);
    assert_eq!(unique.len(), names.len());
}

#[test]
fn a_path_takes_the_methods_of_its_operations() {
    let document = document();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let operations: BTreeSet<_> = operations.as_object().unwrap().keys().cloned().collect();
        let one = path
            .replace("{profile}", "ada")
            .replace("{id}", "0123456789");
        let route = routes::at(&one);
        let methods = route
            .methods
            .iter()
            .filter(|method| **method != Method::HEAD);
        let methods: BTreeSet<_> = methods
            .map(|method| method.as_str().to_ascii_lowercase())
            .collect();
        assert_eq!((route.name, methods), (&**path, operations));
    }
}
