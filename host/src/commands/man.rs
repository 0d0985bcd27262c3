//! `man`: writes the manual pages.

use std::path::PathBuf;
use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::True;
use chatgpt_oauth::answers::operations::Man;
use clap::{Args, Command, CommandFactory};

use crate::open;
use crate::output::Terminal;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The directory, which must exist
    directory: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<ExitCode, Error> {
    let directory = &arguments.directory;
    clap_mangen::generate_to(program(), directory).map_err(|error| {
        open::invalid(format!("cannot write to {}: {error}", directory.display()))
    })?;
    let answer = Man {
        ok: True,
        directory: directory.to_string_lossy().into_owned(),
        pages: pages(&program()).len(),
    };
    Ok(terminal.answer(&answer, || {
        let Man {
            directory, pages, ..
        } = &answer;
        format!("{pages} pages in {directory}; `man {directory}/chatgpt-oauth.1` shows the first")
    }))
}

/// The program with a version of one line: a page names it in its head.
fn program() -> Command {
    let program = super::Arguments::command();
    program
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true)
}

/// The file names of the pages of a command and its subcommands.
fn pages(program: &Command) -> Vec<String> {
    fn add(command: &Command, parent: &str, pages: &mut Vec<String>) {
        let name = format!("{parent}{}", command.get_name());
        pages.push(format!("{name}.1"));
        for subcommand in command.get_subcommands() {
            add(subcommand, &format!("{name}-"), pages);
        }
    }
    let mut pages = Vec::new();
    add(program, "", &mut pages);
    pages
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    #[test]
    fn every_command_has_a_page_that_describes_it() {
        let directory = tempfile::tempdir().unwrap();
        clap_mangen::generate_to(program(), directory.path()).unwrap();
        let written = fs::read_dir(directory.path()).unwrap();
        let written: BTreeSet<_> = written
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        let pages = pages(&program());
        assert!(
            pages.contains(&"chatgpt-oauth-keys-create.1".to_owned()),
            "{pages:?}"
        );
        assert_eq!(written, pages.iter().cloned().collect());
        for page in pages {
            let text = fs::read_to_string(directory.path().join(&page)).unwrap();
            for section in [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH OPTIONS"] {
                assert!(text.contains(section), "{page}: {section}");
            }
        }
    }
}
