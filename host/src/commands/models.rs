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
    let rows: Vec<_> = answer.models.iter().map(Row::from).collect();
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
struct Row<'a> {
    id: &'a str,
    context: Option<String>,
    reasoning: String,
    description: Option<&'a str>,
}

impl<'a> From<&'a Model> for Row<'a> {
    fn from(model: &'a Model) -> Self {
        let default = model.default_reasoning_level.as_ref();
        let level = |level: &String| match Some(level) == default {
            true => format!("{level} (default)"),
            false => level.clone(),
        };
        let levels: Vec<_> = model.reasoning_levels.iter().map(level).collect();
        Self {
            id: &model.id,
            context: model.context_window.map(format::grouped),
            reasoning: levels.join(", "),
            description: model.description.as_deref(),
        }
    }
}

impl Row<'_> {
    fn context(&self) -> &str {
        self.context.as_deref().unwrap_or("unknown")
    }

    /// The facts about the model, each with its name.
    fn facts(&self) -> impl Iterator<Item = String> {
        let context = self.context.iter();
        let context = context.map(|tokens| format!("context {tokens} tokens"));
        let levels = Some(&self.reasoning).filter(|levels| !levels.is_empty());
        context.chain(levels.map(|levels| format!("reasoning {levels}")))
    }

    fn in_one_line(&self) -> Line {
        let description = self.description.map(str::to_owned).into_iter();
        let facts = description.chain(self.facts()).collect::<Vec<_>>();
        Line::new(format!("{}  {}", self.id, facts.join("; ")).trim_end())
    }
}

fn table(rows: &[Row<'_>]) -> Text {
    let ids = rows.iter().map(|row| display_width(row.id));
    let contexts = rows.iter().map(|row| row.context().len());
    let second = ids.chain(["model".len()]).max().unwrap_or_default() + 2;
    let third = second + contexts.chain(["context".len()]).max().unwrap_or_default() + 2;
    let cells = |style, [id, context, reasoning]: [&str; 3]| {
        let line = Line::default().then_styled(style, id).pad_to(second);
        line.then(context).pad_to(third).then(reasoning)
    };
    let mut text = Text::default();
    text.push(cells(FAINT, ["model", "context", "reasoning"]));
    for row in rows {
        text.push(cells(STRONG, [row.id, row.context(), &row.reasoning]));
    }
    text
}

fn entries(rows: &[Row<'_>]) -> Text {
    let mut text = Text::default();
    for row in rows {
        let mut entry = Text::default();
        entry.push(Line::styled(STRONG, row.id));
        for fact in row.facts() {
            entry.push(Line::new(format!("  {fact}")));
        }
        text.paragraph(entry);
    }
    text
}

#[cfg(test)]
mod tests;
