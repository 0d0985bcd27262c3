//! Compares a component with the world that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use wit_component::DecodedWasm;
use wit_parser::{PackageId, Resolve, SourceMap, WorldId, WorldItem, WorldKey};

use super::metadata::Metadata;
use super::{Surface, Violation};
use crate::World;

/// `wit/`, after the packages that it depends on.
///
/// Its text is part of this program, and every test of this module reads it: it cannot
/// be one that does not parse.
pub(crate) static CONTRACT: LazyLock<(Resolve, PackageId)> = LazyLock::new(|| {
    let mut resolve = Resolve::default();
    let mut package = None;
    for files in PACKAGES {
        let mut sources = SourceMap::new();
        for (name, text) in files {
            sources.push_str(name, *text);
        }
        let parsed = sources.parse().map_err(|(_, error)| error);
        let parsed = parsed.expect("wit/ parses");
        let id = resolve.push_group(parsed);
        package = Some(id.expect("wit/ resolves"));
    }
    (resolve, package.expect("there are packages"))
});

macro_rules! wit {
    ($($file:literal),*) => {
        &[$(($file, include_str!(concat!("../../../../wit/", $file)))),*]
    };
}

const PACKAGES: [&[(&str, &str)]; 9] = [
    wit!(
        "deps/io/error.wit",
        "deps/io/poll.wit",
        "deps/io/streams.wit"
    ),
    wit!(
        "deps/clocks/monotonic-clock.wit",
        "deps/clocks/wall-clock.wit"
    ),
    wit!("deps/random/random.wit"),
    wit!("deps/filesystem/preopens.wit", "deps/filesystem/types.wit"),
    wit!(
        "deps/cli/environment.wit",
        "deps/cli/exit.wit",
        "deps/cli/run.wit",
        "deps/cli/stdout.wit"
    ),
    wit!("deps/http/handler.wit", "deps/http/types.wit"),
    wit!("deps/keyvalue/store.wit"),
    wit!("deps/keyvalue-draft2/store.wit"),
    wit!("connection.wit", "credentials.wit", "world.wit"),
];

/// What a component has beyond its world: nothing, if it matches.
pub(super) fn violations(
    metadata: &Metadata,
    surface: &Surface,
    component: &[u8],
) -> Vec<Violation> {
    let mut violations = test_build(metadata);
    violations.extend(metadata.repeated.iter().cloned().map(Violation::Repeated));
    violations.extend(
        metadata
            .unreadable
            .iter()
            .cloned()
            .map(Violation::Unreadable),
    );
    match (metadata.world(), &metadata.name) {
        (Some(world), Some(name)) => match world_named(world) {
            Some(world) => violations.extend(beyond(world, surface, component)),
            None => violations.push(Violation::UnknownWorld(name.clone())),
        },
        (_, Some(name)) => violations.push(Violation::UnknownWorld(name.clone())),
        (_, None) => violations.push(Violation::Unnamed),
    }
    violations
}

/// A build for tests says so in its name and in a section; one of them is enough.
fn test_build(metadata: &Metadata) -> Vec<Violation> {
    let origin = metadata.test_origin.clone();
    let origin = origin.or_else(|| metadata.says_test().then(|| "an unknown place".to_owned()));
    origin.map(Violation::TestBuild).into_iter().collect()
}

/// The world with this name, in the contract. The worlds of parts are none.
fn world_named(name: &str) -> Option<WorldId> {
    let (resolve, package) = &*CONTRACT;
    let world = World::ALL.into_iter().find(|world| world.name() == name)?;
    let worlds = &resolve.packages[*package].worlds;
    worlds.get(world.name()).copied()
}

fn beyond(world: WorldId, surface: &Surface, component: &[u8]) -> Vec<Violation> {
    let (resolve, _) = &*CONTRACT;
    let names = |key: &WorldKey| resolve.name_world_key(key);
    let imports: Vec<_> = resolve.worlds[world].imports.keys().map(names).collect();
    let exports: Vec<_> = resolve.worlds[world].exports.keys().map(names).collect();

    let mut violations: Vec<_> = undeclared(&surface.imports, &imports)
        .map(Violation::Import)
        .collect();
    violations.extend(undeclared(&surface.exports, &exports).map(Violation::Export));
    violations.extend(more_in_interfaces(world, component).map(Violation::Export));
    if violations.is_empty()
        && let Err(error) = wit_component::targets(resolve, world, component)
    {
        violations.push(Violation::OtherTypes(error.root_cause().to_string()));
    }
    violations
}

/// The items that the exported interfaces of a component have beyond those of the
/// world. Such an interface is a subtype, so comparing types alone would accept it.
fn more_in_interfaces(world: WorldId, component: &[u8]) -> impl Iterator<Item = String> {
    let (contract, _) = &*CONTRACT;
    let declared = contents(contract, world);
    let exported = match wit_component::decode(component) {
        Ok(DecodedWasm::Component(resolve, world)) => contents(&resolve, world),
        // Other violations report that, and interfaces that the world does not declare.
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
