//! An answer in words: a line for each thing that is known.

use std::fmt::Display;

/// Lines, one below the other.
#[derive(Default)]
pub(crate) struct Lines(Vec<String>);

impl Lines {
    /// Adds `name: value`, if there is a value.
    pub(crate) fn tell(&mut self, name: &str, value: Option<impl Display>) {
        self.0.extend(value.map(|value| format!("{name}: {value}")));
    }

    /// Adds a line as it is, if there is one.
    pub(crate) fn say(&mut self, line: Option<impl Display>) {
        self.0.extend(line.map(|line| line.to_string()));
    }

    /// Adds a heading and, indented, a line for each of `items`.
    pub(crate) fn list(&mut self, heading: &str, items: impl Iterator<Item = impl Display>) {
        self.0.push(heading.to_owned());
        self.0.extend(items.map(|item| format!("  {item}")));
    }

    /// All of them.
    pub(crate) fn text(&self) -> String {
        self.0.join("\n")
    }
}
