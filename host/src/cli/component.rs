use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chatgpt_oauth::{Error, artifact};
use clap::{Args, ValueEnum};
use serde_json::json;

use super::setup;
use super::terminal::Terminal;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Which world: `onboarding` never returns a token, `platform` has `credentials` too
    #[arg(long, value_enum, default_value_t = World::Onboarding)]
    world: World,

    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum World {
    Onboarding,
    Platform,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Error> {
    let (name, component, digest) = match arguments.world {
        World::Onboarding => (
            "onboarding",
            artifact::ONBOARDING,
            artifact::ONBOARDING_DIGEST,
        ),
        World::Platform => ("platform", artifact::PLATFORM, artifact::PLATFORM_DIGEST),
    };
    let file = &arguments.output;
    write(file, component)
        .map_err(|error| setup::invalid(format!("cannot write {}: {error}", file.display())))?;
    let answer = json!({
        "ok": true,
        "world": name,
        "file": file.to_string_lossy(),
        "size_bytes": component.len(),
        "sha256": digest,
    });
    Ok(terminal.answer(&answer, || {
        format!(
            "wrote {} ({name}, {} bytes, sha256:{digest})",
            file.display(),
            component.len()
        )
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
