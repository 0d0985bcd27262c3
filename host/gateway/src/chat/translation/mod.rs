//! The state machine from the events of a response to the steps of a chat answer.
//!
//! | event | step |
//! |---|---|
//! | the first of an item | the answer begins |
//! | a delta of a text or an input | that delta |
//! | the end of a text, an input or an item | what no delta has brought |
//! | `response.completed` | `finish_reason` `tool_calls` or `stop`, usage |
//! | `response.incomplete` | `finish_reason` `content_filter` or `length`, usage |
//! | others | none |
//!
//! Backends differ in what they leave out: deltas, ends of texts, items, or the output of the
//! last event. Whatever comes first is passed on, and nothing twice.

mod calls;
mod emitted;
mod event;
mod texts;
mod usage;

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::delta::{Delta, FinishReason, Head};
use crate::stream::Break;
use calls::{Calls, tool_of};
use emitted::Contradiction;
use texts::{Kind, Place, Texts};

/// How many bytes an answer may have.
const MOST: usize = 8 << 20;
/// What an item or a part counts, in bytes.
const EACH: usize = 64;

/// The state between two events.
#[derive(Debug)]
pub(crate) struct Translation {
    head: Head,
    shows_reasoning: bool,
    has_begun: bool,
    /// The `output_index` of each item, by its id.
    indexes: HashMap<String, u64>,
    /// The `output_index` of the item that was added last.
    latest: u64,
    has_finished_item: bool,
    texts: Texts,
    calls: Calls,
    /// How many bytes the texts have.
    size: usize,
}

impl From<Contradiction> for Break {
    fn from(Contradiction: Contradiction) -> Self {
        Self::Unreadable
    }
}

impl Translation {
    /// `id` and `model` stand in the answer if the backend names neither.
    pub(crate) fn new(id: String, model: String, shows_reasoning: bool) -> Self {
        Self {
            head: Head {
                id,
                created: 0,
                model,
            },
            shows_reasoning,
            has_begun: false,
            indexes: HashMap::new(),
            latest: 0,
            has_finished_item: false,
            texts: Texts::default(),
            calls: Calls::default(),
            size: 0,
        }
    }

    pub(crate) const fn head(&self) -> &Head {
        &self.head
    }

    /// The steps of an event that is not the last one.
    pub(crate) fn read(&mut self, frame: &[u8]) -> Result<Vec<Delta>, Break> {
        let Some((kind, event)) = event::read(frame)? else {
            return Ok(Vec::new());
        };
        let mut deltas = Vec::new();
        match kind {
            event::Kind::Response => self.note_response(&event["response"]),
            kind => {
                self.begin(&mut deltas);
                self.read_of_item(kind, &event, &mut deltas)?;
            }
        }
        self.check_size(&deltas)?;
        Ok(deltas)
    }

    /// The steps of an event of an item.
    fn read_of_item(
        &mut self,
        kind: event::Kind,
        event: &Value,
        deltas: &mut Vec<Delta>,
    ) -> Result<(), Break> {
        match kind {
            event::Kind::Response => {}
            event::Kind::ItemAdded => deltas.extend(self.item_added(event)),
            event::Kind::ItemDone => self.item_done(self.index(event), &event["item"], deltas)?,
            event::Kind::TextDelta(kind) if self.is_shown(kind) => {
                let piece = event::text(event, "delta")?;
                deltas.extend(self.texts.add(self.place(kind, event), piece));
            }
            event::Kind::TextDone(kind, field) if self.is_shown(kind) => {
                let whole = event::text(event, field)?;
                deltas.extend(self.texts.complete(self.place(kind, event), whole)?);
            }
            event::Kind::TextDelta(_) | event::Kind::TextDone(..) => {}
            event::Kind::Citation => {
                let annotation = event["annotation"].clone();
                self.size += annotation.to_string().len();
                self.texts
                    .cite(self.place(Kind::Content, event), annotation);
            }
            event::Kind::InputDelta => {
                let piece = event::text(event, "delta")?;
                deltas.extend(self.calls.add(self.index(event), piece));
            }
            event::Kind::InputDone(field) => {
                let input = event::text(event, field)?;
                deltas.extend(self.calls.complete(self.index(event), input)?);
            }
        }
        Ok(())
    }

    /// The last steps, by the response that the last event has.
    pub(crate) fn end(&mut self, frame: &[u8], response: &RawValue) -> Result<Vec<Delta>, Break> {
        let response: Value =
            serde_json::from_str(response.get()).map_err(|_| Break::Unreadable)?;
        let is_incomplete = event::is_incomplete(frame) || response["status"] == "incomplete";
        self.note_response(&response);
        let mut deltas = Vec::new();
        self.begin(&mut deltas);
        if !self.has_finished_item {
            let output = response["output"].as_array().map_or(&[][..], Vec::as_slice);
            for (index, item) in (0..).zip(output) {
                self.item_done(index, item, &mut deltas)?;
            }
        }
        let annotations = self.texts.annotations();
        if !annotations.is_empty() {
            deltas.push(Delta::Annotations(annotations));
        }
        deltas.push(Delta::Finish(match is_incomplete {
            true => interruption(&response),
            false if self.calls.is_empty() => FinishReason::Stop,
            false => FinishReason::ToolCalls,
        }));
        deltas.push(Delta::End {
            usage: usage::translated(&response["usage"]),
        });
        Ok(deltas)
    }

    fn begin(&mut self, deltas: &mut Vec<Delta>) {
        if !self.has_begun {
            self.has_begun = true;
            deltas.push(Delta::Begin);
        }
    }

    /// An item is complete: what it has and no delta has brought.
    fn item_done(
        &mut self,
        index: u64,
        item: &Value,
        deltas: &mut Vec<Delta>,
    ) -> Result<(), Break> {
        self.has_finished_item = true;
        if tool_of(item).is_some() {
            deltas.extend(self.calls.finish(index, item)?);
            return Ok(());
        }
        let (parts, is_shown) = match item["type"].as_str() {
            Some("message") => (&item["content"], true),
            Some("reasoning") => (&item["summary"], self.shows_reasoning),
            _ => return Ok(()),
        };
        let parts = parts.as_array().map_or(&[][..], Vec::as_slice);
        for (part_index, part) in (0..).zip(parts).filter(|_| is_shown) {
            let (kind, whole) = match part["type"].as_str() {
                Some("output_text") => (Kind::Content, &part["text"]),
                Some("refusal") => (Kind::Refusal, &part["refusal"]),
                Some("summary_text") => (Kind::Reasoning, &part["text"]),
                _ => continue,
            };
            let place = Place {
                kind,
                item: index,
                part: part_index,
            };
            let whole = whole.as_str().unwrap_or_default();
            deltas.extend(self.texts.complete(place, whole)?);
            if let Some(annotations) = part["annotations"].as_array() {
                self.texts.cite_all(place, annotations);
            }
        }
        Ok(())
    }

    fn item_added(&mut self, event: &Value) -> Option<Delta> {
        let next = match self.indexes.is_empty() {
            true => 0,
            false => self.latest + 1,
        };
        let index = event["output_index"].as_u64().unwrap_or(next);
        if let Some(id) = event["item"]["id"].as_str() {
            self.indexes.insert(id.to_owned(), index);
        }
        self.latest = index;
        self.calls.begin(index, &event["item"])
    }

    /// The `output_index` of what an event is about. An id that the item began with counts
    /// more.
    fn index(&self, event: &Value) -> u64 {
        let id = event["item_id"].as_str().or(event["item"]["id"].as_str());
        let known = id.and_then(|id| self.indexes.get(id).copied());
        known
            .or_else(|| event["output_index"].as_u64())
            .unwrap_or(self.latest)
    }

    fn place(&self, kind: Kind, event: &Value) -> Place {
        let part = match kind {
            Kind::Content | Kind::Refusal => &event["content_index"],
            Kind::Reasoning => &event["summary_index"],
        };
        Place {
            kind,
            item: self.index(event),
            part: part.as_u64().unwrap_or_default(),
        }
    }

    fn is_shown(&self, kind: Kind) -> bool {
        kind != Kind::Reasoning || self.shows_reasoning
    }

    fn note_response(&mut self, response: &Value) {
        if let Some(id) = response["id"].as_str() {
            let id = id.strip_prefix("resp_").unwrap_or(id);
            self.head.id = format!("chatcmpl-{id}");
        }
        if let Some(created) = response["created_at"].as_u64() {
            self.head.created = created;
        }
        if let Some(model) = response["model"].as_str() {
            model.clone_into(&mut self.head.model);
        }
    }

    /// Holds the answer within its limit.
    fn check_size(&mut self, deltas: &[Delta]) -> Result<(), Break> {
        self.size += deltas.iter().map(Delta::size).sum::<usize>();
        let entries = self.indexes.len() + self.texts.len() + self.calls.len();
        match self.size + entries * EACH > MOST {
            true => Err(Break::TooLarge),
            false => Ok(()),
        }
    }
}

/// Why the backend stopped before the answer was complete.
fn interruption(response: &Value) -> FinishReason {
    match response["incomplete_details"]["reason"].as_str() {
        Some("content_filter") => FinishReason::ContentFilter,
        _ => FinishReason::Length,
    }
}

#[cfg(test)]
mod tests;
