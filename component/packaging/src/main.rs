//! Writes all published files of the component:
//!
//!     cargo run --package chatgpt-oauth-packaging --features dist [-- DIRECTORY]
//!
//! | in `dist/`, or in DIRECTORY | what it is                                          |
//! |-----------------------------|-----------------------------------------------------|
//! | `WORLD.wasm`                | the component                                       |
//! | `WORLD.cdx.json`            | its bill of materials, in CycloneDX                 |
//! | `wit.wasm`                  | the contract for agents, as a WIT package in its binary form |
//! | `SHA256SUMS`                | the digests of all files, for `sha256sum --check`   |

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result};
use chatgpt_oauth_packaging::{Builder, Dependencies, World, digest, vendor};

fn main() -> Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let workspace = workspace.context("this package is not in its workspace")?;
    let directory = env::args_os().nth(1).map(PathBuf::from);
    let directory = directory.unwrap_or_else(|| workspace.join("dist"));
    fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;

    let mut sums = String::new();
    for (name, bytes) in published(workspace)? {
        fs::write(directory.join(&name), &bytes)?;
        writeln!(sums, "{}  {name}", digest(&bytes))?;
    }
    fs::write(directory.join("SHA256SUMS"), &sums)?;
    print!("{sums}");
    Ok(())
}

/// The names and the contents of the files.
fn published(workspace: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let builder = Builder::new(workspace, target_directory(workspace));
    let mut files = vec![("wit.wasm".to_owned(), vendor::encoded())];
    for world in World::ALL {
        let materials = bill_of_materials(&builder.dependencies(world)?)?;
        files.push((format!("{world}.wasm"), builder.build(world)?));
        files.push((format!("{world}.cdx.json"), materials));
    }
    Ok(files)
}

fn target_directory(workspace: &Path) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| workspace.join("target"));
    target.join("worlds")
}

fn bill_of_materials(dependencies: &Dependencies) -> Result<Vec<u8>> {
    let bill = auditable_cyclonedx::auditable_to_minimal_cdx(dependencies.packages());
    let mut json = Vec::new();
    bill.output_as_json_v1_4(&mut json)?;
    Ok(json)
}
