//! Whose turn it is: the content of two messages is not mixed.

use std::collections::BTreeSet;

use super::texts::Place;

/// The pieces of messages that wait for an earlier message to be complete.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// The message that grows, by its `output_index`.
    current: Option<u64>,
    complete: BTreeSet<u64>,
    waiting: Vec<(Place, String)>,
}

impl Turns {
    /// How many bytes wait.
    pub(super) fn size(&self) -> usize {
        self.waiting.iter().map(|(_, piece)| piece.len()).sum()
    }

    /// Whether a piece of a message has its turn now; otherwise it waits.
    pub(super) fn take(&mut self, place: Place, piece: &str) -> bool {
        let is_next = *self.current.get_or_insert(place.item) == place.item;
        if !is_next {
            self.waiting.push((place, piece.to_owned()));
        }
        is_next
    }

    /// A message is complete. Returns the pieces that have waited for it.
    pub(super) fn complete(&mut self, item: u64) -> Vec<(Place, String)> {
        self.complete.insert(item);
        let mut released = Vec::new();
        while self
            .current
            .is_some_and(|item| self.complete.contains(&item))
        {
            self.current = self.waiting.first().map(|(place, _)| place.item);
            let waiting = std::mem::take(&mut self.waiting);
            let (next, later) = waiting
                .into_iter()
                .partition(|(place, _)| Some(place.item) == self.current);
            self.waiting = later;
            released.extend::<Vec<_>>(next);
        }
        released
    }

    /// Returns all pieces that wait, message by message.
    pub(super) fn complete_all(&mut self) -> Vec<(Place, String)> {
        self.current = None;
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.sort_by_key(|(place, _)| place.item);
        waiting
    }
}
