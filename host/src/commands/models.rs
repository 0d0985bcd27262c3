//! `models`: lists the models of the subscription.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::connection::{Model, Models};
use clap::Args;
use textwrap::core::display_width;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::text::{FAINT, Line, STRONG};
use crate::output::{Terminal, Text, format};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Ask OpenAI instead of the cache, at most every 10 seconds
    #[arg(long)]
    force: bool,
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let profile = open::profile(global, Access::ReadWrite).await?;
    let answer = Models::from(&profile.models(arguments.force).await?);
    Ok(terminal.lay_out(&answer, |canvas| to_text(&answer, canvas)))
}

/// The models as a table if it fits, as entries on a narrow terminal, and as lines elsewhere.
fn to_text(answer: &Models, canvas: Option<usize>) -> Text {
    if answer.models.is_empty() {
        return Text::from("this subscription has no models".to_owned());
    }
    let rows: Vec<_> = answer.models.iter().map(Row).collect();
    let Some(columns) = canvas else {
        let mut text = Text::default();
        rows.iter().for_each(|row| text.push(row.in_one_line()));
        return text;
    };
    let table = table(&rows);
    match table.width() <= columns {
        true => table,
        false => entries(&rows),
    }
}

/// What is shown of a model.
struct Row<'a>(&'a Model);

impl Row<'_> {
    fn context(&self) -> Option<String> {
        self.0.context_window.map(format::grouped)
    }

    /// The reasoning levels, with this mark at the one that is used unless another is asked for.
    fn reasoning(&self, mark: &str) -> String {
        let default = self.0.default_reasoning_level.as_ref();
        let level = |level: &String| match Some(level) == default {
            true => format!("{level}{mark}"),
            false => level.clone(),
        };
        let levels: Vec<_> = self.0.reasoning_levels.iter().map(level).collect();
        levels.join(", ")
    }

    /// The facts about the model, each with its name.
    fn facts(&self) -> impl Iterator<Item = String> {
        let context = self.context();
        let context = context.map(|tokens| format!("context {tokens} tokens"));
        let reasoning = Some(self.reasoning(" (default)")).filter(|levels| !levels.is_empty());
        let reasoning = reasoning.map(|levels| format!("reasoning {levels}"));
        context.into_iter().chain(reasoning)
    }

    fn in_one_line(&self) -> Line {
        let facts = self.facts().chain(self.0.description.clone());
        let facts: Vec<_> = facts.collect();
        Line::new(format!("{}  {}", self.0.id, facts.join("; ")).trim_end())
    }

    /// The cells of the table.
    fn cells(&self) -> [String; 3] {
        let context = self.context().unwrap_or_else(|| "unknown".to_owned());
        [self.0.id.clone(), context, self.reasoning("*")]
    }
}

fn table(rows: &[Row<'_>]) -> Text {
    let title = ["model", "context", "reasoning (* is the default)"].map(str::to_owned);
    let rows: Vec<_> = rows.iter().map(Row::cells).collect();
    let width = |column: usize| {
        let cells = rows.iter().chain([&title]).map(|cells| &cells[column]);
        let widths = cells.map(|cell| display_width(cell));
        widths.max().unwrap_or_default() + 2
    };
    let second = width(0);
    let third = second + width(1);
    let line = |style, [id, context, reasoning]: &[String; 3]| {
        let line = Line::default().then_styled(style, id).pad_to(second);
        line.then(context).pad_to(third).then(reasoning)
    };
    let mut text = Text::default();
    text.push(line(FAINT, &title));
    for row in &rows {
        text.push(line(STRONG, row));
    }
    text
}

fn entries(rows: &[Row<'_>]) -> Text {
    let mut text = Text::default();
    for row in rows {
        let mut entry = Text::default();
        entry.push(Line::styled(STRONG, &row.0.id));
        for fact in row.facts() {
            entry.push(Line::new(format!("  {fact}")));
        }
        text.paragraph(entry);
    }
    text
}

#[cfg(test)]
mod tests;
