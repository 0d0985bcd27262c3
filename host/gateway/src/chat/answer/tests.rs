use proptest::prelude::*;

use super::*;
use crate::chat::{Translation, Wishes};

/// How the events name their item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    Index,
    Id,
    Both,
}

/// An item, and how the backend streams it.
#[derive(Clone, Debug)]
struct Item {
    kind: &'static str,
    /// The pieces of its text or input.
    pieces: Vec<String>,
    has_deltas: bool,
    has_done: bool,
    has_item_done: bool,
}

fn item() -> impl Strategy<Value = Item> {
    let kinds = [
        "message",
        "refusal",
        "reasoning",
        "function_call",
        "custom_tool_call",
    ];
    let pieces = proptest::collection::vec("[aé\\\\\"\n ]{0,3}", 0..4);
    (
        proptest::sample::select(kinds.to_vec()),
        pieces,
        any::<[bool; 3]>(),
    )
        .prop_map(
            |(kind, pieces, [has_deltas, has_done, has_item_done])| Item {
                kind,
                pieces,
                has_deltas,
                has_done,
                has_item_done,
            },
        )
}

impl Item {
    fn whole(&self) -> String {
        self.pieces.concat()
    }

    /// The name of its events, and the field of the whole.
    fn events_of(&self) -> (&'static str, &'static str) {
        match self.kind {
            "message" => ("output_text", "text"),
            "refusal" => ("refusal", "refusal"),
            "reasoning" => ("reasoning_summary_text", "text"),
            "function_call" => ("function_call_arguments", "arguments"),
            _ => ("custom_tool_call_input", "input"),
        }
    }

    fn to_json(&self, index: usize, naming: Naming) -> Value {
        let mut item = self.without_id(index);
        if naming != Naming::Index {
            item["id"] = format!("item_{index}").into();
        }
        item
    }

    fn without_id(&self, index: usize) -> Value {
        let text = self.whole();
        match self.kind {
            "message" => {
                let part = json!({"type": "output_text", "text": text, "annotations": []});
                json!({"type": "message", "content": [part]})
            }
            "refusal" => {
                json!({"type": "message", "content": [{"type": "refusal", "refusal": text}]})
            }
            "reasoning" => {
                json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": text}]})
            }
            kind => {
                let (_, field) = self.events_of();
                json!({"type": kind, "call_id": format!("call_{index}"), "name": "f", field: text})
            }
        }
    }

    fn events(&self, index: usize, naming: Naming) -> Vec<Value> {
        let (name, field) = self.events_of();
        let item = self.to_json(index, naming);
        let mut events = vec![json!({"type": "response.output_item.added", "item": {
            "type": item["type"], "id": item["id"], "call_id": item["call_id"], "name": "f",
        }})];
        if self.has_deltas {
            let delta = |piece| json!({"type": format!("response.{name}.delta"), "delta": piece});
            events.extend(self.pieces.iter().map(delta));
        }
        if self.has_done {
            events.push(json!({"type": format!("response.{name}.done"), field: self.whole()}));
        }
        if self.has_item_done {
            events.push(json!({"type": "response.output_item.done", "item": item}));
        }
        for event in &mut events {
            if naming != Naming::Id {
                event["output_index"] = index.into();
            }
            if naming != Naming::Index && event.get("item").is_none() {
                event["item_id"] = item["id"].clone();
            }
        }
        events
    }
}

/// The characters of texts, sorted. The blank lines between texts depend on their order.
fn characters(texts: impl IntoIterator<Item = String>) -> Vec<char> {
    let texts: String = texts.into_iter().collect();
    let mut characters: Vec<_> = texts.chars().filter(|it| *it != '\n').collect();
    characters.sort_unstable();
    characters
}

/// What a client makes of the chunks, field by field.
fn folded(chunks: &[Value]) -> Value {
    let mut message = json!({"role": null, "content": null, "refusal": null, "annotations": []});
    let mut answer = json!({"finish_reason": null, "usage": null});
    let append = |to: &mut Value, text: &Value| {
        let both = to.as_str().unwrap_or_default().to_owned() + text.as_str().unwrap();
        *to = both.into();
    };
    for chunk in chunks {
        answer["usage"] = chunk["usage"].clone();
        let Some(choice) = chunk["choices"].get(0) else {
            continue;
        };
        answer["finish_reason"] = choice["finish_reason"].clone();
        for (name, value) in choice["delta"].as_object().unwrap() {
            match name.as_str() {
                "role" | "annotations" => message[name] = value.clone(),
                "tool_calls" => {
                    let mut grown = value[0].clone();
                    let index = grown.as_object_mut().unwrap().remove("index").unwrap();
                    let index = usize::try_from(index.as_u64().unwrap()).unwrap();
                    if message["tool_calls"].is_null() {
                        message["tool_calls"] = json!([]);
                    }
                    let calls = message["tool_calls"].as_array_mut().unwrap();
                    if index == calls.len() {
                        calls.push(grown);
                        continue;
                    }
                    assert!(
                        grown.get("id").is_none() && grown.get("type").is_none(),
                        "{grown}"
                    );
                    for (tool, field) in [("function", "arguments"), ("custom", "input")] {
                        if let Some(text) = grown[tool].get(field) {
                            append(&mut calls[index][tool][field], text);
                        }
                    }
                }
                // The first chunk has an empty content.
                _ if value == "" => {}
                name => append(&mut message[name], value),
            }
        }
    }
    answer["message"] = message;
    answer
}

proptest! {
    /// Faults: X01 X04 X05 X06 X08 X09
    #[test]
    fn a_collected_answer_is_what_its_chunks_add_up_to(
        items in proptest::collection::vec(item(), 0..5),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 64),
        is_complete in any::<bool>(),
        naming in proptest::sample::select(vec![Naming::Index, Naming::Id, Naming::Both]),
    ) {
        let mut translation = Translation::new("chatcmpl-own".into(), &Wishes::for_tests());
        let (mut steps, mut chunks) = (Vec::new(), Vec::new());
        let mut take = |translation: &Translation, new: Vec<Delta>| {
            chunks.extend(new.iter().filter_map(|delta| delta.to_chunk(translation.head(), true)));
            steps.extend(new);
        };
        // The events of an item come in order, those of several items mixed.
        let mut left: Vec<_> = (0..).zip(&items).map(|(index, item)| item.events(index, naming).into_iter()).collect();
        let mut order = order.iter().cycle();
        loop {
            left.retain(|events| events.len() > 0);
            if left.is_empty() {
                break;
            }
            let chosen = order.next().unwrap().index(left.len());
            let event = left[chosen].next().unwrap();
            let frame = format!("data: {event}\n\n");
            let new = translation.read(frame.as_bytes()).unwrap();
            take(&translation, new);
        }
        let output: Vec<_> = items.iter().enumerate().map(|(index, item)| item.to_json(index, naming)).collect();
        let usage = json!({"input_tokens": 1, "output_tokens": 2, "total_tokens": 3});
        let response = json!({
            "id": "resp_1", "created_at": 7, "model": "m", "usage": usage, "output": output,
            "status": if is_complete { "completed" } else { "incomplete" },
        });
        let raw = serde_json::value::to_raw_value(&response).unwrap();
        let new = translation.end(b"data: {}\n\n", &raw).unwrap();
        take(&translation, new);

        let mut message = Message::default();
        for step in steps {
            message.grow(step);
        }
        let reason = message.finish_reason.unwrap();
        let collected = message.into_json(translation.head(), reason);
        let last = chunks.iter().rfind(|chunk| chunk["choices"].get(0).is_some()).unwrap();
        let folded = folded(&chunks);
        prop_assert_eq!(&collected["choices"][0]["message"], &folded["message"]);
        prop_assert_eq!(&collected["choices"][0]["finish_reason"], &last["choices"][0]["finish_reason"]);
        prop_assert_eq!(&collected["usage"], &folded["usage"]);
        prop_assert_eq!(&collected["id"], &last["id"]);

        // Nothing is lost and nothing doubled.
        let message = &collected["choices"][0]["message"];
        let calls = items.iter().filter(|item| item.kind.ends_with("_call"));
        let mut said: Vec<_> = calls.map(Item::whole).collect();
        let calls = message["tool_calls"].as_array();
        let mut heard: Vec<_> = calls.into_iter().flatten().map(|call| {
            let input = call["function"]["arguments"].as_str().or(call["custom"]["input"].as_str());
            input.unwrap().to_owned()
        }).collect();
        said.sort();
        heard.sort();
        prop_assert_eq!(said, heard);
        for (kind, field) in [("message", "content"), ("refusal", "refusal"), ("reasoning", "reasoning_content")] {
            let said = items.iter().filter(|item| item.kind == kind).map(Item::whole);
            let heard = message[field].as_str().map(str::to_owned);
            prop_assert_eq!(characters(said), characters(heard), "{}", field);
        }
    }
}
