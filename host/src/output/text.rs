//! [`Text`]: an answer as lines for people. No value in it can control the terminal or add
//! a line.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};
use chatgpt_oauth_answers::controls_terminal;
use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// What a person looks for.
pub(crate) const STRONG: Style = Style::new().bold();
/// What a person needs rarely.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// What works.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What soon needs attention.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default();
/// What does not work.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// A line: words and how they look. An empty one, the default, does not wrap.
#[derive(Clone, Default)]
pub(crate) struct Line {
    /// Contains escape sequences of styles, and no other control characters.
    content: String,
    /// The column at which the rest of the line goes on when it wraps; `None` for a line
    /// that does not wrap, such as a drawing.
    hang: Option<usize>,
}

impl Line {
    /// A line that wraps at spaces, and goes on below its first word.
    pub(crate) fn new(text: impl Display) -> Self {
        let content = clean(text);
        let indent = content.len() - content.trim_start_matches(' ').len();
        Self {
            content,
            hang: Some(indent),
        }
    }

    /// A styled line that wraps at spaces.
    pub(crate) fn styled(style: Style, text: impl Display) -> Self {
        Self::new("").then_styled(style, text)
    }

    /// The line with more words.
    pub(crate) fn then(mut self, text: impl Display) -> Self {
        self.content.push_str(&clean(text));
        self
    }

    /// The line with more words in this style.
    pub(crate) fn then_styled(mut self, style: Style, text: impl Display) -> Self {
        let text = clean(text);
        self.content.push_str(&format!("{style}{text}{style:#}"));
        self
    }

    /// The line with spaces up to `column`.
    pub(crate) fn pad_to(mut self, column: usize) -> Self {
        let missing = column.saturating_sub(self.width());
        self.content.extend(std::iter::repeat_n(' ', missing));
        self
    }

    /// The line, going on at `column` when it wraps.
    pub(crate) fn hanging_at(mut self, column: usize) -> Self {
        self.hang = Some(column);
        self
    }

    /// The columns that the line takes.
    pub(crate) fn width(&self) -> usize {
        display_width(&self.content)
    }

    fn wrap(&self, room: usize) -> Vec<String> {
        let Some(hang) = self.hang else {
            return vec![self.content.clone()];
        };
        let indent = " ".repeat(hang.min(room / 2));
        let options = Options::new(room)
            .subsequent_indent(&indent)
            .break_words(false)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation)
            .wrap_algorithm(WrapAlgorithm::FirstFit);
        let rows = textwrap::wrap(&self.content, options);
        rows.into_iter().map(Into::into).collect()
    }
}

/// The lines of an answer.
#[derive(Default)]
pub(crate) struct Text(Vec<Line>);

impl Text {
    /// The columns that a frame takes from its content.
    pub(crate) const FRAME: usize = 4;

    /// The columns that the text takes where nothing wraps.
    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(Line::width).max().unwrap_or_default()
    }

    /// The rows that the text takes in so many columns.
    pub(crate) fn rows(&self, columns: usize) -> usize {
        self.0.iter().map(|line| line.wrap(columns).len()).sum()
    }

    /// Adds a line.
    pub(crate) fn push(&mut self, line: Line) {
        self.0.push(line);
    }

    /// Adds lines.
    pub(crate) fn extend(&mut self, lines: impl Iterator<Item = Line>) {
        self.0.extend(lines);
    }

    /// Adds all lines of another text.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Adds another text, after an empty line if there are lines on both sides of it.
    pub(crate) fn paragraph(&mut self, other: Self) {
        if !self.0.is_empty() && !other.0.is_empty() {
            self.push(Line::default());
        }
        self.append(other);
    }

    /// Adds another text: as a paragraph on a canvas, else as further lines.
    pub(crate) fn part(&mut self, other: Self, canvas: Option<usize>) {
        match canvas {
            Some(_) => self.paragraph(other),
            None => self.append(other),
        }
    }

    /// Adds `name: value`, if there is a value.
    pub(crate) fn field(&mut self, name: &str, value: Option<impl Display>) {
        let line = |value| Line::new(format!("{name}: {value}"));
        self.0.extend(value.map(line));
    }

    /// Adds the fields that have a value: in two columns if the canvas has room for them, else
    /// as lines.
    pub(crate) fn fields<const N: usize>(
        &mut self,
        fields: [(&str, Option<String>); N],
        canvas: Option<usize>,
    ) {
        let known = fields.into_iter();
        let known: Vec<_> = known
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let names = known.iter().map(|(name, _)| name.len() + 2);
        let words = known.iter().flat_map(|(_, value)| value.split(' '));
        let second = names.max().unwrap_or_default();
        let least = second + words.map(display_width).max().unwrap_or_default();
        for (name, value) in known {
            match canvas.is_some_and(|columns| least <= columns) {
                true => {
                    let name = Line::styled(FAINT, name).pad_to(second);
                    self.push(name.then(value).hanging_at(second));
                }
                false => self.field(name, Some(value)),
            }
        }
    }

    /// Adds a line for each of the lines, if there are some.
    pub(crate) fn line(&mut self, lines: Option<impl Display>) {
        self.append(
            lines
                .map(|lines| Self::from(lines.to_string()))
                .unwrap_or_default(),
        );
    }

    /// Adds a heading and, indented, a line for each of `items`.
    pub(crate) fn list(&mut self, heading: &str, items: impl Iterator<Item = impl Display>) {
        self.push(Line::new(heading));
        self.0
            .extend(items.map(|item| Line::new(format!("  {item}"))));
    }

    /// All lines as one text, without styles and of any length.
    pub(crate) fn join(&self) -> String {
        anstream::adapter::strip_str(&self.wrap(None)).to_string()
    }

    /// All lines as one text, with styles; those that take more than `room` wrap.
    pub(super) fn wrap(&self, room: Option<usize>) -> String {
        let rows = |line: &Line| match room {
            Some(room) => line.wrap(room),
            None => vec![line.content.clone()],
        };
        self.0.iter().flat_map(rows).collect::<Vec<_>>().join("\n")
    }

    /// The text in a frame of this width, with a title in its upper edge.
    pub(crate) fn framed(&self, style: Style, title: &str, width: usize) -> Self {
        let inside = width.saturating_sub(Self::FRAME);
        let edge = |columns| "─".repeat(columns);
        let above = edge(inside.saturating_sub(display_width(title) + 1));
        let mut framed = vec![
            Line::default()
                .then_styled(FAINT, "╭─ ")
                .then_styled(style, title)
                .then_styled(FAINT, format!(" {above}╮")),
        ];
        for content in self.0.iter().flat_map(|line| line.wrap(inside)) {
            let padding = " ".repeat(inside.saturating_sub(display_width(&content)));
            framed.push(Line {
                content: format!("{FAINT}│{FAINT:#} {content}{padding} {FAINT}│{FAINT:#}"),
                hang: None,
            });
        }
        let below = format!("╰{}╯", edge(inside + 2));
        framed.push(Line::default().then_styled(FAINT, below));
        Self(framed)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.split('\n').map(Line::new).collect())
    }
}

/// The value without line breaks and without the characters that could control a terminal.
pub(super) fn clean(value: impl Display) -> String {
    let value = value.to_string().replace(['\n', '\r'], " ");
    value.chars().filter(|c| !controls_terminal(*c)).collect()
}

#[cfg(test)]
mod tests;
