//! Builds the component, twice, and compiles it ahead of time, so that
//! `cargo build` of the host needs nothing else and the host needs no compiler.
//!
//! | file in `OUT_DIR`  | what it is                                            |
//! |--------------------|-------------------------------------------------------|
//! | `onboarding.wasm`  | the component without `credentials`                   |
//! | `platform.wasm`    | the component with it                                 |
//! | `platform.cwasm`   | `platform.wasm` as machine code for the target's baseline CPU |
//!
//! The components are reproducible: whoever builds the same sources with the
//! same toolchain gets the same bytes, wherever the sources and cargo's home
//! lie. Their SHA-256 is passed on as `ONBOARDING_SHA256` and `PLATFORM_SHA256`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "build/component.rs"]
mod component;
#[path = "src/sandbox/engine_config.rs"]
mod engine_config;
#[path = "build/strip.rs"]
mod strip;

fn main() {
    if let Err(error) = build() {
        println!("cargo::error={error}");
        std::process::exit(1);
    }
}

fn build() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let host = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let workspace = host.parent().ok_or("the host is not in its workspace")?;
    rerun_when_sources_change(workspace);

    let onboarding = component::build(workspace, &out, &[])?;
    emit(&out, "onboarding", &onboarding)?;
    let platform = component::build(workspace, &out, &["platform"])?;
    emit(&out, "platform", &platform)?;
    fs::write(out.join("platform.cwasm"), precompile(&platform)?)?;
    Ok(())
}

fn rerun_when_sources_change(workspace: &Path) {
    for source in ["component", "wit", "Cargo.lock", "Cargo.toml"] {
        println!(
            "cargo::rerun-if-changed={}",
            workspace.join(source).display()
        );
    }
}

/// Writes a component and passes its digest on.
fn emit(out: &Path, name: &str, component: &[u8]) -> Result<(), Box<dyn Error>> {
    use sha2::Digest;

    fs::write(out.join(name).with_extension("wasm"), component)?;
    let digest: String = sha2::Sha256::digest(component)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    println!("cargo::rustc-env={}_SHA256={digest}", name.to_uppercase());
    Ok(())
}

/// Compiles for the target as such, not for the CPU of the machine that builds:
/// the program may run on another one.
fn precompile(component: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut config = engine_config::engine_config();
    config.target(&env::var("TARGET")?)?;
    config.cranelift_opt_level(wasmtime::OptLevel::Speed);
    let engine = wasmtime::Engine::new(&config)?;
    Ok(engine.precompile_component(component)?)
}
