//! Which item an event is about, and which items are complete.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

/// The items so far, by their `output_index`.
#[derive(Debug, Default)]
pub(super) struct Items {
    /// The `output_index` of each item, by its ids.
    indexes: HashMap<String, u64>,
    /// How many bytes these ids have.
    size: usize,
    /// The item that began last.
    latest: Option<u64>,
    highest: Option<u64>,
    finished: BTreeSet<u64>,
}

impl Items {
    /// How many bytes the ids have.
    pub(super) const fn size(&self) -> usize {
        self.size
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.indexes.len() + self.finished.len()
    }

    /// An item begins.
    pub(super) fn begin(&mut self, event: &Value) -> u64 {
        let index = event["output_index"]
            .as_u64()
            .unwrap_or_else(|| self.next());
        self.note(index, id(&event["item"]["id"]));
        self.latest = Some(index);
        index
    }

    /// An item is complete. One that no event has named before is the next one.
    pub(super) fn finish(&mut self, event: &Value) -> u64 {
        let own = id(&event["item"]["id"]).or(id(&event["item_id"]));
        let latest = self.latest.filter(|_| own.is_none());
        let index = self
            .named(own, event)
            .or(latest.filter(|latest| !self.finished.contains(latest)))
            .unwrap_or_else(|| self.next());
        self.note(index, own);
        self.finished.insert(index);
        index
    }

    /// The item that an event belongs to; none if the event names an unknown one.
    pub(super) fn of(&mut self, event: &Value) -> Option<u64> {
        let own = id(&event["item_id"]);
        let latest = || own.is_none().then(|| self.latest.unwrap_or_default());
        let index = self.named(own, event).or_else(latest)?;
        self.note(index, None);
        Some(index)
    }

    /// The items of the last event that are not complete, each with its `output_index`.
    ///
    /// Their positions are these only if no item is missing.
    pub(super) fn unfinished<'a>(&self, output: &'a [Value]) -> Vec<(u64, &'a Value)> {
        let is_whole = self
            .highest
            .is_none_or(|highest| output.len() as u64 > highest);
        let indexed = (0..).zip(output).filter_map(|(position, item)| {
            let known = id(&item["id"]).and_then(|id| self.indexes.get(id).copied());
            let index = known.or_else(|| is_whole.then_some(position))?;
            (!self.finished.contains(&index)).then_some((index, item))
        });
        indexed.collect()
    }

    /// The index of an id takes precedence over `output_index`.
    fn named(&self, id: Option<&str>, event: &Value) -> Option<u64> {
        let known = id.and_then(|id| self.indexes.get(id).copied());
        known.or_else(|| event["output_index"].as_u64())
    }

    fn next(&self) -> u64 {
        self.highest.map_or(0, |highest| highest.saturating_add(1))
    }

    fn note(&mut self, index: u64, id: Option<&str>) {
        self.highest = self.highest.max(Some(index));
        if let Some(id) = id
            && self.indexes.insert(id.to_owned(), index).is_none()
        {
            self.size += id.len();
        }
    }
}

/// An id; an empty one names nothing.
fn id(value: &Value) -> Option<&str> {
    value.as_str().filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Faults: X08
    #[test]
    fn an_event_belongs_to_the_item_that_it_names() {
        let mut items = Items::default();
        assert_eq!(items.begin(&json!({"item": {"id": "a"}})), 0);
        assert_eq!(items.begin(&json!({"item": {"id": "b"}})), 1);
        assert_eq!(items.of(&json!({"item_id": "a"})), Some(0));
        assert_eq!(
            items.of(&json!({"item_id": "a", "output_index": 1})),
            Some(0)
        );
        assert_eq!(
            items.of(&json!({"item_id": "c", "output_index": 7})),
            Some(7)
        );
        assert_eq!(items.of(&json!({"item_id": ""})), Some(1));
        assert_eq!(items.of(&json!({"item_id": "c"})), None);
    }

    #[test]
    fn empty_ids_name_no_item() {
        let mut items = Items::default();
        items.begin(&json!({"output_index": 0, "item": {"id": ""}}));
        items.begin(&json!({"output_index": 1, "item": {"id": ""}}));
        assert_eq!(
            items.of(&json!({"item_id": "", "output_index": 0})),
            Some(0)
        );
    }

    #[test]
    fn an_item_that_has_not_begun_is_the_next_one() {
        let mut items = Items::default();
        assert_eq!(items.finish(&json!({"item": {}})), 0);
        assert_eq!(items.finish(&json!({"item": {}})), 1);
        assert_eq!(items.finish(&json!({"item": {"id": "a"}})), 2);
        items.begin(&json!({"output_index": u64::MAX, "item": {}}));
        assert_eq!(items.begin(&json!({"item": {}})), u64::MAX);
    }

    #[test]
    fn positions_count_only_in_an_output_that_misses_no_item() {
        let mut items = Items::default();
        items.finish(&json!({"output_index": 0, "item": {}}));
        items.begin(&json!({"output_index": 2, "item": {"id": "a"}}));
        let (own, other) = (json!({"id": "a"}), json!({"id": "b"}));
        let indexes = |output: &[Value]| {
            let unfinished = items.unfinished(output);
            unfinished
                .into_iter()
                .map(|(index, _)| index)
                .collect::<Vec<_>>()
        };
        assert_eq!(indexes(&[other.clone(), own.clone()]), [2]);
        assert_eq!(indexes(&[other.clone(), other, own]), [1, 2]);
    }
}
