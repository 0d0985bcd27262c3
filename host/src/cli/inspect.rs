use std::path::PathBuf;
use std::process::ExitCode;

use chatgpt_oauth::inspect::Inspection;
use chatgpt_oauth::{Error, POLICY, Rule, artifact};
use clap::Args;
use serde_json::{Value, json};

use super::exit;
use super::setup;
use super::terminal::Terminal;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The component [default: the one that this program runs]
    file: Option<PathBuf>,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Error> {
    let (name, component) = match arguments.file {
        Some(file) => (file.display().to_string(), read(&file)?),
        None => ("embedded".to_owned(), artifact::PLATFORM.to_vec()),
    };
    let inspection =
        Inspection::of(&component).map_err(|error| setup::invalid(format!("{name}: {error}")))?;
    let undeclared: Vec<&str> = inspection.undeclared_imports().collect();
    terminal.answer(&report(&name, &inspection, &undeclared), || {
        in_words(&name, &inspection, &undeclared)
    });
    Ok(match undeclared.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(exit::BLOCKED),
    })
}

fn read(file: &PathBuf) -> Result<Vec<u8>, Error> {
    std::fs::read(file)
        .map_err(|error| setup::invalid(format!("cannot read {}: {error}", file.display())))
}

/// The addresses that this host would let it reach.
fn policy() -> Vec<String> {
    let line = |rule: &Rule| format!("{} https://{}{}", rule.method(), rule.host(), rule.path());
    POLICY.iter().map(line).collect()
}

fn report(name: &str, inspection: &Inspection, undeclared: &[&str]) -> Value {
    json!({
        "ok": undeclared.is_empty(),
        "component": name,
        "sha256": inspection.digest,
        "size_bytes": inspection.size,
        "size_without_custom_sections_bytes": inspection.size_without_custom_sections,
        "imports": inspection.imports,
        "undeclared_imports": undeclared,
        "exports": inspection.exports,
        "policy": policy(),
    })
}

fn in_words(name: &str, inspection: &Inspection, undeclared: &[&str]) -> String {
    let mut lines = vec![
        format!(
            "{name}: {} bytes, sha256:{}",
            inspection.size, inspection.digest
        ),
        "imports:".to_owned(),
    ];
    for import in &inspection.imports {
        let mark = if undeclared.contains(&import.as_str()) {
            "  NOT DECLARED"
        } else {
            ""
        };
        lines.push(format!("  {import}{mark}"));
    }
    lines.push("exports:".to_owned());
    lines.extend(
        inspection
            .exports
            .iter()
            .map(|export| format!("  {export}")),
    );
    lines.push("this host would let it reach:".to_owned());
    lines.extend(policy().into_iter().map(|line| format!("  {line}")));
    lines.push(match undeclared.is_empty() {
        true => "It reaches for nothing beyond the contract.".to_owned(),
        false => "It reaches for more than the contract: do not load it.".to_owned(),
    });
    lines.join("\n")
}
