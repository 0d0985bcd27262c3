//! The items of a response: kept when they are finished, and put where they are missing.

use std::collections::BTreeMap;

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
    ids: BTreeMap<u64, String>,
}

impl Items {
    /// Notes the id of an item that begins.
    pub(super) fn note_added(&mut self, event: &Fields<'_>) {
        let item = event.get("item").map(Fields::parse);
        if let (Some(index), Some(Ok(item))) = (output_index(event), item)
            && let Some(id) = id(&item)
        {
            self.ids.entry(index).or_insert(id);
        }
    }

    /// Keeps the finished item of an event. Returns whether the event was repaired.
    pub(super) fn keep_done(&mut self, event: &mut Fields<'_>) -> Result<bool, TooLarge> {
        let next = self.done.last_key_value().map_or(0, |(last, _)| last + 1);
        let index = output_index(event).unwrap_or(next);
        let Some(raw) = event.raw("item") else {
            return Ok(false);
        };
        let Ok(mut item) = Fields::parse(raw.get()) else {
            return Ok(false);
        };
        let is_repaired = self.repair_id(index, &mut item);
        if let Some(id) = id(&item) {
            self.ids.entry(index).or_insert(id);
        }
        let item = match is_repaired {
            true => item.to_raw(),
            false => raw.to_owned(),
        };
        if is_repaired {
            event.set("item", item.clone());
        }
        self.keep(index, item)?;
        Ok(is_repaired)
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

    /// Repairs the output of a response that has ended. Returns whether it was wrong.
    pub(super) fn repair(&self, response: &mut Fields<'_>) -> bool {
        let output = response.given("output").unwrap_or("[]");
        let Ok(mut items) = serde_json::from_str::<Vec<Fields<'_>>>(output) else {
            return false;
        };
        if items.is_empty() && !self.done.is_empty() {
            let done: Vec<_> = self.done.values().collect();
            response.set("output", json::raw(&done));
            return true;
        }
        let mut is_repaired = false;
        for (index, item) in (0..).zip(&mut items) {
            is_repaired |= self.repair_id(index, item);
        }
        if is_repaired {
            let items = json::raw(&items);
            response.set("output", items);
        }
        is_repaired
    }

    /// Gives an item the id that it began with, if it lost it, or if it is a reasoning item
    /// with another one. Returns whether it was so.
    fn repair_id(&self, index: u64, item: &mut Fields<'_>) -> bool {
        let Some(first) = self.ids.get(&index) else {
            return false;
        };
        let is_wrong = match id(item) {
            None => true,
            Some(id) => id != *first && item.string("type").as_deref() == Some("reasoning"),
        };
        if is_wrong {
            item.set("id", json::raw(first));
        }
        is_wrong
    }
}

fn output_index(event: &Fields<'_>) -> Option<u64> {
    event.get("output_index")?.parse().ok()
}

fn id(item: &Fields<'_>) -> Option<String> {
    item.string("id").filter(|id| !id.is_empty())
}
