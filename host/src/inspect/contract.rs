//! Holds a component against the world of the edition that it names.

use std::collections::{BTreeMap, BTreeSet};
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
    excess.extend(label.unreadable.iter().cloned().map(Excess::Unreadable));
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
    excess.extend(more_in_interfaces(world, component).map(Excess::Export));
    if excess.is_empty()
        && let Err(error) = wit_component::targets(resolve, world, component)
    {
        excess.push(Excess::OtherTypes(error.root_cause().to_string()));
    }
    excess
}

/// What the exported interfaces of a component have beyond those of the world. An
/// interface with more in it is a subtype, so that types alone would allow it.
fn more_in_interfaces(world: WorldId, component: &[u8]) -> impl Iterator<Item = String> {
    let (contract, _) = &*CONTRACT;
    let declared = contents(contract, world);
    let exported = match wit_component::decode(component) {
        Ok(DecodedWasm::Component(resolve, world)) => contents(&resolve, world),
        // That is told elsewhere, and so are interfaces that nobody has declared.
        _ => BTreeMap::new(),
    };
    exported.into_iter().flat_map(move |(name, items)| {
        let declared = declared.get(&name);
        let more = |item: &String| declared.is_some_and(|declared| !declared.contains(item));
        let more: Vec<_> = items.into_iter().filter(more).collect();
        more.into_iter().map(move |item| format!("{name} {item}"))
    })
}

/// The functions and types in each interface that a world exports.
fn contents(resolve: &Resolve, world: WorldId) -> BTreeMap<String, BTreeSet<String>> {
    let of_interface = |(key, item): (&WorldKey, &WorldItem)| {
        let WorldItem::Interface { id, .. } = item else {
            return None;
        };
        let interface = &resolve.interfaces[*id];
        let items = interface.functions.keys().chain(interface.types.keys());
        Some((resolve.name_world_key(key), items.cloned().collect()))
    };
    let exports = resolve.worlds[world].exports.iter();
    exports.filter_map(of_interface).collect()
}

fn undeclared<'a>(names: &'a [String], declared: &'a [String]) -> impl Iterator<Item = String> {
    let names = names.iter().filter(|name| !declared.contains(name));
    names.cloned().collect::<Vec<_>>().into_iter()
}
