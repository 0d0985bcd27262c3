//! `component`: writes the component of a world to a file, or prints the contract.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::True;
use chatgpt_oauth::answers::operations::Component;
use chatgpt_oauth::artifact::{ONBOARDING, WORLDS, World};
use chatgpt_oauth_packaging::vendor;
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::open;
use crate::output::Terminal;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The world: it depends on the runtime; only `platform` returns tokens
    #[arg(
        long,
        value_name = "WORLD",
        default_value = ONBOARDING.name,
        value_parser = PossibleValuesParser::new(WORLDS.iter().map(|world| world.name)),
    )]
    world: String,

    /// The file to write
    #[arg(short, long, value_name = "FILE", required_unless_present = "wit")]
    output: Option<PathBuf>,

    /// Print the interface `connection` as one WIT file, for the wit/deps of an agent
    #[arg(long, conflicts_with_all = ["world", "output"])]
    wit: bool,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Error> {
    match arguments.output {
        Some(file) => write_world(&arguments.world, &file, terminal),
        None => Ok(terminal.print(vendor::connection().trim_end())),
    }
}

fn write_world(name: &str, file: &Path, terminal: &Terminal) -> Result<ExitCode, Error> {
    let world = World::named(name).ok_or_else(|| open::invalid("unknown world"))?;
    write(file, world.component)
        .map_err(|error| open::invalid(format!("cannot write {}: {error}", file.display())))?;
    let size = world.component.len();
    let answer = Component {
        ok: True,
        world: world.name.to_owned(),
        file: file.to_string_lossy().into_owned(),
        size_bytes: size,
        sha256: world.digest.to_owned(),
    };
    Ok(terminal.answer(&answer, || {
        let (name, digest) = (world.name, world.digest);
        let file = file.display();
        format!("wrote {file} ({name}, {size} bytes, sha256:{digest})")
    }))
}

/// Writes a second file and renames it, so that `file` is never half-written.
fn write(file: &Path, component: &[u8]) -> std::io::Result<()> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = file.with_file_name(name);
    let written = std::fs::File::create_new(&part).and_then(|mut part| part.write_all(component));
    let renamed = written.and_then(|()| std::fs::rename(&part, file));
    if renamed.is_err() {
        // The second file may not exist.
        let _ = std::fs::remove_file(&part);
    }
    renamed
}
