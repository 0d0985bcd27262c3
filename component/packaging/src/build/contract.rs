//! Reads the contract, `wit/`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use wit_component::DecodedWasm;
use wit_parser::{self as wit, Interface, PackageId, PackageMetadata, Resolve, WorldItem};

use crate::World;

/// The contract's documentation of a world and its functions, in the form that tools
/// show beside the WIT of a component.
///
/// That form has a place for the documentation of a component's world, but none for
/// that of the exported interfaces. So the documentation of the world contains all of
/// it.
pub(crate) fn documentation(workspace: &Path, world: World, component: &[u8]) -> Result<Vec<u8>> {
    let DecodedWasm::Component(mut resolve, id) = wit_component::decode(component)? else {
        bail!("no component");
    };
    let decoded = &mut resolve.worlds[id];
    decoded.docs.contents = Some(text(workspace, world)?);
    let package = decoded.package.context("a component is in a package")?;
    PackageMetadata::extract(&resolve, package).encode()
}

fn text(workspace: &Path, world: World) -> Result<String> {
    let (resolve, package) = read(workspace)?;
    let world = resolve.packages[package].worlds.get(world.name());
    let world = &resolve.worlds[*world.context("the contract has no such world")?];
    let mut text = world.docs.contents.clone().unwrap_or_default();
    for interface in exports(&resolve, world) {
        let name = interface.name.as_deref().unwrap_or_default();
        let docs = interface.docs.contents.as_deref().unwrap_or_default();
        write!(text, "\n\n# {name}\n\n{docs}")?;
        for (name, function) in &interface.functions {
            let docs = function.docs.contents.as_deref().unwrap_or_default();
            write!(text, "\n\n## {name}\n\n{docs}")?;
        }
    }
    Ok(text)
}

fn exports<'a>(resolve: &'a Resolve, world: &wit::World) -> Vec<&'a Interface> {
    let interface = |item: &WorldItem| match item {
        WorldItem::Interface { id, .. } => Some(&resolve.interfaces[*id]),
        _ => None,
    };
    world.exports.values().filter_map(interface).collect()
}

fn read(workspace: &Path) -> Result<(Resolve, PackageId)> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(workspace.join("wit"))?;
    Ok((resolve, package))
}
