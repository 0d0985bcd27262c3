//! Holds a component against the world of the edition that it names.

use std::sync::LazyLock;

use wit_component::DecodedWasm;
use wit_parser::{PackageId, Resolve, WorldId, WorldItem, WorldKey};

use super::label::Label;
use super::{Excess, Surface};

/// `wit/`, as the build script left it.
static CONTRACT: LazyLock<(Resolve, PackageId)> = LazyLock::new(|| {
    let encoded = include_bytes!(concat!(env!("OUT_DIR"), "/contract.wasm"));
    match wit_component::decode(encoded) {
        Ok(DecodedWasm::WitPackage(resolve, package)) => (resolve, package),
        _ => unreachable!("the build script encodes a package"),
    }
});

/// What a component has beyond the world of its edition: nothing, if it is what
/// it says.
pub(super) fn excess(label: &Label, surface: &Surface, component: &[u8]) -> Vec<Excess> {
    let mut excess = test_build(label);
    excess.extend(label.repeated.iter().cloned().map(Excess::Repeated));
    match (label.edition(), &label.name) {
        (Some(edition), Some(name)) => match world(edition) {
            Some(world) => excess.extend(beyond(world, surface, component)),
            None => excess.push(Excess::UnknownEdition(name.clone())),
        },
        (_, Some(name)) => excess.push(Excess::UnknownEdition(name.clone())),
        (_, None) => excess.push(Excess::Unnamed),
    }
    excess
}

/// A build for tests says so twice; once is enough to be refused.
fn test_build(label: &Label) -> Vec<Excess> {
    let origin = label.test_origin.clone();
    let origin = origin.or_else(|| label.says_test().then(|| "an unknown place".to_owned()));
    origin.map(Excess::TestBuild).into_iter().collect()
}

/// The world of an edition: one that exports something of this contract, which
/// those that others are made of do not.
fn world(edition: &str) -> Option<WorldId> {
    let (resolve, package) = &*CONTRACT;
    let world = *resolve.packages[*package].worlds.get(edition)?;
    let of_this_contract = |item: &WorldItem| match item {
        WorldItem::Interface { id, .. } => resolve.interfaces[*id].package == Some(*package),
        _ => false,
    };
    let exports = &mut resolve.worlds[world].exports.values();
    exports.any(of_this_contract).then_some(world)
}

fn beyond(world: WorldId, surface: &Surface, component: &[u8]) -> Vec<Excess> {
    let (resolve, _) = &*CONTRACT;
    let names = |key: &WorldKey| resolve.name_world_key(key);
    let imports: Vec<_> = resolve.worlds[world].imports.keys().map(names).collect();
    let exports: Vec<_> = resolve.worlds[world].exports.keys().map(names).collect();

    let mut excess: Vec<_> = undeclared(&surface.imports, &imports)
        .map(Excess::Import)
        .collect();
    excess.extend(undeclared(&surface.exports, &exports).map(Excess::Export));
    if excess.is_empty()
        && let Err(error) = wit_component::targets(resolve, world, component)
    {
        excess.push(Excess::OtherTypes(error.root_cause().to_string()));
    }
    excess
}

fn undeclared<'a>(names: &'a [String], declared: &'a [String]) -> impl Iterator<Item = String> {
    let names = names.iter().filter(|name| !declared.contains(name));
    names.cloned().collect::<Vec<_>>().into_iter()
}
