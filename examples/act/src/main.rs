//! Writes the tools, composed with the login, and their manifest:
//!
//!     cargo run --package act-tools -- DIRECTORY
//!
//! `act-build pack DIRECTORY/chatgpt-oauth.wasm` joins both.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result};
use chatgpt_oauth_packaging::{Builder, World, plug};

fn main() -> Result<()> {
    let directory = env::args_os().nth(1).map(PathBuf::from);
    let directory = directory.context("name the directory to write to")?;
    let example = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = example.ancestors().nth(2);
    let workspace = workspace.context("this example is not in its workspace")?;

    let builder = Builder::new(workspace, workspace.join("target/worlds"));
    let tools = builder.guest("act-tools")?;
    let login = builder.build(World::OnboardingFilesystem)?;
    let component = plug(tools, login)?;

    let unwritable = || format!("cannot write to {}", directory.display());
    fs::create_dir_all(&directory).with_context(unwritable)?;
    fs::write(directory.join("chatgpt-oauth.wasm"), component).with_context(unwritable)?;
    fs::copy(example.join("act.toml"), directory.join("act.toml")).with_context(unwritable)?;
    Ok(())
}
