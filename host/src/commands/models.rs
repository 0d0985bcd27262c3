//! `models`: lists the models of the subscription.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::connection::Models;
use chatgpt_oauth::types::{Model, ModelList};
use clap::Args;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;

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
    let list = profile.models(arguments.force).await?;
    Ok(terminal.answer(&Models::from(&list), || to_text(&list)))
}

fn to_text(list: &ModelList) -> String {
    if list.models.is_empty() {
        return "this subscription has no models".to_owned();
    }
    let lines: Vec<String> = list.models.iter().map(line).collect();
    lines.join("\n")
}

fn line(model: &Model) -> String {
    match &model.description {
        Some(description) => format!("{}  {description}", model.id),
        None => model.id.clone(),
    }
}
