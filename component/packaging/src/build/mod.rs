//! Builds the component, once for each world.
//!
//! ```text
//!   component/           ──cargo, encode──▶ component ──┬─▶ label ──▶ world
//!   keyvalue-filesystem/ ──cargo, encode──▶ component ──┤
//!   command-line/        ──cargo, encode──▶ component ──┴ compose
//! ```

mod cargo;
mod compose;
mod contract;
mod encode;
mod label;
mod strip;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

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
    /// Builds from the sources of this workspace, in this directory.
    pub fn new(workspace: impl Into<PathBuf>, target_dir: impl Into<PathBuf>) -> Self {
        Self {
            cargo: Cargo {
                workspace: workspace.into(),
                target_dir: target_dir.into(),
                test_origin: None,
            },
        }
    }

    /// Builds for tests: the component sends every request to this origin,
    /// `http://127.0.0.1:PORT`, instead of to OpenAI. Its name and a custom section say
    /// so.
    #[must_use]
    pub fn test_origin(mut self, origin: impl Into<String>) -> Self {
        self.cargo.test_origin = Some(origin.into());
        self
    }

    /// Builds another package of the workspace as a component without metadata: a guest
    /// for tests.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn guest(&self, package: &'static str) -> Result<Vec<u8>> {
        self.guest_with(package, "")
    }

    /// The same with these features, comma-separated.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn guest_with(&self, package: &'static str, features: &'static str) -> Result<Vec<u8>> {
        let module = Module { package, features };
        encode::component(&self.cargo.module(&module)?)
    }

    /// Builds a world.
    ///
    /// # Errors
    ///
    /// If the target `wasm32-unknown-unknown` is missing, or if cargo or a tool fails;
    /// cargo's own messages go to standard error.
    pub fn build(&self, world: World) -> Result<Vec<u8>> {
        let component = self.composed(world)?;
        self.check_origin(&component)?;
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

    /// The component of all modules of a world.
    fn composed(&self, world: World) -> Result<Vec<u8>> {
        let mut parts = Vec::new();
        for module in world.modules() {
            parts.push(encode::component(&self.cargo.module(&module)?)?);
        }
        let composed = parts.into_iter().rev().map(Ok);
        let composed = composed.reduce(|plug, socket| compose::plug(socket?, plug?));
        composed.context("a world has a module")?
    }

    /// Fails if a build for tests has no test origin, or a real build has one, whatever
    /// the configuration of cargo.
    fn check_origin(&self, component: &[u8]) -> Result<()> {
        let loopback = b"127.0.0.1:";
        let found = component
            .windows(loopback.len())
            .any(|bytes| bytes == loopback);
        ensure!(
            found == self.cargo.test_origin.is_some(),
            "the component was built for another origin than it should be"
        );
        Ok(())
    }

    /// The packages that a world is built from.
    ///
    /// # Errors
    ///
    /// If cargo fails.
    pub fn dependencies(&self, world: World) -> Result<Dependencies> {
        let modules = world.modules().into_iter();
        let trees: Result<Vec<_>> = modules.map(|module| self.cargo.tree(&module)).collect();
        Dependencies::read(&trees?)
    }
}
