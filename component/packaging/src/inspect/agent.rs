//! An agent that is to be composed with a world: what it would share with the login.
//!
//! A composition has one import of each name. So an agent that imports the store of the
//! world reaches the values in it.

use std::collections::BTreeSet;

use wit_parser::{WorldItem, WorldKey};

use super::contract::CONTRACT;
use super::{NotAComponent, Surface};
use crate::World;

/// The worlds that an agent can be composed with: those that export `connection` alone.
pub const COMPOSABLE: [World; 3] = [
    World::OnboardingFilesystem,
    World::Onboarding,
    World::OnboardingDraft2,
];

/// A component that imports `connection`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    imports: Vec<String>,
}

impl Agent {
    /// Reads the imports of a component.
    ///
    /// # Errors
    ///
    /// [`NotAComponent`], also for a core module and for a WIT package.
    pub fn of(component: &[u8]) -> Result<Self, NotAComponent> {
        let imports = Surface::of(component)?.imports;
        Ok(Self { imports })
    }

    /// Whether it imports `connection`, in any version.
    #[must_use]
    pub fn imports_connection(&self) -> bool {
        let mut imports = self.imports.iter();
        imports.any(|import| without_version(import) == "chatgpt:oauth/connection")
    }

    /// The imports by which it reads the login when it is composed with this world: those
    /// of the packages of the world's store, in any version.
    #[must_use]
    pub fn shared_with(&self, world: World) -> Vec<&str> {
        let store = store_packages(world);
        let imports = self.imports.iter().map(String::as_str);
        let shared = imports.filter(|import| store.contains(package(import)));
        shared.collect()
    }
}

/// The packages, such as `wasi:filesystem`, that this world imports and `outside` does
/// not.
fn store_packages(world: World) -> BTreeSet<String> {
    let mut packages = imported_packages(world.name());
    for package in imported_packages("outside") {
        packages.remove(&package);
    }
    packages
}

fn imported_packages(world: &str) -> BTreeSet<String> {
    let (resolve, contract) = &*CONTRACT;
    let world = resolve.packages[*contract].worlds[world];
    let imports = resolve.worlds[world].imports.iter();
    let interfaces = imports.filter_map(|(key, item): (&WorldKey, &WorldItem)| match item {
        WorldItem::Interface { .. } => Some(resolve.name_world_key(key)),
        _ => None,
    });
    interfaces.map(|name| package(&name).to_owned()).collect()
}

/// `wasi:filesystem` for `wasi:filesystem/types@0.2.0`.
fn package(interface: &str) -> &str {
    interface.split('/').next().unwrap_or_default()
}

fn without_version(interface: &str) -> &str {
    interface.split('@').next().unwrap_or_default()
}
