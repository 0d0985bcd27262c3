//! Runs cargo for the core modules of a component.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

const TARGET: &str = "wasm32-unknown-unknown";

/// SHA-256 without unrolled loops: 8 KB less, and fast enough for fingerprints.
const SMALL_SHA2: &str = r#"--cfg=sha2_backend_soft="compact""#;

/// The variable that the component's source reads for the origin of a build for tests.
const TEST_ORIGIN: &str = "CHATGPT_OAUTH_TEST_ORIGIN";

/// The sources, the directory to build in, and the options of the build.
#[derive(Clone, Debug)]
pub(crate) struct Cargo {
    pub(crate) workspace: PathBuf,
    pub(crate) target_dir: PathBuf,
    pub(crate) test_origin: Option<String>,
}

/// A package of the workspace that becomes a core module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Module {
    pub(crate) package: &'static str,
    /// Its features, comma-separated.
    pub(crate) features: &'static str,
}

impl Module {
    pub(crate) const COMMAND_LINE: Self = Self::without_features("command-line");
    pub(crate) const KEYVALUE_FILESYSTEM: Self = Self::without_features("keyvalue-filesystem");

    /// The module of the seven functions.
    pub(crate) const fn component(features: &'static str) -> Self {
        Self {
            package: "chatgpt-oauth-component",
            features,
        }
    }

    pub(crate) const fn without_features(package: &'static str) -> Self {
        let features = "";
        Self { package, features }
    }

    fn file(&self) -> PathBuf {
        Path::new(&self.package.replace('-', "_")).with_extension("wasm")
    }

    fn selection(&self) -> [&'static str; 5] {
        let Self { package, features } = self;
        [
            "--package",
            package,
            "--no-default-features",
            "--features",
            features,
        ]
    }
}

impl Cargo {
    /// Builds a module.
    pub(crate) fn module(&self, module: &Module) -> Result<Vec<u8>> {
        require_target()?;
        let _until_it_is_read = self.lock()?;
        let status = self
            .command("rustc")?
            .args(["--profile", "component"])
            // With an rlib beside it, cargo would not optimize across crates.
            .args(["--lib", "--crate-type", "cdylib"])
            .args(module.selection())
            .arg("--target-dir")
            .arg(&self.target_dir)
            .env("CARGO_ENCODED_RUSTFLAGS", flags(&self.workspace))
            .status()?;
        if !status.success() {
            bail!("building the component failed ({status}); cargo's messages are above");
        }
        let built = self.target_dir.join(TARGET).join("component");
        let file = built.join(module.file());
        fs::read(&file).with_context(|| format!("cannot read {}", file.display()))
    }

    /// Keeps other builds in this directory from replacing the file until the returned file
    /// is closed: cargo's own lock ends with cargo.
    fn lock(&self) -> Result<File> {
        let path = self.target_dir.join("module.lock");
        let cannot_write = || format!("cannot write {}", path.display());
        fs::create_dir_all(&self.target_dir).with_context(cannot_write)?;
        let file = File::create(&path).with_context(cannot_write)?;
        // Like cargo, it goes on where the file system has no locks.
        _ = file.lock();
        Ok(file)
    }

    /// The packages of a module: one line each, with its depth in front.
    pub(crate) fn tree(&self, module: &Module) -> Result<String> {
        let output = self
            .command("tree")?
            .args(["--edges", "normal", "--no-dedupe"])
            .args(["--prefix", "depth", "--format", "{p}"])
            .args(module.selection())
            .output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("cargo tree failed ({}): {said}", output.status);
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// The inner cargo. It gets the options of an outer cargo only through the
    /// environment: `CARGO_NET_OFFLINE`, but not `--offline`.
    fn command(&self, subcommand: &str) -> Result<Command> {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        for (name, _) in env::vars_os() {
            if changes_the_build(&name) {
                cargo.env_remove(name);
            }
        }
        // An empty value means no origin. Options and `force` take precedence over a
        // person's configuration of cargo, which may set variables, wrappers and
        // profiles.
        let origin = self.test_origin.as_deref().unwrap_or_default();
        let origin = format!("env.{TEST_ORIGIN}.value={origin:?}");
        let forced = format!("env.{TEST_ORIGIN}.force=true");
        cargo
            .env("RUSTC_WRAPPER", "")
            .env("RUSTC_WORKSPACE_WRAPPER", "")
            .arg(subcommand)
            .args(["--config", &origin, "--config", &forced]);
        for setting in self.profile()? {
            cargo.args(["--config", &format!("profile.component.{setting}")]);
        }
        cargo
            .args(["--locked", "--target", TARGET])
            .arg("--manifest-path")
            .arg(self.workspace.join("Cargo.toml"));
        Ok(cargo)
    }

    /// The settings of the workspace's `[profile.component]`, as options, which take
    /// precedence over a person's configuration of cargo.
    fn profile(&self) -> Result<Vec<String>> {
        let manifest = fs::read_to_string(self.workspace.join("Cargo.toml"))?;
        let (_, profile) = manifest
            .split_once("[profile.component]\n")
            .context("the workspace has no profile for the component")?;
        let settings = profile.lines().take_while(|line| line.contains(" = "));
        Ok(settings.map(str::to_owned).collect())
    }
}

/// Reports the missing target in one line, instead of a page of "can't find crate for
/// `core`".
fn require_target() -> Result<()> {
    let libraries = rustc(&["--print", "target-libdir", "--target", TARGET])?;
    if !Path::new(&libraries).is_dir() {
        bail!(
            "the component needs Rust's target {TARGET}; install it with: rustup target add {TARGET}"
        );
    }
    Ok(())
}

/// Whether a variable of the outer build would change the result of the inner one.
fn changes_the_build(variable: &OsStr) -> bool {
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
            | TEST_ORIGIN
    ) || ["CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_TARGET_WASM32_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// The flags that remove this machine's directories from the component and reduce its
/// size, in cargo's encoding, which permits spaces.
fn flags(workspace: &Path) -> String {
    let mut remaps = vec![(workspace.to_path_buf(), "/workspace")];
    if let Ok(sysroot) = rustc(&["--print", "sysroot"]) {
        remaps.push((PathBuf::from(sysroot), "/rust"));
    }
    if let Some(home) = cargo_home() {
        // Each registry has a directory with its name, which would reveal a mirror.
        let sources = fs::read_dir(home.join("registry/src"))
            .into_iter()
            .flatten();
        let mut sources: Vec<_> = sources.flatten().map(|entry| entry.path()).collect();
        sources.sort();
        // rustc uses the last prefix that matches.
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

/// The compiler's version: `1.95.0` for `rustc 1.95.0 (59807616e 2026-04-14)`.
pub(crate) fn rustc_version() -> Result<String> {
    let said = rustc(&["--version"])?;
    let version = said.split(' ').nth(1);
    Ok(version.context("rustc has no version")?.to_owned())
}

fn rustc(arguments: &[&str]) -> Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(arguments).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
