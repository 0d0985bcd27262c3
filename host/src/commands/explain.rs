//! `explain`: says what an error code means, or lists the codes.

use std::process::ExitCode;

use chatgpt_oauth_answers::{ErrorCode, Explain, Explained, True};
use clap::Args;

use crate::output::{Terminal, Text};

#[derive(Args)]
pub(crate) struct Arguments {
    /// The code of the error, such as needs-login [default: all]
    #[arg(value_name = "CODE", value_parser = code)]
    code: Option<ErrorCode>,
}

fn code(name: &str) -> Result<ErrorCode, &'static str> {
    ErrorCode::named(name).ok_or("there is no such code; `chatgpt-oauth explain` lists all")
}

pub(crate) fn run(arguments: &Arguments, terminal: &Terminal) -> ExitCode {
    let codes = match &arguments.code {
        Some(code) => std::slice::from_ref(code),
        None => ErrorCode::ALL,
    };
    let answer = Explain {
        ok: True,
        explanations: codes.iter().copied().map(Explained::from).collect(),
    };
    terminal.answer(&answer, || match &*answer.explanations {
        [one] => whole(one),
        all => list(all),
    })
}

fn whole(entry: &Explained) -> String {
    let mut text = Text::default();
    text.field("code", Some(entry.code.name()));
    text.field("exit code", Some(entry.exit_code));
    text.field("cause", Some(&entry.cause));
    text.field("kept", Some(&entry.kept));
    text.list("do:", entry.steps.iter());
    text.join()
}

fn list(entries: &[Explained]) -> String {
    let widest = entries.iter().map(|entry| entry.code.name().len()).max();
    let width = widest.unwrap_or_default();
    let lines = entries.iter().map(|entry| {
        let Explained { code, cause, .. } = entry;
        format!("{:width$}  {cause}", code.name())
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// What stands in backticks and begins with the name of the program.
    fn commands(step: &str) -> impl Iterator<Item = &str> {
        let quoted = step.split('`').skip(1).step_by(2);
        quoted.filter(|text| text.starts_with("chatgpt-oauth "))
    }

    #[test]
    fn every_command_that_an_explanation_names_can_be_typed() {
        let mut tried = 0;
        for code in ErrorCode::ALL {
            for command in code.explanation().steps.iter().copied().flat_map(commands) {
                let words = command.split(' ');
                let parsed = super::super::Arguments::command().try_get_matches_from(words);
                let is_shown = |error: &clap::Error| !error.use_stderr();
                let can_be_typed = parsed.as_ref().map_or_else(is_shown, |_| true);
                assert!(can_be_typed, "{code:?}: {command}: {:?}", parsed.err());
                tried += 1;
            }
        }
        assert!(tried > ErrorCode::ALL.len());
    }

    #[test]
    fn every_option_that_an_explanation_names_exists() {
        let program = super::super::Arguments::command();
        let known: Vec<_> = program
            .get_arguments()
            .filter_map(clap::Arg::get_long)
            .collect();
        for code in ErrorCode::ALL {
            for step in code.explanation().steps {
                for option in step.split('`').filter_map(|text| text.strip_prefix("--")) {
                    assert!(known.contains(&option), "{code:?}: --{option}");
                }
            }
        }
    }
}
