//! JSON as a tree. Duplicate keys are rejected: with two `refresh_token`s there
//! is no right one. [`parse_leniently`] leaves them out where no token is read.
//!
//! `serde_json` reads and writes the tree. The tree is written here because the
//! component must stay small (docs/performance.md has the figures), and because
//! it keeps the fields of a newer version.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Index;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// The largest number of names in one object.
const NAMES_MAX: usize = 256;

/// The deepest nesting of lists and objects.
const DEPTH_MAX: u8 = 64;

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

/// The fields of an object, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Object(Vec<(String, Value)>);

/// Reads a document. `None` when it is not JSON, has a duplicate name, or exceeds
/// a limit.
pub(crate) fn parse(bytes: &[u8]) -> Option<Value> {
    read(bytes, true)
}

/// Reads a document. A field with a duplicate name and a value that exceeds a
/// limit are left out.
pub(crate) fn parse_leniently(bytes: &[u8]) -> Option<Value> {
    read(bytes, false)
}

fn read(bytes: &[u8], is_strict: bool) -> Option<Value> {
    let mut from = serde_json::Deserializer::from_slice(bytes);
    let reader = Reader {
        is_strict,
        depth_left: DEPTH_MAX,
    };
    let value = reader.deserialize(&mut from).ok()?;
    from.end().ok()?;
    value
}

/// Reads a document that is an object.
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

    /// A number of the service that may have a fraction, without it. `None` below
    /// 0.
    pub(crate) fn as_whole(&self) -> Option<u64> {
        match self {
            Value::Float(number) if (0.0..9e15).contains(number) => Some(*number as u64),
            other => other.as_u64(),
        }
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

    /// The value as text.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match serde_json::to_vec(self) {
            Ok(bytes) => bytes,
            Err(_) => unreachable!("names are texts and the buffer grows"),
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

    /// The object with the field added.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.put_value(name, value.into());
        self
    }

    /// Whether a field of that name may be added.
    fn has_room_for(&self, name: &str) -> bool {
        self.0.len() < NAMES_MAX && self.0.iter().all(|(other, _)| other != name)
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

    /// The fields with their names.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
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

/// A larger number than can be written becomes the largest.
impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
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

/// Reads one value. `None` stands for a value that violates the rules of this
/// file: serde's own errors would add 3 KB of formatting.
#[derive(Clone, Copy)]
struct Reader {
    /// Strict: one violation rejects the whole document.
    is_strict: bool,
    depth_left: u8,
}

impl Reader {
    /// The reader of the values in a list or an object.
    fn inside(self) -> Self {
        Self {
            depth_left: self.depth_left.saturating_sub(1),
            ..self
        }
    }

    /// The list or object; `is_whole` if no value in it violated a rule.
    fn done(self, value: Value, is_whole: bool) -> Option<Value> {
        let counts = self.depth_left > 0 && (is_whole || !self.is_strict);
        counts.then_some(value)
    }
}

impl<'de> DeserializeSeed<'de> for Reader {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<Value>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Option<Value>, E> {
        Ok(Some(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Option<Value>, E> {
        Ok(Some(Value::Bool(value)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Option<Value>, E> {
        Ok(Some(Value::Integer(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Option<Value>, E> {
        let number = i64::try_from(number).map_or(Value::Float(number as f64), Value::Integer);
        Ok(Some(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Option<Value>, E> {
        Ok(Some(Value::Float(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<Value>, E> {
        Ok(Some(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Option<Value>, A::Error> {
        let mut items = Vec::new();
        let mut is_whole = true;
        while let Some(item) = from.next_element_seed(self.inside())? {
            match item {
                Some(item) => items.push(item),
                None => is_whole = false,
            }
        }
        Ok(self.done(Value::List(items), is_whole))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Option<Value>, A::Error> {
        let mut object = Object::default();
        let mut is_whole = true;
        while let Some(name) = from.next_key::<String>()? {
            match from.next_value_seed(self.inside())? {
                Some(value) if object.has_room_for(&name) => object.0.push((name, value)),
                _ => is_whole = false,
            }
        }
        Ok(self.done(Value::Object(object), is_whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults: S06 P28
    #[test]
    fn a_duplicate_name_is_rejected_at_any_depth() {
        assert_eq!(parse(br#"{"a":1,"a":2}"#), None);
        assert_eq!(parse(br#"{"b":[{"a":1,"a":1}]}"#), None);
        assert!(parse(br#"{"a":{"a":1}}"#).is_some());
    }

    /// Faults: P28
    #[test]
    fn more_than_64_levels_are_rejected() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(64).as_bytes()).is_some());
        for depth in [65, 127, 128, 10_000] {
            assert_eq!(parse(nested(depth).as_bytes()), None, "{depth}");
            let object = format!("{}0{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
            assert_eq!(parse(object.as_bytes()), None, "{depth}");
        }
        assert_eq!(parse("[".repeat(10_000).as_bytes()), None);
    }

    /// Faults: P28
    #[test]
    fn endless_objects_are_refused() {
        let names: Vec<String> = (0..=NAMES_MAX).map(|n| format!("\"{n}\":0")).collect();
        assert_eq!(parse(format!("{{{}}}", names.join(",")).as_bytes()), None);
    }

    /// Faults: P28
    #[test]
    fn lenient_reading_leaves_out_only_what_breaks_a_rule() {
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        let many: Vec<String> = (0..=NAMES_MAX).map(|n| format!("\"{n}\":0")).collect();
        let text = format!(
            r#"{{"deep":[1,{deep},2],"twice":{{"a":1,"a":2}},"many":{{{}}},"good":3}}"#,
            many.join(",")
        );
        assert_eq!(parse(text.as_bytes()), None);
        let value = parse_leniently(text.as_bytes()).expect("the rest");
        let inside = |depth| {
            let list = |inner| Value::List(vec![inner]);
            (1..depth).fold(Value::List(Vec::new()), |inner, _| list(inner))
        };
        assert_eq!(
            value["deep"].items(),
            [Value::Integer(1), inside(62), Value::Integer(2)]
        );
        assert_eq!(
            value["twice"],
            Value::Object(Object::default().with("a", 1_u64))
        );
        assert_eq!(value["many"]["255"], Value::Integer(0));
        assert_eq!(value["many"]["256"], Value::Null);
        assert_eq!(value["good"], Value::Integer(3));
        assert_eq!(parse_leniently(b"{} x"), None);
    }

    /// Faults: P29
    #[test]
    fn lone_surrogates_byte_order_marks_and_nul_are_not_json() {
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
    fn a_document_is_written_in_its_order_and_without_nulls() {
        let text = r#"{"z":[null,true,-1,9007199254740993,1.5,"x\n"],"a":{},"n":null}"#;
        let object = parse_object(text.as_bytes()).expect("an object");
        let written = String::from_utf8(object.to_bytes()).expect("UTF-8");
        assert_eq!(written, text.replace(r#","n":null"#, ""));
    }
}
