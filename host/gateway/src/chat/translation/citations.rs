//! The pages that an answer cites.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::texts::Place;

/// The citations so far, by the part of the content that has them.
#[derive(Debug, Default)]
pub(super) struct Citations {
    by_place: BTreeMap<Place, Vec<Citation>>,
    count: usize,
    size: usize,
}

/// A page, and which characters of the part it is cited for.
#[derive(Debug)]
struct Citation {
    start: u64,
    end: u64,
    url: String,
    title: String,
}

impl Citations {
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// How many bytes the addresses and titles have.
    pub(super) const fn size(&self) -> usize {
        self.size
    }

    /// A part cites something. What is no page, or has no place, is not shown.
    pub(super) fn add(&mut self, place: Place, annotation: &Value) {
        if let Some(citation) = Citation::read(annotation) {
            self.count += 1;
            self.size += citation.size();
            self.by_place.entry(place).or_default().push(citation);
        }
    }

    /// All citations of a part, which is complete.
    pub(super) fn replace(&mut self, place: Place, annotations: &[Value]) {
        if annotations.is_empty() {
            return;
        }
        let former = self.by_place.remove(&place).unwrap_or_default();
        self.count -= former.len();
        self.size -= former.iter().map(Citation::size).sum::<usize>();
        for annotation in annotations {
            self.add(place, annotation);
        }
    }

    /// The annotations of the content, in which each part begins at a place of its own.
    pub(super) fn annotations(&self, begin: impl Fn(&Place) -> u64) -> Vec<Value> {
        let places = self.by_place.iter().flat_map(|(place, citations)| {
            let begin = begin(place);
            citations
                .iter()
                .map(move |citation| citation.to_json(begin))
        });
        places.collect()
    }
}

impl Citation {
    /// Clients want an address and both places; a title may be missing.
    fn read(annotation: &Value) -> Option<Self> {
        if annotation["type"] != "url_citation" {
            return None;
        }
        Some(Self {
            start: annotation["start_index"].as_u64()?,
            end: annotation["end_index"].as_u64()?,
            url: annotation["url"].as_str()?.to_owned(),
            title: annotation["title"].as_str().unwrap_or_default().to_owned(),
        })
    }

    fn size(&self) -> usize {
        self.url.len() + self.title.len()
    }

    fn to_json(&self, begin: u64) -> Value {
        json!({
            "type": "url_citation",
            "url_citation": {
                "start_index": self.start.saturating_add(begin),
                "end_index": self.end.saturating_add(begin),
                "url": self.url,
                "title": self.title,
            },
        })
    }
}
