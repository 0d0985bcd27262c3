//! The texts of an answer: content, refusal, and the summary of the reasoning.

use std::collections::BTreeMap;

use serde_json::Value;

use super::citations::Citations;
use super::emitted::{Contradiction, Emitted};
use super::turns::Turns;
use crate::chat::delta::Delta;

/// What stands between two messages, and between two parts of a summary.
const BLANK_LINE: &str = "\n\n";

/// Which text of an answer grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Text {
    Content,
    Refusal,
    Reasoning,
}

/// A part of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) text: Text,
    /// The `output_index` of the item.
    pub(super) item: u64,
    /// The `content_index` or `summary_index`.
    pub(super) part: u64,
}

/// The texts so far.
#[derive(Debug, Default)]
pub(super) struct Texts {
    emitted: BTreeMap<Place, Emitted>,
    /// The part that grew last, of each text.
    last: BTreeMap<Text, Place>,
    /// How many characters the content has.
    characters: u64,
    /// Where in the content each part begins.
    begins: BTreeMap<Place, u64>,
    citations: Citations,
    turns: Turns,
}

impl Texts {
    /// How many parts, citations and complete messages there are.
    pub(super) fn len(&self) -> usize {
        self.emitted.len() + self.citations.len() + self.turns.len()
    }

    /// How many bytes the citations have, and what has not become a delta yet.
    pub(super) const fn size(&self) -> usize {
        self.citations.size() + self.turns.size()
    }

    /// A part grows. The content of a message waits until an earlier message is complete.
    pub(super) fn add(&mut self, place: Place, piece: &str) -> Option<Delta> {
        if piece.is_empty() {
            return None;
        }
        self.emitted.entry(place).or_default().add(piece);
        let is_next = place.text != Text::Content || self.turns.take(place, piece);
        is_next.then(|| self.emit(place, piece))
    }

    /// A message is complete.
    pub(super) fn complete_message(&mut self, item: u64) -> Vec<Delta> {
        let released = self.turns.complete(item);
        self.emit_all(released)
    }

    /// No message grows any more.
    pub(super) fn complete_messages(&mut self) -> Vec<Delta> {
        let released = self.turns.complete_all();
        self.emit_all(released)
    }

    fn emit_all(&mut self, pieces: Vec<(Place, String)>) -> Vec<Delta> {
        let pieces = pieces.into_iter();
        pieces
            .map(|(place, piece)| self.emit(place, &piece))
            .collect()
    }

    fn emit(&mut self, place: Place, piece: &str) -> Delta {
        let text = self.separator(place).to_owned() + piece;
        if place.text == Text::Content {
            let all = self.characters + characters(&text);
            self.begins.entry(place).or_insert(all - characters(piece));
            self.characters = all;
        }
        self.last.insert(place.text, place);
        match place.text {
            Text::Content => Delta::Content(text),
            Text::Refusal => Delta::Refusal(text),
            Text::Reasoning => Delta::Reasoning(text),
        }
    }

    /// A part is complete.
    pub(super) fn complete(
        &mut self,
        place: Place,
        whole: &str,
    ) -> Result<Option<Delta>, Contradiction> {
        let rest = match self.emitted.get(&place) {
            None => whole,
            Some(emitted) => match emitted.rest(whole) {
                // The backend may trim a text, and edit a summary.
                Err(_) if place.text == Text::Reasoning || emitted.begins_with(whole) => "",
                rest => rest?,
            },
        };
        Ok(self.add(place, rest))
    }

    fn separator(&self, place: Place) -> &'static str {
        match self.last.get(&place.text) {
            None => "",
            Some(last) if *last == place => "",
            // The parts of one message are one text.
            Some(last) if last.item == place.item && place.text != Text::Reasoning => "",
            Some(_) => BLANK_LINE,
        }
    }

    /// A place of a part cites something.
    pub(super) fn cite(&mut self, place: Place, annotation: &Value) {
        self.citations.add(place, annotation);
    }

    /// All citations of a part, which is complete.
    pub(super) fn cite_all(&mut self, place: Place, annotations: &[Value]) {
        self.citations.replace(place, annotations);
    }

    /// The citations of pages, with their places in the whole content.
    pub(super) fn annotations(&self) -> Vec<Value> {
        let begin = |place: &Place| self.begins.get(place).copied().unwrap_or_default();
        self.citations.annotations(begin)
    }
}

fn characters(text: &str) -> u64 {
    text.chars().count() as u64
}
