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
    let Some(columns) = canvas else {
        let mut text = Text::default();
        text.extend(answer.models.iter().map(in_one_line));
        return text;
    };
    let table = table(&answer.models);
    match table.width() <= columns {
        true => table,
        false => entries(&answer.models),
    }
}

fn table(models: &[Model]) -> Text {
    let title = ["model", "context", "reasoning (* is the default)"].map(str::to_owned);
    let rows: Vec<_> = models.iter().map(cells).collect();
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
    text.extend(rows.iter().map(|row| line(STRONG, row)));
    text
}

fn cells(model: &Model) -> [String; 3] {
    let context = context(model).unwrap_or_else(|| "unknown".to_owned());
    [model.id.clone(), context, reasoning(model, "*")]
}

fn entries(models: &[Model]) -> Text {
    let mut text = Text::default();
    for model in models {
        let mut entry = Text::default();
        entry.push(Line::styled(STRONG, &model.id));
        entry.extend(facts(model).map(|fact| Line::new(format!("  {fact}"))));
        text.paragraph(entry);
    }
    text
}

fn in_one_line(model: &Model) -> Line {
    let facts: Vec<_> = facts(model).chain(model.description.clone()).collect();
    Line::new(format!("{}  {}", model.id, facts.join("; ")).trim_end())
}

/// The facts about the model, each with its name.
fn facts(model: &Model) -> impl Iterator<Item = String> {
    let context = context(model).map(|tokens| format!("context {tokens} tokens"));
    let levels = Some(reasoning(model, " (default)")).filter(|levels| !levels.is_empty());
    let reasoning = levels.map(|levels| format!("reasoning {levels}"));
    context.into_iter().chain(reasoning)
}

fn context(model: &Model) -> Option<String> {
    model.context_window.map(format::grouped)
}

/// The reasoning levels, with this mark at the one that is used unless another is asked for.
fn reasoning(model: &Model, mark: &str) -> String {
    let default = model.default_reasoning_level.as_ref();
    let level = |level: &String| match Some(level) == default {
        true => format!("{level}{mark}"),
        false => level.clone(),
    };
    let levels: Vec<_> = model.reasoning_levels.iter().map(level).collect();
    levels.join(", ")
}

#[cfg(test)]
mod tests;
