//! Builds every edition of the component and compiles the one that runs ahead of
//! time, so that `cargo build` of the host needs nothing else and the host needs
//! no compiler.
//!
//! | file in `OUT_DIR`  | what it is                                                |
//! |--------------------|-----------------------------------------------------------|
//! | `EDITION.wasm`     | the component, for each kind of runtime                   |
//! | `editions.rs`      | the list of them, with their digests                      |
//! | `contract.wasm`    | `wit/`, as a package in its binary form                   |
//! | `platform.cwasm`   | `platform.wasm` as machine code for the target's baseline CPU |
//! | `platform.pulley`  | `platform.wasm` for wasmtime's interpreter                |

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use chatgpt_oauth_editions::{Builder, Edition, digest};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[path = "src/sandbox/engine_config.rs"]
mod engine_config;

use engine_config::Code;

fn main() {
    if let Err(error) = build() {
        println!("cargo::error={error:#}");
        std::process::exit(1);
    }
}

fn build() -> Result<()> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let host = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let workspace = host.parent().ok_or("the host is not in its workspace")?;
    rerun_when_sources_change(workspace);

    let builder = Builder::new(workspace, out.join("component"));
    fs::write(out.join("contract.wasm"), builder.contract()?)?;
    let mut list = String::new();
    for edition in Edition::ALL {
        let component = builder.build(edition)?;
        let file = out.join(edition.name()).with_extension("wasm");
        fs::write(&file, &component)?;
        list_entry(&mut list, edition, &file, &component)?;
        if edition == Edition::Platform {
            for (name, code) in [
                ("platform.cwasm", Code::Machine),
                ("platform.pulley", Code::Interpreted),
            ] {
                fs::write(out.join(name), precompile(&component, code)?)?;
            }
        }
    }
    fs::write(out.join("editions.rs"), format!("[{list}]"))?;
    Ok(())
}

fn rerun_when_sources_change(workspace: &Path) {
    let keyvalue = "editions/keyvalue-filesystem";
    for source in ["component", keyvalue, "wit", "Cargo.lock", "Cargo.toml"] {
        println!(
            "cargo::rerun-if-changed={}",
            workspace.join(source).display()
        );
    }
}

/// Adds an edition as `src/artifact.rs` declares them.
fn list_entry(list: &mut String, edition: Edition, file: &Path, component: &[u8]) -> Result<()> {
    let digest = digest(component);
    write!(
        list,
        "Edition {{ name: {:?}, component: include_bytes!({file:?}), digest: {digest:?} }},",
        edition.name(),
    )?;
    Ok(())
}

/// Compiles for the target as such, not for the CPU of the machine that builds:
/// the program may run on another one.
fn precompile(component: &[u8], code: Code) -> Result<Vec<u8>> {
    let mut config = engine_config::engine_config(code)?;
    if code == Code::Machine {
        config.target(&env::var("TARGET")?)?;
    }
    config.cranelift_opt_level(wasmtime::OptLevel::Speed);
    let engine = wasmtime::Engine::new(&config)?;
    Ok(engine.precompile_component(component)?)
}
