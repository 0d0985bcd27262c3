//! The table of fields.

use crate::error::ErrorAnswer;

/// What becomes of a field.
#[derive(Debug)]
pub(super) enum Verdict {
    Forwarded,
    /// Null, or a value that asks for nothing: the same as no field.
    Absent,
    Ignored,
    Refused(ErrorAnswer),
}

/// Fields that the backend takes.
const FORWARDED: [&str; 11] = [
    "model",
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "text",
    "include",
    "prompt_cache_key",
    "client_metadata",
];

/// Fields without which the answer would be another one.
const REFUSED: [&str; 3] = ["conversation", "prompt", "max_tool_calls"];

/// The verdict on a field with this value; none if it is null.
pub(super) fn of(name: &str, value: Option<&str>) -> Verdict {
    match (name, value) {
        (_, None) => Verdict::Absent,
        ("stream", _) | ("store" | "background", Some("false")) => Verdict::Absent,
        ("service_tier", Some("\"priority\"" | "\"fast\"")) => Verdict::Forwarded,
        ("previous_response_id", _) => Verdict::Refused(no_previous_response()),
        ("background", _) => Verdict::Refused(ErrorAnswer::unsupported(name)),
        _ if FORWARDED.contains(&name) => Verdict::Forwarded,
        _ if REFUSED.contains(&name) => Verdict::Refused(ErrorAnswer::unsupported(name)),
        _ => Verdict::Ignored,
    }
}

/// OpenAI's own code: SDKs and the Codex CLI then send the whole input.
fn no_previous_response() -> ErrorAnswer {
    let message = "The ChatGPT backend stores no response: send the whole input.";
    ErrorAnswer::invalid("previous_response_not_found", message).param("previous_response_id")
}

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

    pub(super) fn new(is_strict: bool) -> Self {
        Self {
            is_strict,
            names: Vec::new(),
        }
    }

    /// Notes that something is left out, or refuses it.
    pub(super) fn add(&mut self, name: &str) -> Result<(), ErrorAnswer> {
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
