//! A failure that lasts is logged when it begins and when it ends, not for each request.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the store failed last.
#[derive(Debug, Default)]
pub(crate) struct Outage(AtomicBool);

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Begun,
    Ended,
}

impl Outage {
    /// Takes note of what the store answered, and passes it on.
    pub(crate) fn note<T, E: Display>(&self, answered: Result<T, E>) -> Result<T, E> {
        match (self.change(answered.is_err()), &answered) {
            (Some(Change::Begun), Err(error)) => tracing::error!(%error, "the store fails"),
            (Some(Change::Ended), _) => tracing::info!("the store answers again"),
            _ => {}
        }
        answered
    }

    fn change(&self, fails: bool) -> Option<Change> {
        match (self.0.swap(fails, Ordering::Relaxed), fails) {
            (false, true) => Some(Change::Begun),
            (true, false) => Some(Change::Ended),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_begins_once_and_ends_once() {
        let outage = Outage::default();
        let changes = [false, true, true, false, false, true].map(|fails| outage.change(fails));
        let (begun, ended) = (Some(Change::Begun), Some(Change::Ended));
        assert_eq!(changes, [None, begun, None, ended, None, begun]);
    }
}
