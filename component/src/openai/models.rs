//! `GET /backend-api/codex/models`: the models of the subscription
//! (docs/protocol.md, Models).

use crate::contract::Model;
use crate::json::{self, Object, Value};
use crate::openai::claims::Claims;
use crate::ports::HttpRequest;
use crate::secret::Secret;
use crate::text::{join, sanitize};
use alloc::string::String;
use alloc::vec::Vec;

/// The prefix of a model's name outside OpenAI.
const PREFIX: &str = "openai-codex/";

/// The client version to send: the service is reported to return every model for
/// it, and to hide newer models from real old versions.
pub(crate) const UNGATED_VERSION: &str = "0.0.0";

/// The client version to send if the first list is empty: that of the Codex CLI
/// in November 2026.
pub(crate) const RECENT_VERSION: &str = "0.169.0";

/// The longest response, in bytes: each model has several KiB of instructions.
const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;

/// The largest number of models that is kept.
const MODELS_MAX: usize = 500;

/// The largest size of the kept models as JSON, in bytes: a cache of 256 KiB has
/// room for them and the other fields.
const KEPT_MAX: usize = 240 * 1024;

/// The largest number of levels or modalities of a model.
const WORDS_MAX: usize = 20;

pub(crate) fn request(
    client_version: &str,
    access: &Secret,
    account: &Claims,
    timeout: u64,
) -> HttpRequest {
    let path = join(&["/backend-api/codex/models?client_version=", client_version]);
    super::backend_get(path, access, account, timeout, MAX_RESPONSE_BYTES)
}

/// Reads the models to list from a response, in the service's order, up to the number
/// that is kept. An unreadable entry is left out. `None` when the response has no list.
pub(crate) fn read(body: &[u8]) -> Option<Vec<Model>> {
    let body = json::parse_leniently(body)?;
    let Value::List(entries) = &body["models"] else {
        return None;
    };
    let mut first: Vec<&Value> = Vec::new();
    for entry in entries.iter().filter(|entry| is_listed(entry)) {
        let place = first.partition_point(|other| rank(other) <= rank(entry));
        // A duplicate slug is listed at its first rank.
        let is_twin = |other: &&Value| other["slug"] == entry["slug"];
        if first[..place].iter().any(is_twin) {
            continue;
        }
        first.retain(|other| !is_twin(other));
        first.insert(place, entry);
        first.truncate(MODELS_MAX);
    }
    let mut models: Vec<Model> = first.into_iter().filter_map(model).collect();
    while to_cache(&models).to_bytes().len() > KEPT_MAX {
        models.truncate(models.len() / 2);
    }
    Some(models)
}

fn is_listed(entry: &Value) -> bool {
    entry["visibility"].as_str() == Some("list") && model(entry).is_some()
}

fn rank(entry: &Value) -> i64 {
    priority(entry).unwrap_or(i64::MAX)
}

fn priority(entry: &Value) -> Option<i64> {
    match entry["priority"] {
        Value::Float(number) if number.abs() < 9e15 => Some(number as i64),
        ref whole => whole.as_i64(),
    }
}

/// The models as they are cached: in the form of the service, without the fields
/// that are not read.
pub(crate) fn to_cache(models: &[Model]) -> Value {
    let entries = models.iter().map(|model| Value::Object(entry(model)));
    Value::List(entries.collect())
}

/// The models of a cached list.
pub(crate) fn from_cache(kept: &Value) -> Vec<Model> {
    kept.items().iter().filter_map(model).collect()
}

/// The ids of the models of a cached list.
pub(crate) fn ids_from_cache(kept: &Value) -> Vec<String> {
    kept.items()
        .iter()
        .filter_map(slug)
        .map(|slug| id(&slug))
        .collect()
}

fn slug(entry: &Value) -> Option<String> {
    sanitize(entry["slug"].as_str()?, 100).filter(|slug| !slug.contains(' '))
}

fn id(slug: &str) -> String {
    join(&[PREFIX, slug])
}

fn model(entry: &Value) -> Option<Model> {
    let text = |field: &str, limit| entry[field].as_str().and_then(|text| sanitize(text, limit));
    let slug = slug(entry)?;
    Some(Model {
        id: id(&slug),
        slug,
        display_name: text("display_name", 100),
        description: text("description", 500),
        priority: priority(entry),
        context_window: entry["context_window"].as_whole(),
        default_reasoning_level: text("default_reasoning_level", 40),
        reasoning_levels: words(&entry["supported_reasoning_levels"], "effort"),
        input_modalities: words(&entry["input_modalities"], ""),
    })
}

/// The texts of a list, or of that field of its items.
fn words(list: &Value, field: &str) -> Vec<String> {
    let word = |item: &Value| sanitize(item[field].as_str().or(item.as_str())?, 40);
    let mut words = Vec::new();
    for word in list.items().iter().filter_map(word).take(WORDS_MAX) {
        words.push(word);
    }
    words
}

fn entry(model: &Model) -> Object {
    let list = |words: &[String]| Value::List(words.iter().map(|word| (&**word).into()).collect());
    Object::default()
        .with("slug", &*model.slug)
        .with("display_name", model.display_name.as_deref())
        .with("description", model.description.as_deref())
        .with(
            "priority",
            model.priority.map_or(Value::Null, Value::Integer),
        )
        .with("context_window", model.context_window)
        .with(
            "default_reasoning_level",
            model.default_reasoning_level.as_deref(),
        )
        .with("supported_reasoning_levels", list(&model.reasoning_levels))
        .with("input_modalities", list(&model.input_modalities))
}

#[cfg(test)]
mod tests {
    use super::{MODELS_MAX, from_cache, read, to_cache};
    use serde_json::{Value, json};

    fn listed(slug: &str, changes: Value) -> Value {
        let entry = json!({"slug": slug, "visibility": "list"});
        crate::testing::fakes::changed(entry, changes)
    }

    #[track_caller]
    fn slugs(models: Value) -> Vec<String> {
        let body = json!({"models": models}).to_string();
        let models = read(body.as_bytes()).expect("a list");
        models.into_iter().map(|model| model.slug).collect()
    }

    /// Faults: F15
    #[test]
    fn a_duplicate_slug_is_listed_once_at_its_first_rank() {
        let twice = [
            listed("m-1", json!({"priority": 3, "description": "later"})),
            listed("m-2", json!({"priority": 2})),
            listed("m-1", json!({"priority": 1.0, "description": "first"})),
            listed("m-1", json!({})),
        ];
        let mut many = vec![listed("m-1", json!({"priority": 9})); 600];
        many.extend(twice);
        let models = read(json!({"models": many}).to_string().as_bytes()).expect("a list");
        let slugs: Vec<&str> = models.iter().map(|model| &*model.slug).collect();
        assert_eq!(slugs, ["m-1", "m-2"]);
        assert_eq!(models[0].description.as_deref(), Some("first"));
        assert_eq!(models[0].priority, Some(1));
    }

    #[test]
    fn the_lowest_priority_comes_first_and_equals_keep_their_order() {
        let models = json!([
            listed("last", json!({})),
            listed("b", json!({"priority": 2})),
            listed("odd", json!({"priority": "1"})),
            listed("a", json!({"priority": 1})),
            listed("c", json!({"priority": 2})),
            listed("first", json!({"priority": -1})),
        ]);
        assert_eq!(slugs(models), ["first", "a", "b", "c", "last", "odd"]);
    }

    /// Faults: P26
    #[test]
    fn only_what_is_to_be_listed_is_and_an_empty_list_is_one() {
        assert_eq!(slugs(json!([])), [""; 0]);
        let models = json!([
            listed("hidden", json!({"visibility": "hide"})),
            listed("none", json!({"visibility": null})),
            listed("m", json!({"brand_new": {"x": [1]}})),
        ]);
        assert_eq!(slugs(models), ["m"]);
    }

    /// Faults: P26
    #[test]
    fn an_unreadable_entry_is_left_out_of_the_list() {
        let many: Vec<String> = (0..300).map(|n| format!("\"{n}\":0")).collect();
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        for bad in [
            "7",
            "null",
            "[]",
            r#"{"visibility":"list"}"#,
            r#"{"visibility":"list","slug":7}"#,
            r#"{"visibility":"list","slug":"a b"}"#,
            r#"{"visibility":"list","slug":""}"#,
            r#"{"visibility":"list","x":{"a":1,"a":2}}"#,
            &format!("{{{}}}", many.join(",")),
            &deep,
        ] {
            let good = listed("good", json!({}));
            let body = format!(r#"{{"models":[{bad},{good}]}}"#);
            let models = read(body.as_bytes()).expect("a list");
            assert_eq!(models.len(), 1, "{bad:.60}");
            assert_eq!(models[0].slug, "good");
        }
        let twice = r#"{"models":[{"slug":"a","slug":"b","visibility":"list"}]}"#;
        assert_eq!(read(twice.as_bytes()).expect("a list").len(), 1);
    }

    /// Faults: P26
    #[test]
    fn of_too_many_the_first_in_the_services_order_are_kept() {
        let models: Vec<Value> = (0..5000)
            .map(|n| listed(&format!("m-{n}"), json!({"priority": 5000 - n})))
            .collect();
        let kept = slugs(json!(models));
        assert_eq!(kept.len(), MODELS_MAX);
        assert_eq!((&*kept[0], &*kept[499]), ("m-4999", "m-4500"));
    }

    /// Faults: M27
    #[test]
    fn the_kept_list_always_fits_the_cache() {
        let wide = "\u{1f600}".repeat(600);
        let words: Vec<&str> = vec![&wide; 25];
        let models: Vec<Value> = (0..600)
            .map(|n| {
                let texts = json!({
                    "display_name": wide, "description": wide, "default_reasoning_level": wide,
                    "supported_reasoning_levels": words, "input_modalities": words,
                });
                listed(&format!("m-{n}"), if n < 40 { texts } else { json!({}) })
            })
            .collect();
        let models = read(json!({"models": models}).to_string().as_bytes()).expect("a list");
        assert!(models.len() > 10, "{}", models.len());
        let cached = crate::json::Object::default().with("body", to_cache(&models));
        assert!(cached.to_bytes().len() < 250 * 1024);
    }

    #[test]
    fn a_cached_list_is_read_as_it_was() {
        let full = listed(
            "m",
            json!({
                "display_name": "M\u{1b}[2J", "description": "d".repeat(900), "priority": 3,
                "context_window": 272_000, "default_reasoning_level": "low",
                "supported_reasoning_levels": [{"effort": "low", "description": "x"}, {"effort": "max"}, 7],
                "input_modalities": ["text", "image"], "base_instructions": "x".repeat(9000),
            }),
        );
        let body = json!({"models": [full, listed("n", json!({}))]}).to_string();
        let models = read(body.as_bytes()).expect("a list");
        let again = from_cache(&to_cache(&models));
        assert_eq!(format!("{again:?}"), format!("{models:?}"));
        assert_eq!(models[0].id, "openai-codex/m");
        assert_eq!(models[0].display_name.as_deref(), Some("M[2J"));
        assert_eq!(models[0].description.as_ref().map(String::len), Some(500));
        assert_eq!(models[0].reasoning_levels, ["low", "max"]);
        assert_eq!(models[1].input_modalities, [""; 0]);
    }

    #[test]
    fn anything_but_a_list_of_models_is_none() {
        for body in ["", "[]", "{}", r#"{"models":{}}"#, r#"{"data":[]}"#, "{"] {
            assert!(read(body.as_bytes()).is_none(), "{body}");
        }
    }
}
