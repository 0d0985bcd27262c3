//! JSON as a tree, read strictly: a name that comes twice in one object is
//! refused (which of the two would be the token?), and so is deep nesting.
//!
//! A tree of our own, read and written by `serde_json`, because the component
//! has to stay small (docs/performance.md has the figures), and because what a
//! newer version stored is then kept by itself.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Index;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// More names than this in one object are refused.
const NAMES_MAX: usize = 256;

/// Lists and objects nested deeper than this are refused.
const DEPTH_MAX: usize = 64;

/// Any value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    Text(String),
    List(Vec<Value>),
    Object(Object),
}

/// The fields of an object, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Object(Vec<(String, Value)>);

/// Reads a whole text. `None` when it is no JSON, has a name twice or is nested
/// too deeply.
pub(crate) fn parse(bytes: &[u8]) -> Option<Value> {
    let Strict(value) = serde_json::from_slice(bytes).ok()?;
    value.filter(|value| value.is_within(DEPTH_MAX))
}

/// Reads a whole text that is an object.
pub(crate) fn parse_object(bytes: &[u8]) -> Option<Object> {
    match parse(bytes)? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

impl Value {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn as_u64(&self) -> Option<u64> {
        u64::try_from(self.as_i64()?).ok()
    }

    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Integer(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// The items of a list; nothing for anything else.
    pub(crate) fn items(&self) -> &[Value] {
        match self {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn is_object(&self) -> bool {
        matches!(self, Value::Object(_))
    }

    /// Whether lists and objects are nested no deeper than that.
    fn is_within(&self, levels: usize) -> bool {
        match (self, levels.checked_sub(1)) {
            (Value::List(items), Some(left)) => items.iter().all(|item| item.is_within(left)),
            (Value::Object(Object(fields)), Some(left)) => {
                fields.iter().all(|(_, value)| value.is_within(left))
            }
            (Value::List(_) | Value::Object(_), None) => false,
            _ => true,
        }
    }
}

/// The field of that name; `Null` where there is none.
impl Index<&str> for Value {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        match self {
            Value::Object(object) => object.get(name),
            _ => &Value::Null,
        }
    }
}

impl Object {
    /// Puts a field in the place of one of that name, or at the end.
    pub(crate) fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.put_value(name, value.into());
    }

    fn put_value(&mut self, name: &str, value: Value) {
        match self.0.iter_mut().find(|(other, _)| other == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Builds on: the object with the field.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.put_value(name, value.into());
        self
    }

    /// The object with a field of a name that it does not have yet, if it may
    /// have one more.
    fn and_new(mut self, name: String, value: Value) -> Option<Self> {
        let is_new = self.0.iter().all(|(other, _)| *other != name);
        (is_new && self.0.len() < NAMES_MAX).then(|| {
            self.0.push((name, value));
            self
        })
    }

    pub(crate) fn get(&self, name: &str) -> &Value {
        let field = self.0.iter().find(|(other, _)| other == name);
        field.map_or(&Value::Null, |(_, value)| value)
    }

    /// Takes a field out; `Null` where there is none.
    pub(crate) fn take(&mut self, name: &str) -> Value {
        match self.0.iter().position(|(other, _)| other == name) {
            Some(place) => self.0.remove(place).1,
            None => Value::Null,
        }
    }

    /// Takes a text out. `Some(None)` when it is missing or null, `None` when it
    /// is something else.
    pub(crate) fn take_text(&mut self, name: &str) -> Option<Option<String>> {
        match self.take(name) {
            Value::Null => Some(None),
            Value::Text(text) => Some(Some(text)),
            _ => None,
        }
    }

    /// Takes a whole number that is not negative out, likewise.
    pub(crate) fn take_number(&mut self, name: &str) -> Option<Option<u64>> {
        match self.take(name) {
            Value::Null => Some(None),
            value => value.as_u64().map(Some),
        }
    }

    /// Takes an object out, likewise.
    pub(crate) fn take_object(&mut self, name: &str) -> Option<Option<Object>> {
        match self.take(name) {
            Value::Null => Some(None),
            Value::Object(object) => Some(Some(object)),
            _ => None,
        }
    }

    /// Takes a truth value out; missing or null is false.
    pub(crate) fn take_bool(&mut self, name: &str) -> Option<bool> {
        match self.take(name) {
            Value::Null => Some(false),
            value => value.as_bool(),
        }
    }

    /// Keeps only the fields of these names.
    pub(crate) fn keep_only(&mut self, names: &[&str]) {
        self.0.retain(|(name, _)| names.contains(&name.as_str()));
    }

    /// The object as text.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match serde_json::to_vec(self) {
            Ok(bytes) => bytes,
            Err(_) => unreachable!("names are texts and the buffer grows"),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or(Value::Null, Value::Integer)
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Value::Null, Value::from)
    }
}

impl From<Option<u64>> for Value {
    fn from(number: Option<u64>) -> Self {
        number.map_or(Value::Null, Value::from)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => to.serialize_unit(),
            Value::Bool(value) => to.serialize_bool(*value),
            Value::Integer(number) => to.serialize_i64(*number),
            Value::Float(number) => to.serialize_f64(*number),
            Value::Text(text) => to.serialize_str(text),
            Value::List(items) => to.collect_seq(items),
            Value::Object(object) => object.serialize(to),
        }
    }
}

/// Fields that are null are left out.
impl Serialize for Object {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let known = self.0.iter().filter(|(_, value)| *value != Value::Null);
        to.collect_map(known.map(|(name, value)| (name, value)))
    }
}

/// `None` stands for a value that breaks our own rules: serde's own way to say
/// so would bring 3 KB of formatting with it.
struct Strict(Option<Value>);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(StrictVisitor)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Strict;

    fn expecting(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(Strict(Some(Value::Null)))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Strict, E> {
        Ok(Strict(Some(Value::Bool(value))))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Strict, E> {
        Ok(Strict(Some(Value::Integer(number))))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Strict, E> {
        let number = i64::try_from(number).map_or(Value::Float(number as f64), Value::Integer);
        Ok(Strict(Some(number)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Strict, E> {
        Ok(Strict(Some(Value::Float(number))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Strict, E> {
        Ok(Strict(Some(text.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Strict, A::Error> {
        let mut items = Some(Vec::new());
        while let Some(Strict(item)) = from.next_element()? {
            items = items.zip(item).map(|(mut items, item)| {
                items.push(item);
                items
            });
        }
        Ok(Strict(items.map(Value::List)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Strict, A::Error> {
        let mut object = Some(Object::default());
        while let Some(name) = from.next_key::<String>()? {
            let Strict(value) = from.next_value()?;
            object = object
                .zip(value)
                .and_then(|(object, value)| object.and_new(name, value));
        }
        Ok(Strict(object.map(Value::Object)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p28_a_name_that_comes_twice_is_refused_at_any_depth() {
        assert_eq!(parse(br#"{"a":1,"a":2}"#), None);
        assert_eq!(parse(br#"{"b":[{"a":1,"a":1}]}"#), None);
        assert!(parse(br#"{"a":{"a":1}}"#).is_some());
    }

    #[test]
    fn p28_deep_nesting_and_endless_objects_are_refused() {
        assert_eq!(parse("[".repeat(10_000).as_bytes()), None);
        let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(nested(DEPTH_MAX).as_bytes()).is_some());
        assert_eq!(parse(nested(DEPTH_MAX + 1).as_bytes()), None);
        let objects = format!("{}0{}", r#"{"a":"#.repeat(65), "}".repeat(65));
        assert_eq!(parse(objects.as_bytes()), None);
        let names: Vec<String> = (0..=NAMES_MAX).map(|n| format!("\"{n}\":0")).collect();
        assert_eq!(parse(format!("{{{}}}", names.join(",")).as_bytes()), None);
    }

    #[test]
    fn p29_what_is_no_json_is_none() {
        for bad in [
            &b"\xef\xbb\xbf{}"[..],
            b"",
            b"NaN",
            b"\"\\ud800\"",
            b"\"\0\"",
            b"{}x",
            b"\"\xff\"",
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn what_is_read_is_written_again_in_its_order_and_without_nulls() {
        let text = r#"{"z":[null,true,-1,9007199254740993,1.5,"x\n"],"a":{},"n":null}"#;
        let object = parse_object(text.as_bytes()).expect("an object");
        let written = String::from_utf8(object.to_bytes()).expect("UTF-8");
        assert_eq!(written, text.replace(r#","n":null"#, ""));
    }

    #[test]
    fn a_field_of_another_type_is_told_from_a_missing_one() {
        let mut object = parse_object(br#"{"text":"a","number":7,"odd":[]}"#).expect("an object");
        assert_eq!(object.take_text("missing"), Some(None));
        assert_eq!(object.take_text("odd"), None);
        assert_eq!(object.take_text("text"), Some(Some("a".to_owned())));
        assert_eq!(object.take_number("number"), Some(Some(7)));
        assert_eq!(object, Object::default());
    }
}
