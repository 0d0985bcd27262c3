//! The fields of a stored record, taken out one by one.
//!
//! A field of another type damages the record. `Fields` remembers that, and
//! `rest` rejects the record at the end: returning at every field makes the
//! component 1.5 KB larger.

use crate::json::{Object, Value};
use crate::secret::Secret;
use crate::text::is_identifier;
use alloc::string::String;

/// The fields that are left, and whether one was damaged. A missing field and one
/// that is null are the same.
pub(crate) struct Fields {
    left: Object,
    is_damaged: bool,
}

impl Fields {
    pub(crate) fn of(object: Object) -> Self {
        Self {
            left: object,
            is_damaged: false,
        }
    }

    /// The fields that are left. `None` when a field was damaged.
    pub(crate) fn rest(self) -> Option<Object> {
        (!self.is_damaged).then_some(self.left)
    }

    /// Remembers that a value was damaged or is missing.
    fn check<T>(&mut self, value: Option<T>) -> Option<T> {
        self.is_damaged |= value.is_none();
        value
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        match self.left.take(name) {
            Value::Null => None,
            Value::Text(text) => Some(text),
            _ => self.check(None),
        }
    }

    pub(crate) fn required_text(&mut self, name: &str) -> String {
        let text = self.text(name);
        self.check(text).unwrap_or_default()
    }

    /// A short text of visible ASCII.
    pub(crate) fn identifier(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        self.check(Some(text).filter(|text| is_identifier(text)))
    }

    pub(crate) fn required_identifier(&mut self, name: &str) -> String {
        let text = self.identifier(name);
        self.check(text).unwrap_or_default()
    }

    pub(crate) fn secret(&mut self, name: &str) -> Option<Secret> {
        let text = self.text(name)?;
        self.check(Secret::new(text))
    }

    /// A whole number that is not negative.
    pub(crate) fn number(&mut self, name: &str) -> Option<u64> {
        match self.left.take(name) {
            Value::Null => None,
            value => self.check(value.as_u64()),
        }
    }

    pub(crate) fn required_number(&mut self, name: &str) -> u64 {
        let number = self.number(name);
        self.check(number).unwrap_or_default()
    }

    /// A whole number of either sign; 0 where it is missing.
    pub(crate) fn offset(&mut self, name: &str) -> i64 {
        match self.left.take(name) {
            Value::Null => 0,
            value => self.check(value.as_i64()).unwrap_or_default(),
        }
    }

    /// A truth value; false where it is missing.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        match self.left.take(name) {
            Value::Null => false,
            value => self.check(value.as_bool()).unwrap_or_default(),
        }
    }

    /// An object, read by `read`. Its other fields are not kept.
    pub(crate) fn object<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        match self.left.take(name) {
            Value::Null => None,
            Value::Object(object) => {
                let mut inner = Self::of(object);
                let value = read(&mut inner);
                self.check(value.filter(|_| !inner.is_damaged))
            }
            _ => self.check(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fields;
    use crate::json::parse_object;

    fn fields() -> Fields {
        let text =
            br#"{"null": null, "odd": [], "text": "a", "number": 7, "below": -7, "yes": true}"#;
        Fields::of(parse_object(text).expect("an object"))
    }

    #[test]
    fn a_field_is_taken_once_and_the_rest_is_kept() {
        let mut from = fields();
        assert_eq!(from.text("text").as_deref(), Some("a"));
        assert_eq!(from.text("text"), None);
        assert_eq!(from.required_number("number"), 7);
        assert_eq!((from.offset("below"), from.flag("yes")), (-7, true));
        assert_eq!((from.number("null"), from.flag("missing")), (None, false));
        let rest = from.rest().expect("no damage");
        assert_eq!(
            rest.fields().map(|(name, _)| name).collect::<Vec<_>>(),
            ["odd"]
        );
    }

    #[test]
    fn wrong_types_and_missing_required_fields_are_damage() {
        type Read = fn(&mut Fields);
        let reads: [Read; 11] = [
            |from| drop(from.text("odd")),
            |from| drop(from.identifier("odd")),
            |from| drop(from.secret("odd")),
            |from| assert_eq!(from.number("below"), None),
            |from| assert_eq!(from.number("text"), None),
            |from| assert_eq!(from.object("text", |_| Some(())), None),
            |from| drop(from.required_text("missing")),
            |from| drop(from.required_identifier("null")),
            |from| assert_eq!(from.required_number("missing"), 0),
            |from| assert!(!from.flag("text")),
            |from| assert_eq!(from.offset("text"), 0),
        ];
        for read in reads {
            let mut from = fields();
            read(&mut from);
            assert!(from.rest().is_none());
        }
    }
}
