//! Builds the component and compiles it ahead of time, so that `cargo build` of the
//! host needs no other step, and the host needs no compiler at run time.
//!
//! | file in `OUT_DIR`  | what it is                                                |
//! |--------------------|-----------------------------------------------------------|
//! | `WORLD.wasm`       | the component for a world: `platform`, or every world with the feature `worlds` |
//! | `worlds.rs`        | the list of the `WORLD.wasm` files, with their digests    |
//! | `platform.cwasm`   | `platform.wasm` as machine code for the target's baseline CPU |
//! | `platform.pulley`  | `platform.wasm` for wasmtime's interpreter                |

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use chatgpt_oauth_packaging::{Builder, World, digest};

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
    let runtime = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let workspace = runtime.ancestors().nth(2);
    let workspace = workspace.ok_or("this package is not in its workspace")?;
    rerun_when_sources_change(workspace);

    let builder = Builder::new(workspace, out.join("component"));
    let mut list = String::new();
    for &world in worlds() {
        let component = builder.build(world)?;
        let file = out.join(world.name()).with_extension("wasm");
        fs::write(&file, &component)?;
        list_entry(&mut list, world, &file, &component)?;
        if world == World::Platform {
            for (name, code) in [
                ("platform.cwasm", Code::Machine),
                ("platform.pulley", Code::Interpreted),
            ] {
                fs::write(out.join(name), precompile(&component, code)?)?;
            }
        }
    }
    fs::write(out.join("worlds.rs"), format!("&[{list}]"))?;
    Ok(())
}

/// The first is the one that a host runs.
fn worlds() -> &'static [World] {
    const ALL: [World; 5] = [
        World::Platform,
        World::Onboarding,
        World::OnboardingDraft2,
        World::OnboardingFilesystem,
        World::Command,
    ];
    match env::var_os("CARGO_FEATURE_WORLDS") {
        Some(_) => &ALL,
        None => &ALL[..1],
    }
}

fn rerun_when_sources_change(workspace: &Path) {
    let sources = [
        "component/Cargo.toml",
        "component/src",
        "component/command-line",
        "component/keyvalue-filesystem",
        "host/answers",
        "wit",
        "Cargo.lock",
        "Cargo.toml",
    ];
    for source in sources {
        println!(
            "cargo::rerun-if-changed={}",
            workspace.join(source).display()
        );
    }
}

/// Adds a world as `src/artifact.rs` declares them.
fn list_entry(list: &mut String, world: World, file: &Path, component: &[u8]) -> Result<()> {
    let digest = digest(component);
    write!(
        list,
        "World {{ name: {:?}, component: include_bytes!({file:?}), digest: {digest:?} }},",
        world.name(),
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
