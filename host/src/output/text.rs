//! [`Text`]: an answer as text, with one line for each known value.

use std::fmt::Display;

/// The lines of an answer.
#[derive(Default)]
pub(crate) struct Text(Vec<String>);

impl Text {
    /// Adds `name: value`, if there is a value.
    pub(crate) fn field(&mut self, name: &str, value: Option<impl Display>) {
        let line = |value| format!("{name}: {}", one_line(value));
        self.0.extend(value.map(line));
    }

    /// Adds a line as it is, if there is one.
    pub(crate) fn line(&mut self, line: Option<impl Display>) {
        self.0.extend(line.map(|line| line.to_string()));
    }

    /// Adds a heading and, indented, a line for each of `items`.
    pub(crate) fn list(&mut self, heading: &str, items: impl Iterator<Item = impl Display>) {
        self.0.push(heading.to_owned());
        let line = |item| format!("  {}", one_line(item));
        self.0.extend(items.map(line));
    }

    /// All lines as one text.
    pub(crate) fn join(&self) -> String {
        self.0.join("\n")
    }
}

/// The value on one line, so that a value from outside cannot add lines.
fn one_line(value: impl Display) -> String {
    value.to_string().replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::Text;

    /// Faults: M12
    #[test]
    fn a_value_from_outside_adds_no_line() {
        let mut text = Text::default();
        text.field("version", Some("1\nworld: platform"));
        text.list("imports:", ["a\r\nexports:"].iter());
        let expected = "version: 1 world: platform\nimports:\n  a  exports:";
        assert_eq!(text.join(), expected);
    }
}
