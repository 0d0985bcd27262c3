//! What is left out of a request, for `x-chatgpt-oauth-ignored`.

use http::HeaderMap;

use super::headers;
use crate::error::ErrorAnswer;

/// The names of what was left out. No longer than a header may be.
#[derive(Debug)]
pub(crate) struct Ignored {
    is_strict: bool,
    names: Vec<String>,
}

impl Ignored {
    /// The longest name that is shown, in characters.
    const LONGEST: usize = 64;
    /// How many names may be left out of one request.
    const MOST: usize = 64;

    /// Of a request with these headers.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self::new(headers::is_strict(headers))
    }

    pub(super) fn new(is_strict: bool) -> Self {
        Self {
            is_strict,
            names: Vec::new(),
        }
    }

    /// Notes that something is left out, or refuses it.
    pub(crate) fn add(&mut self, name: &str) -> Result<(), ErrorAnswer> {
        let shown = shown(name);
        if self.is_strict || self.names.len() == Self::MOST {
            return Err(ErrorAnswer::unsupported(shown));
        }
        if !self.names.contains(&shown) {
            self.names.push(shown);
        }
        Ok(())
    }

    /// The names, as the value of a header; none if nothing was left out.
    pub(crate) fn list(&self) -> Option<String> {
        (!self.names.is_empty()).then(|| self.names.join(", "))
    }
}

/// A name that fits into a header and a log: cut, and escaped.
fn shown(name: &str) -> String {
    let cut: String = name.chars().take(Ignored::LONGEST).collect();
    cut.escape_default().to_string().replace(',', "\\u{2c}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults: G29
    #[test]
    fn a_name_is_cut_and_escaped() {
        let mut ignored = Ignored::new(false);
        ignored.add("a\r\nset-cookie: x,y").unwrap();
        ignored.add(&"ü".repeat(1 << 20)).unwrap();
        let list = ignored.list().unwrap();
        assert!(list.len() < 500, "{}", list.len());
        assert!(http::HeaderValue::from_str(&list).is_ok(), "{list}");
        assert!(list.starts_with("a\\r\\nset-cookie: x\\u{2c}y, "), "{list}");
    }

    #[test]
    fn more_names_than_a_header_holds_are_refused() {
        let mut ignored = Ignored::new(false);
        for n in 0..64 {
            ignored.add(&format!("field_{n}")).unwrap();
        }
        assert!(ignored.add("field_64").is_err());
    }
}
