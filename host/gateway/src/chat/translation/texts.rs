//! The texts of an answer: content, refusal, and the summary of the reasoning.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::emitted::{Contradiction, Emitted};
use crate::chat::delta::Delta;

/// What stands between two messages, and between two parts of a summary.
const BLANK_LINE: &str = "\n\n";

/// Which text of an answer grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Content,
    Refusal,
    Reasoning,
}

/// A part of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) kind: Kind,
    /// The `output_index` of the item.
    pub(super) item: u64,
    /// The `content_index` or `summary_index`.
    pub(super) part: u64,
}

/// The texts so far.
#[derive(Debug, Default)]
pub(super) struct Texts {
    emitted: BTreeMap<Place, Emitted>,
    /// The part that grew last, of each kind.
    last: BTreeMap<Kind, Place>,
    /// How many characters the content has.
    characters: u64,
    /// Where in the content each part begins.
    begins: BTreeMap<Place, u64>,
    citations: BTreeMap<Place, Vec<Value>>,
}

impl Texts {
    /// How many parts there are.
    pub(super) fn len(&self) -> usize {
        self.emitted.len()
    }

    /// A part grows.
    pub(super) fn add(&mut self, place: Place, piece: &str) -> Option<Delta> {
        if piece.is_empty() {
            return None;
        }
        let text = self.separator(place).to_owned() + piece;
        if place.kind == Kind::Content {
            let all = self.characters + characters(&text);
            self.begins.entry(place).or_insert(all - characters(piece));
            self.characters = all;
        }
        self.last.insert(place.kind, place);
        self.emitted.entry(place).or_default().add(piece);
        Some(match place.kind {
            Kind::Content => Delta::Content(text),
            Kind::Refusal => Delta::Refusal(text),
            Kind::Reasoning => Delta::Reasoning(text),
        })
    }

    /// A part is complete.
    pub(super) fn complete(
        &mut self,
        place: Place,
        whole: &str,
    ) -> Result<Option<Delta>, Contradiction> {
        let rest = match self.emitted.get(&place) {
            Some(emitted) => emitted.rest(whole)?,
            None => whole,
        };
        Ok(self.add(place, rest))
    }

    fn separator(&self, place: Place) -> &'static str {
        match self.last.get(&place.kind) {
            None => "",
            Some(last) if *last == place => "",
            // The parts of one message are one text.
            Some(last) if last.item == place.item && place.kind != Kind::Reasoning => "",
            Some(_) => BLANK_LINE,
        }
    }

    /// A place of a part cites something.
    pub(super) fn cite(&mut self, place: Place, annotation: Value) {
        self.citations.entry(place).or_default().push(annotation);
    }

    /// All citations of a part, which is complete.
    pub(super) fn cite_all(&mut self, place: Place, annotations: &[Value]) {
        if !annotations.is_empty() {
            self.citations.insert(place, annotations.to_vec());
        }
    }

    /// The citations of pages, with their places in the whole content.
    pub(super) fn annotations(&self) -> Vec<Value> {
        let places = self.citations.iter().flat_map(|(place, annotations)| {
            let begin = self.begins.get(place).copied().unwrap_or_default();
            annotations
                .iter()
                .map(move |annotation| (begin, annotation))
        });
        places
            .filter(|(_, annotation)| annotation["type"] == "url_citation")
            .map(|(begin, annotation)| citation(begin, annotation))
            .collect()
    }
}

fn citation(begin: u64, annotation: &Value) -> Value {
    let moved = |name: &str| {
        let index = annotation[name].as_u64();
        index.map(|index| index.saturating_add(begin))
    };
    json!({
        "type": "url_citation",
        "url_citation": {
            "start_index": moved("start_index"),
            "end_index": moved("end_index"),
            "url": annotation["url"],
            "title": annotation["title"],
        },
    })
}

fn characters(text: &str) -> u64 {
    text.chars().count() as u64
}
