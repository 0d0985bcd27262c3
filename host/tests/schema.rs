//! Every answer in the scenarios matches the schema that `schema` prints.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn schemas() -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"))
        .arg("schema")
        .output()
        .unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The commands of a scenario with the JSON that they print, without abridged answers.
fn answers(scenario: &str) -> Vec<(String, Value)> {
    let mut command = String::new();
    let mut found = Vec::new();
    for line in scenario.lines() {
        if let Some(typed) = line.strip_prefix("$ ") {
            typed.clone_into(&mut command);
        } else if line.starts_with('{') && !line.contains(",[..]") {
            found.push((command.clone(), parse(line)));
        }
    }
    found
}

/// Replaces `[..]`, which stands for any text, and outside of quotes for a number.
fn parse(line: &str) -> Value {
    let line = line.replace(":[..]", ":1");
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// The name of the schema of a command's answers.
fn name(command: &str) -> String {
    let words: Vec<_> = command
        .split_whitespace()
        .skip_while(|word| *word != "chatgpt-oauth")
        .skip(1)
        .collect();
    if words.contains(&"--version") {
        return "version".to_owned();
    }
    let takes_value = |word: &str| matches!(word, "--profile" | "--store" | "--key-file");
    let mut words = words.into_iter();
    let mut names = Vec::new();
    while let Some(word) = words.next() {
        if takes_value(word) {
            words.next();
        } else if !word.starts_with('-') {
            names.push(word);
        }
    }
    match names[..] {
        [
            command @ ("import" | "keys" | "links" | "profiles" | "store"),
            action,
            ..,
        ] => format!("{command} {action}"),
        [name, ..] => name.to_owned(),
        [] => "failure".to_owned(),
    }
}

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().path()).collect()
}

#[test]
fn every_answer_of_the_scenarios_fits_its_schema_with_every_field() {
    let schemas = schemas();
    let mut checked = 0;
    for file in scenarios() {
        for (command, answer) in answers(&std::fs::read_to_string(&file).unwrap()) {
            let name = match answer["ok"] == false && answer.get("component").is_none() {
                true => "failure".to_owned(),
                false => name(&command),
            };
            let schema = schemas
                .get(&name)
                .unwrap_or_else(|| panic!("{name}: {command}"));
            let validator = jsonschema::validator_for(schema).unwrap();
            let errors: Vec<_> = validator
                .iter_errors(&answer)
                .map(|it| it.to_string())
                .collect();
            assert!(
                errors.is_empty(),
                "{}: {command}: {errors:?}",
                file.display()
            );
            checked += 1;
        }
    }
    assert!(checked > 10, "{checked}");
}

#[test]
fn an_answer_without_a_field_or_with_another_type_does_not_fit() {
    let schemas = schemas();
    let validator = jsonschema::validator_for(&schemas["refresh"]).unwrap();
    let whole = serde_json::json!({
        "ok": true, "status": "refreshed", "expires_at": 1, "expires_in_seconds": null,
    });
    assert!(validator.is_valid(&whole));
    for (field, value) in [("ok", Value::from(false)), ("expires_at", Value::from("1"))] {
        let mut wrong = whole.clone();
        wrong[field] = value;
        assert!(!validator.is_valid(&wrong), "{field}");
    }
    for field in ["ok", "status", "expires_at", "expires_in_seconds"] {
        let mut less = whole.clone();
        less.as_object_mut().unwrap().remove(field);
        assert!(!validator.is_valid(&less), "{field}");
    }
}
