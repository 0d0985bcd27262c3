//! Whose turn it is: the content of two messages is not mixed.

use std::collections::{BTreeMap, BTreeSet};

use super::texts::Place;

/// The content of messages that waits for an earlier message to be complete.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// The message that grows, by its `output_index`.
    current: Option<u64>,
    complete: BTreeSet<u64>,
    waiting: BTreeMap<Place, String>,
    /// How many bytes wait.
    size: usize,
}

impl Turns {
    pub(super) const fn size(&self) -> usize {
        self.size
    }

    /// How many messages are complete.
    pub(super) fn len(&self) -> usize {
        self.complete.len()
    }

    /// Whether a piece of a message has its turn now; otherwise it waits.
    pub(super) fn take(&mut self, place: Place, piece: &str) -> bool {
        let is_next = *self.current.get_or_insert(place.item) == place.item;
        if !is_next {
            self.waiting.entry(place).or_default().push_str(piece);
            self.size += piece.len();
        }
        is_next
    }

    /// A message is complete. Returns what has waited for it.
    pub(super) fn complete(&mut self, item: u64) -> Vec<(Place, String)> {
        self.complete.insert(item);
        let mut released = Vec::new();
        while self
            .current
            .is_some_and(|item| self.complete.contains(&item))
        {
            self.current = self.waiting.keys().next().map(|place| place.item);
            while let Some(first) = self.waiting.first_entry() {
                if Some(first.key().item) != self.current {
                    break;
                }
                let (place, piece) = first.remove_entry();
                self.size -= piece.len();
                released.push((place, piece));
            }
        }
        released
    }

    /// Returns all that waits, message by message.
    pub(super) fn complete_all(&mut self) -> Vec<(Place, String)> {
        self.current = None;
        self.size = 0;
        std::mem::take(&mut self.waiting).into_iter().collect()
    }
}
