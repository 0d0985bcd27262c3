//! Edits the JSON of requests and events field by field.
//!
//! What is not edited keeps its bytes: the order of keys, the digits of numbers, the escapes
//! of strings.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

/// The most fields of one object. Requests of SDKs have about twenty.
pub(crate) const MOST_FIELDS: usize = 256;
/// For so many fields there is room from the beginning.
const FEW_FIELDS: usize = 16;

/// The fields of an object, in order. No name occurs twice. At most [`MOST_FIELDS`], since
/// each is searched for in all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, Cow<'a, RawValue>)>);

impl<'a> Fields<'a> {
    pub(crate) fn parse(text: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// A field, as it was written.
    pub(crate) fn raw(&self, name: &str) -> Option<&RawValue> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value)
    }

    /// The JSON text of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.raw(name).map(RawValue::get)
    }

    /// The JSON text of a field that is there and not null.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| *value != "null")
    }

    /// The value of a field that is a string.
    pub(crate) fn string(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?).ok()
    }

    /// Replaces a field in its place, or appends it.
    pub(crate) fn set(&mut self, name: &str, value: Box<RawValue>) {
        let value = Cow::Owned(value);
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned().into(), value)),
        }
    }

    /// Removes a field, and says whether it was there.
    pub(crate) fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|(known, _)| known != name);
        self.0.len() < before
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    pub(crate) fn to_raw(&self) -> Box<RawValue> {
        raw(self)
    }
}

/// The JSON text of a value whose serialization cannot fail.
pub(crate) fn raw(value: &(impl Serialize + ?Sized)) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Fields(Vec::with_capacity(FEW_FIELDS));
                while let Some(Name(name)) = map.next_key()? {
                    if fields.get(&name).is_some() {
                        return Err(A::Error::custom("an object names a field twice"));
                    }
                    if fields.0.len() == MOST_FIELDS {
                        return Err(A::Error::custom("an object has too many fields"));
                    }
                    let value = map.next_value::<&RawValue>()?;
                    fields.0.push((name, Cow::Borrowed(value)));
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// A name of a field: a part of the text, unless it has escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value.as_ref())?;
        }
        map.end()
    }
}

/// Hands each object of a list to `each`, in order, until one fails.
///
/// No object is kept, so that a list of millions takes little memory.
pub(crate) fn for_each_object<'a, E>(
    list: &'a str,
    each: impl FnMut(usize, Fields<'a>) -> Result<(), E>,
) -> serde_json::Result<Result<(), E>> {
    struct List<F>(F);

    impl<'de, E, F> Visitor<'de> for List<F>
    where
        F: FnMut(usize, Fields<'de>) -> Result<(), E>,
    {
        type Value = Result<(), E>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of objects")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut index = 0;
            while let Some(object) = seq.next_element()? {
                if let Err(error) = (self.0)(index, object) {
                    while seq.next_element::<IgnoredAny>()?.is_some() {}
                    return Ok(Err(error));
                }
                index += 1;
            }
            Ok(Ok(()))
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(list);
    let ended = deserializer.deserialize_seq(List(each))?;
    deserializer.end().map(|()| ended)
}

/// The list with each object rewritten. An object that becomes none is left out.
pub(crate) fn rewrite_objects<'a, E>(
    list: &'a str,
    mut rewrite: impl FnMut(usize, Fields<'a>) -> Result<Option<Fields<'a>>, E>,
) -> serde_json::Result<Result<Box<RawValue>, E>> {
    let mut text = String::from("[");
    let ended = for_each_object(list, |index, object| {
        if let Some(object) = rewrite(index, object)? {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(object.to_raw().get());
        }
        Ok(())
    })?;
    text.push(']');
    match ended {
        Ok(()) => RawValue::from_string(text).map(Ok),
        Err(error) => Ok(Err(error)),
    }
}

/// Checks a text to its last value: depth of at most 128, finite numbers, strings without
/// lone surrogates. [`RawValue`] checks none of these in what it skips.
pub(crate) fn check(text: &str) -> serde_json::Result<()> {
    serde_json::from_str::<Checked>(text).map(drop)
}

struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Anything;

        impl<'de> Visitor<'de> for Anything {
            type Value = Checked;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_str<E>(self, _: &str) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Checked, A::Error> {
                while seq.next_element::<Checked>()?.is_some() {}
                Ok(Checked)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Checked, A::Error> {
                while map.next_key::<Checked>()?.is_some() {
                    map.next_value::<Checked>()?;
                }
                Ok(Checked)
            }
        }

        deserializer.deserialize_any(Anything)
    }
}

/// Whether a text is JSON of any kind.
pub(crate) fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_edited_keeps_its_bytes() {
        let text = r#"{"b":1.10,"a":12345678901234567890123,"c":"\u00e9","d": [ 1,2 ]}"#;
        let mut fields = Fields::parse(text).unwrap();
        fields.set("b", raw("x"));
        fields.set("e", raw(&true));
        assert_eq!(
            fields.to_raw().get(),
            r#"{"b":"x","a":12345678901234567890123,"c":"\u00e9","d":[ 1,2 ],"e":true}"#
        );
    }

    #[test]
    fn an_object_has_at_most_256_fields() {
        let fields = |count| {
            let fields: Vec<_> = (0..count).map(|n| format!("\"{n}\":0")).collect();
            format!("{{{}}}", fields.join(","))
        };
        assert!(Fields::parse(&fields(MOST_FIELDS)).is_ok());
        assert!(Fields::parse(&fields(MOST_FIELDS + 1)).is_err());
    }

    #[test]
    fn objects_of_a_list_are_rewritten_or_left_out_in_order() {
        let list = r#"[{"n":1.0},{"n":2, "gone":true}, {"n":3}]"#;
        let rewritten = rewrite_objects(list, |index, mut object| {
            object.set("index", raw(&index));
            Ok::<_, ()>(object.get("gone").is_none().then_some(object))
        });
        let rewritten = rewritten.unwrap().unwrap();
        assert_eq!(
            rewritten.get(),
            r#"[{"n":1.0,"index":0},{"n":3,"index":2}]"#
        );
    }

    #[test]
    fn an_object_that_is_refused_ends_a_list_that_is_one() {
        let mut seen = 0;
        let refuse_second = |index, _: Fields<'_>| {
            seen += 1;
            if index == 1 { Err("refused") } else { Ok(()) }
        };
        let ended = for_each_object(r#"[{},{},{},{}]"#, refuse_second);
        assert_eq!(ended.unwrap(), Err("refused"));
        assert_eq!(seen, 2);
        for text in ["{}", "[1]", "[{}", "[{}] []", "[[]]"] {
            assert!(
                for_each_object(text, |_, _| Ok::<_, ()>(())).is_err(),
                "{text}"
            );
        }
    }

    /// Faults: G30
    #[test]
    fn json_that_two_parsers_may_read_in_two_ways_is_refused() {
        let deep = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(check(&deep(127)).is_ok());
        for text in [
            &deep(129),
            &deep(10_000),
            "NaN",
            "[1e999]",
            r#"{"a":"\ud800"}"#,
            r#"{"\udc00":1}"#,
            "\u{feff}{}",
            "{} {}",
            "{'a':1}",
            "",
        ] {
            assert!(check(text).is_err(), "{}", &text[..text.len().min(20)]);
        }
        assert!(Fields::parse(r#"{"model":"a","model":"b"}"#).is_err());
        assert!(Fields::parse(r#"{"model":"a","mod\u0065l":"b"}"#).is_err());
    }
}
