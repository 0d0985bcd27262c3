use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::artifact::{EDITIONS, Edition, ONBOARDING};
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::setup;
use super::terminal::Terminal;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Which edition: the runtime decides, and whether the caller may have tokens, which only `platform` ones return
    #[arg(
        long,
        value_name = "EDITION",
        default_value = ONBOARDING.name,
        value_parser = PossibleValuesParser::new(EDITIONS.iter().map(|edition| edition.name)),
    )]
    edition: String,

    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Error> {
    let edition = Edition::named(&arguments.edition);
    let edition = edition.ok_or_else(|| setup::invalid("there is no such edition"))?;
    let file = &arguments.output;
    write(file, edition.component)
        .map_err(|error| setup::invalid(format!("cannot write {}: {error}", file.display())))?;
    let size = edition.component.len();
    let answer = json!({
        "ok": true,
        "edition": edition.name,
        "file": file.to_string_lossy(),
        "size_bytes": size,
        "sha256": edition.digest,
    });
    Ok(terminal.answer(&answer, || {
        let (name, digest) = (edition.name, edition.digest);
        let file = file.display();
        format!("wrote {file} ({name}, {size} bytes, sha256:{digest})")
    }))
}

/// Writes beside the file first, so that a half-written component is never found.
fn write(file: &Path, component: &[u8]) -> std::io::Result<()> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = file.with_file_name(name);
    let written = std::fs::File::create_new(&part).and_then(|mut part| part.write_all(component));
    let renamed = written.and_then(|()| std::fs::rename(&part, file));
    if renamed.is_err() {
        // It may not even have been made.
        let _ = std::fs::remove_file(&part);
    }
    renamed
}
