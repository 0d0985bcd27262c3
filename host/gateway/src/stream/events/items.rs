//! The items of a response: kept when they are finished, and put where they are missing.
//!
//! Nearly no event needs a repair. So a text is first read for what can be wrong with it, and
//! its [`Fields`] are taken apart only to repair it.

use std::collections::BTreeMap;
use std::convert::Infallible;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{self, Fields};
use crate::stream::sse::TooLarge;

/// How many bytes of finished items are kept.
const MOST: usize = 8 << 20;

/// The items of a response so far, by `output_index`.
#[derive(Debug, Default)]
pub(super) struct Items {
    done: BTreeMap<u64, Box<RawValue>>,
    /// The bytes of all finished items.
    size: usize,
    /// The id with which an item was first seen.
    ids: BTreeMap<u64, Box<RawValue>>,
}

/// An event about an item.
#[derive(Deserialize)]
struct ItemEvent<'a> {
    #[serde(borrow)]
    output_index: Option<&'a RawValue>,
    #[serde(borrow)]
    item: &'a RawValue,
}

/// An item.
#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
}

impl<'a> Item<'a> {
    /// The id, if it is a string that is not empty.
    fn id(&self) -> Option<&'a RawValue> {
        let is_id = |id: &&RawValue| id.get().starts_with('"') && id.get() != r#""""#;
        self.id.filter(is_id)
    }

    fn is_reasoning(&self) -> bool {
        self.kind.is_some_and(|kind| kind.get() == r#""reasoning""#)
    }
}

/// An event that ends a response.
#[derive(Deserialize)]
struct LastEvent<'a> {
    #[serde(borrow)]
    response: Response<'a>,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    output: Option<Vec<Item<'a>>>,
}

impl Items {
    /// Notes the id of the item that begins with an event.
    pub(super) fn note_added(&mut self, event: &str) {
        if let Some(event) = read::<ItemEvent<'_>>(event)
            && let Some(index) = number(event.output_index)
            && let Some(item) = read(event.item.get())
        {
            self.note_id(index, &item);
        }
    }

    fn note_id(&mut self, index: u64, item: &Item<'_>) {
        if let Some(id) = item.id() {
            self.ids.entry(index).or_insert_with(|| id.to_owned());
        }
    }

    /// Keeps the item that an event finishes. Returns the event if it was repaired.
    pub(super) fn keep_done(&mut self, event: &str) -> Result<Option<Box<RawValue>>, TooLarge> {
        let Some(ItemEvent { output_index, item }) = read(event) else {
            return Ok(None);
        };
        let Some(parsed) = read(item.get()) else {
            return Ok(None);
        };
        let next = self.done.last_key_value().map_or(0, |(last, _)| last + 1);
        let index = number(output_index).unwrap_or(next);
        let Some(id) = self.right_id(index, &parsed) else {
            self.note_id(index, &parsed);
            self.keep(index, item.to_owned())?;
            return Ok(None);
        };
        let Some(item) = with_field(item.get(), "id", id.to_owned()) else {
            return Ok(None);
        };
        let repaired = with_field(event, "item", item.clone());
        if repaired.is_some() {
            self.keep(index, item)?;
        }
        Ok(repaired)
    }

    fn keep(&mut self, index: u64, item: Box<RawValue>) -> Result<(), TooLarge> {
        self.size += item.get().len();
        if let Some(old) = self.done.insert(index, item) {
            self.size -= old.get().len();
        }
        if self.size > MOST {
            return Err(TooLarge);
        }
        Ok(())
    }

    /// The event that ends the response, repaired; none if its output is right or cannot be
    /// read.
    pub(super) fn repaired(&self, event: &str) -> Option<Box<RawValue>> {
        let LastEvent { response } = read(event)?;
        let items = response.output.unwrap_or_default();
        let is_missing = items.is_empty() && !self.done.is_empty();
        let is_wrong = |(index, item)| self.right_id(index, item).is_some();
        if !is_missing && !(0..).zip(&items).any(is_wrong) {
            return None;
        }
        let fields = Fields::parse(event).ok()?;
        let response = fields.get("response")?;
        let output = match is_missing {
            true => json::raw(&self.done.values().collect::<Vec<_>>()),
            false => self.with_right_ids(Fields::parse(response).ok()?.get("output")?)?,
        };
        with_field(event, "response", with_field(response, "output", output)?)
    }

    fn with_right_ids(&self, items: &str) -> Option<Box<RawValue>> {
        let items = json::rewrite_objects(items, |index, mut fields| {
            let item = Item {
                id: fields.raw("id"),
                kind: fields.raw("type"),
            };
            if let Some(id) = self.right_id(index as u64, &item) {
                fields.set("id", id.to_owned());
            }
            Ok::<_, Infallible>(Some(fields))
        });
        let Ok(items) = items.ok()?;
        Some(items)
    }

    /// The id that an item began with, if the item lost it, or if it is a reasoning item with
    /// another one. Ids are compared as they are written.
    fn right_id(&self, index: u64, item: &Item<'_>) -> Option<&RawValue> {
        let first = self.ids.get(&index)?;
        let is_wrong = match item.id() {
            None => true,
            Some(id) => id.get() != first.get() && item.is_reasoning(),
        };
        is_wrong.then_some(first)
    }
}

/// Reads an object. A list is none, although serde would take its values for the fields.
fn read<'a, T: Deserialize<'a>>(object: &'a str) -> Option<T> {
    let is_object = object.trim_ascii_start().starts_with('{');
    is_object
        .then(|| serde_json::from_str(object).ok())
        .flatten()
}

fn number(value: Option<&RawValue>) -> Option<u64> {
    value?.get().parse().ok()
}

/// The object with another value of a field.
fn with_field(object: &str, name: &str, value: Box<RawValue>) -> Option<Box<RawValue>> {
    let mut fields = Fields::parse(object).ok()?;
    fields.set(name, value);
    Some(fields.to_raw())
}
