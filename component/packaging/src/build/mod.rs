//! Builds the component, once for each world.
//!
//! ```text
//!   component/ ──cargo──▶ module ──encode──▶ component ──┬──────────────▶ label ──▶ world
//!   keyvalue-filesystem/ ──cargo, encode──▶ component ──compose
//! ```

mod cargo;
mod compose;
mod contract;
mod encode;
mod label;
mod strip;

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::{Dependencies, World};
use cargo::Cargo;

pub(crate) use cargo::Module;
pub use compose::plug;

/// Builds worlds from the sources of one workspace.
#[derive(Clone, Debug)]
pub struct Builder {
    cargo: Cargo,
}

impl Builder {
    /// Takes the sources of this workspace, and this directory to build in.
    pub fn new(workspace: impl Into<PathBuf>, target_dir: impl Into<PathBuf>) -> Self {
        Self {
            cargo: Cargo {
                workspace: workspace.into(),
                target_dir: target_dir.into(),
                test_origin: None,
            },
        }
    }

    /// Builds for tests: the component then sends every request to this origin,
    /// `http://127.0.0.1:PORT`, instead of to OpenAI, and says so in its name and
    /// in a section of its own.
    #[must_use]
    pub fn test_origin(mut self, origin: impl Into<String>) -> Self {
        self.cargo.test_origin = Some(origin.into());
        self
    }

    /// Builds another package of the workspace as a component, as it is: a guest for
    /// tests.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn guest(&self, package: &'static str) -> Result<Vec<u8>> {
        let features = "";
        encode::component(&self.cargo.module(&Module { package, features })?)
    }

    /// Builds a world.
    ///
    /// # Errors
    ///
    /// When the target `wasm32-unknown-unknown` is missing, and when cargo or one
    /// of the tools behind it fails; cargo's own messages go to standard error.
    pub fn build(&self, world: World) -> Result<Vec<u8>> {
        let module = self.cargo.module(&world.module())?;
        self.check_origin(&module)?;
        let mut component = encode::component(&module)?;
        if let Some(plug) = world.plug() {
            let plug = encode::component(&self.cargo.module(&plug)?)?;
            component = compose::plug(component, plug)?;
        }
        let producers = label::Producers::of(&component, &cargo::rustc_version()?)?;
        let component = strip::component(&component)?;
        let label = label::Label {
            world,
            producers,
            documentation: contract::documentation(&self.cargo.workspace, world, &component)?,
            dependencies: self.dependencies(world)?,
            test_origin: self.cargo.test_origin.as_deref(),
        };
        label.put_on(&component)
    }

    /// A build for tests must not look like a real one, nor the other way round,
    /// whatever cargo was led to do.
    fn check_origin(&self, module: &[u8]) -> Result<()> {
        let loopback = b"127.0.0.1:";
        let found = module
            .windows(loopback.len())
            .any(|bytes| bytes == loopback);
        ensure!(
            found == self.cargo.test_origin.is_some(),
            "the component was built for another origin than it should be"
        );
        Ok(())
    }

    /// The contract, `wit/`, as one file: a package of WIT in its binary form.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn contract(&self) -> Result<Vec<u8>> {
        contract::encoded(&self.cargo.workspace)
    }

    /// What a world is built from.
    ///
    /// # Errors
    ///
    /// When cargo fails.
    pub fn dependencies(&self, world: World) -> Result<Dependencies> {
        let plug = world.plug();
        let modules = [Some(world.module()), plug].into_iter().flatten();
        let trees: Result<Vec<_>> = modules.map(|module| self.cargo.tree(&module)).collect();
        Dependencies::read(&trees?)
    }
}
