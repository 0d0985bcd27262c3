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
//! last event. Each text is passed on once, when its first form comes, and the content of a
//! message not before that of the one before it. A caller that wants JSON gets no commentary of
//! the model, because a commentary before JSON cannot be parsed.

mod calls;
mod citations;
mod emitted;
mod event;
mod items;
mod texts;
mod turns;
mod usage;

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::value::RawValue;

use super::Wishes;
use super::delta::{Delta, FinishReason, Head};
use crate::stream::Break;
use calls::{Calls, tool_of};
use emitted::Contradiction;
use items::Items;
use texts::{Place, Text, Texts};

/// How many bytes an answer may have.
const MOST: usize = 8 << 20;
/// What an item, a part or a citation counts, in bytes.
const EACH: usize = 64;

/// The state between two events.
#[derive(Debug)]
pub(crate) struct Translation {
    head: Head,
    shows_reasoning: bool,
    wants_json: bool,
    has_begun: bool,
    items: Items,
    /// The messages that are not shown, by their `output_index`.
    hidden: BTreeSet<u64>,
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
    /// `id` and the model of the request stand in the answer if the backend names neither.
    pub(crate) fn new(id: String, wishes: &Wishes) -> Self {
        Self {
            head: Head {
                id,
                created: 0,
                model: wishes.model.clone(),
            },
            shows_reasoning: wishes.shows_reasoning,
            wants_json: wishes.wants_json,
            has_begun: false,
            items: Items::default(),
            hidden: BTreeSet::new(),
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
            event::Kind::ItemAdded => {
                let index = self.items.begin(event);
                self.note_phase(index, &event["item"]);
                deltas.extend(self.calls.begin(index, &event["item"]));
            }
            event::Kind::ItemDone => {
                let index = self.items.finish(event);
                self.item_done(index, &event["item"], deltas)?;
            }
            event::Kind::TextDelta(text) => {
                if let Some(place) = self.place(text, event)? {
                    let piece = event::text(event, "delta")?;
                    deltas.extend(self.texts.add(place, piece));
                }
            }
            event::Kind::TextDone(text, field) => {
                if let Some(place) = self.place(text, event)? {
                    let whole = event::text(event, field)?;
                    deltas.extend(self.texts.complete(place, whole)?);
                }
            }
            event::Kind::Citation => {
                if let Some(place) = self.place(Text::Content, event)? {
                    self.texts.cite(place, &event["annotation"]);
                }
            }
            event::Kind::InputDelta => {
                let index = self.index(event)?;
                let piece = event::text(event, "delta")?;
                deltas.extend(self.calls.add(index, piece));
            }
            event::Kind::InputDone(field) => {
                let index = self.index(event)?;
                let input = event::text(event, field)?;
                deltas.extend(self.calls.complete(index, input)?);
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
        let output = response["output"].as_array().map_or(&[][..], Vec::as_slice);
        for (index, item) in self.items.unfinished(output) {
            self.item_done(index, item, &mut deltas)?;
        }
        deltas.extend(self.texts.complete_messages());
        // The caller would run a call without its input.
        if !is_incomplete && self.calls.has_incomplete() {
            return Err(Break::Unreadable);
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
        self.check_size(&deltas)?;
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
        self.note_phase(index, item);
        if tool_of(item).is_some() {
            deltas.extend(self.calls.finish(index, item)?);
            return Ok(());
        }
        let parts = match item["type"].as_str() {
            Some("message") => &item["content"],
            Some("reasoning") => &item["summary"],
            _ => return Ok(()),
        };
        let parts = parts.as_array().map_or(&[][..], Vec::as_slice);
        for (part_index, part) in (0..).zip(parts) {
            let (text, whole) = match part["type"].as_str() {
                Some("output_text") => (Text::Content, &part["text"]),
                Some("refusal") => (Text::Refusal, &part["refusal"]),
                Some("summary_text") => (Text::Reasoning, &part["text"]),
                _ => continue,
            };
            if !self.is_shown(text, index) {
                continue;
            }
            let place = Place {
                text,
                item: index,
                part: part_index,
            };
            let whole = whole.as_str().unwrap_or_default();
            deltas.extend(self.texts.complete(place, whole)?);
            if let Some(annotations) = part["annotations"].as_array() {
                self.texts.cite_all(place, annotations);
            }
        }
        deltas.extend(self.texts.complete_message(index));
        Ok(())
    }

    /// Notes whether the model comments in a message.
    fn note_phase(&mut self, index: u64, item: &Value) {
        let phase = item["phase"].as_str();
        if self.wants_json && phase.is_some_and(|phase| phase != "final_answer") {
            self.hidden.insert(index);
        }
    }

    fn index(&mut self, event: &Value) -> Result<u64, Break> {
        self.items.of(event).ok_or(Break::Unreadable)
    }

    /// The part that an event is about; none if it is not shown.
    fn place(&mut self, text: Text, event: &Value) -> Result<Option<Place>, Break> {
        if text == Text::Reasoning && !self.shows_reasoning {
            return Ok(None);
        }
        let item = self.index(event)?;
        let part = match text {
            Text::Content | Text::Refusal => &event["content_index"],
            Text::Reasoning => &event["summary_index"],
        };
        let part = part.as_u64().unwrap_or_default();
        Ok(self
            .is_shown(text, item)
            .then_some(Place { text, item, part }))
    }

    fn is_shown(&self, text: Text, item: u64) -> bool {
        match text {
            Text::Content => !self.hidden.contains(&item),
            Text::Refusal => true,
            Text::Reasoning => self.shows_reasoning,
        }
    }

    /// Notes how the response is named. What a chunk has said does not change.
    fn note_response(&mut self, response: &Value) {
        if self.has_begun {
            return;
        }
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
        let entries = self.items.len() + self.hidden.len() + self.texts.len() + self.calls.len();
        let named = self.items.size() + self.texts.size();
        match self.size + named + entries * EACH > MOST {
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
