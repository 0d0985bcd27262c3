//! Runs cargo for the component and turns the module that comes out into a component.

use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const PACKAGE: &str = "chatgpt-oauth-component";
const MODULE: &str = "chatgpt_oauth_component.wasm";
const TARGET: &str = "wasm32-unknown-unknown";

/// SHA-256 without unrolled loops: 8 KB less, for fingerprints of short texts.
const SMALL_SHA2: &str = r#"--cfg=sha2_backend_soft="compact""#;

/// Builds the component with these features of its package.
pub(crate) fn build(
    workspace: &Path,
    out: &Path,
    features: &[&str],
) -> Result<Vec<u8>, Box<dyn Error>> {
    require_target()?;
    let target_dir = out.join("component");
    let status = cargo(workspace, &target_dir, features).status()?;
    if !status.success() {
        return Err(format!(
            "building the component failed ({status}); cargo's messages are above"
        )
        .into());
    }
    let module = fs::read(target_dir.join(TARGET).join("component").join(MODULE))?;
    let component = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(&crate::strip::module(&module)?)?
        .encode()?;
    crate::strip::component(&component)
}

/// Says in one line what is missing, instead of a page of "can't find crate for `core`".
fn require_target() -> Result<(), Box<dyn Error>> {
    let libraries = rustc(&["--print", "target-libdir", "--target", TARGET])?;
    if Path::new(&libraries).is_dir() {
        return Ok(());
    }
    Err(format!(
        "the component needs Rust's target {TARGET}; install it with: rustup target add {TARGET}"
    )
    .into())
}

/// The inner cargo. Of what the outer one was asked for it hears only through the
/// environment: of `CARGO_NET_OFFLINE`, not of `--offline`.
fn cargo(workspace: &Path, target_dir: &Path, features: &[&str]) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .arg("rustc")
        .args(["--locked", "--profile", "component", "--target", TARGET])
        // Beside an rlib cargo would not optimize across crates.
        .args(["--lib", "--crate-type", "cdylib"])
        .args(["--package", PACKAGE, "--no-default-features"])
        .args(["--features", &features.join(",")])
        .arg("--manifest-path")
        .arg(workspace.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target_dir);
    for (name, _) in env::vars_os() {
        if changes_the_build(&name) {
            cargo.env_remove(name);
        }
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(workspace));
    cargo
}

/// Whether a variable of the outer build would change what comes out of this one.
fn changes_the_build(variable: &OsString) -> bool {
    let Some(name) = variable.to_str() else {
        return false;
    };
    matches!(
        name,
        "RUSTFLAGS"
            | "CARGO_ENCODED_RUSTFLAGS"
            | "RUSTC_WRAPPER"
            | "RUSTC_WORKSPACE_WRAPPER"
            | "CARGO_TARGET_DIR"
            | "CARGO_INCREMENTAL"
            | "CHATGPT_OAUTH_TEST_ORIGIN"
    ) || ["CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_TARGET_WASM32_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// The flags that keep this machine's directories out of the component and the
/// component small, in cargo's encoding, which allows spaces in them.
fn flags(workspace: &Path) -> String {
    let mut remaps = vec![(workspace.to_path_buf(), "/workspace")];
    if let Ok(sysroot) = rustc(&["--print", "sysroot"]) {
        remaps.push((PathBuf::from(sysroot), "/rust"));
    }
    if let Some(home) = cargo_home() {
        // One directory per registry, named after it: a mirror must not show.
        let sources = fs::read_dir(home.join("registry/src"))
            .into_iter()
            .flatten();
        let mut sources: Vec<_> = sources.flatten().map(|entry| entry.path()).collect();
        sources.sort();
        // rustc takes the last prefix that fits.
        remaps.push((home, "/cargo"));
        remaps.extend(sources.into_iter().map(|source| (source, "/crates")));
    }
    let mut flags: Vec<_> = remaps
        .iter()
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()))
        .collect();
    flags.push(SMALL_SHA2.to_owned());
    flags.join("\u{1f}")
}

fn cargo_home() -> Option<PathBuf> {
    let default = || env::home_dir().map(|home| home.join(".cargo"));
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(default)
}

fn rustc(arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(arguments).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
