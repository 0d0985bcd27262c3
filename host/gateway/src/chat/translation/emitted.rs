//! What was passed on of a text that comes in pieces, and at last as a whole.

/// The whole is not what the pieces add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Contradiction;

/// What was passed on of a text.
#[derive(Debug, Default)]
pub(super) struct Emitted(String);

impl Emitted {
    pub(super) fn add(&mut self, piece: &str) {
        self.0.push_str(piece);
    }

    /// What is missing of the whole. A whole that is empty tells nothing.
    pub(super) fn rest<'a>(&self, whole: &'a str) -> Result<&'a str, Contradiction> {
        if whole.is_empty() {
            return Ok("");
        }
        whole.strip_prefix(self.0.as_str()).ok_or(Contradiction)
    }

    /// Whether more was passed on than this whole.
    pub(super) fn begins_with(&self, whole: &str) -> bool {
        self.0.starts_with(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults: X06 X09
    #[test]
    fn only_what_was_not_passed_on_is_missing() {
        let mut emitted = Emitted::default();
        assert_eq!(emitted.rest("{\"a\":1}"), Ok("{\"a\":1}"));
        emitted.add("{\"a\"");
        assert_eq!(emitted.rest("{\"a\":1}"), Ok(":1}"));
        emitted.add(":1}");
        assert_eq!(emitted.rest("{\"a\":1}"), Ok(""));
        assert_eq!(emitted.rest(""), Ok(""));
        assert_eq!(emitted.rest("{\"b\":1}"), Err(Contradiction));
        assert_eq!(emitted.rest("{"), Err(Contradiction));
    }
}
