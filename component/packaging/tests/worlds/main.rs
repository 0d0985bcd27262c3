//! Every world, as other tools read it.

mod inspect;
mod vendor;

use std::path::Path;
use std::sync::OnceLock;

use chatgpt_oauth_packaging::{Builder, World};
use wasm_metadata::{Metadata, Payload};
use wit_component::DecodedWasm;
use wit_parser::Resolve;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
}

fn builder() -> Builder {
    Builder::new(workspace(), env!("CARGO_TARGET_TMPDIR"))
}

fn worlds() -> &'static [(World, Vec<u8>)] {
    static WORLDS: OnceLock<Vec<(World, Vec<u8>)>> = OnceLock::new();
    WORLDS.get_or_init(|| {
        let build = |world| (world, builder().build(world).unwrap());
        World::ALL.into_iter().map(build).collect()
    })
}

fn component(world: World) -> &'static [u8] {
    let found = worlds().iter().find(|(other, _)| *other == world);
    &found.unwrap().1
}

fn metadata(component: &[u8]) -> Metadata {
    match Payload::from_binary(component).unwrap() {
        Payload::Component { metadata, .. } => metadata,
        Payload::Module(_) => panic!("a module"),
    }
}

/// As in `wasm-tools component targets`.
#[test]
fn each_world_fits_the_world_of_its_name() {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(workspace().join("wit")).unwrap();
    for (world, component) in worlds() {
        let id = resolve.packages[package].worlds[world.name()];
        let fits = wit_component::targets(&resolve, id, component);
        assert!(fits.is_ok(), "{world}: {fits:?}");
    }
}

/// `wasm-tools`, jco and publishing tools refuse a component with a section that they
/// cannot read.
#[test]
fn each_world_can_be_decoded_and_shows_its_documentation() {
    for (world, component) in worlds() {
        let DecodedWasm::Component(resolve, id) = wit_component::decode(component).unwrap() else {
            panic!("{world} is not a component");
        };
        let docs = resolve.worlds[id].docs.contents.as_deref().unwrap();
        let functions: &[_] = match world {
            World::Command => &["run"],
            _ => &["status", "start", "poll", "logout", "refresh", "models"],
        };
        for name in functions {
            assert!(docs.contains(&format!("## {name}\n")), "{world}: {name}");
        }
        let has_credentials = docs.contains("## authorize\n");
        assert_eq!(has_credentials, world.name().starts_with("platform"));
    }
}

#[test]
fn each_world_describes_itself() {
    for (world, component) in worlds() {
        let metadata = metadata(component);
        let name = format!("chatgpt-oauth-{world}");
        assert_eq!(metadata.name, Some(name));
        assert_eq!(
            metadata.version.unwrap().to_string(),
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(metadata.licenses.unwrap().to_string(), "Apache-2.0");
        let description = metadata.description.unwrap().to_string();
        assert!(description.starts_with("Signs in to a ChatGPT subscription"));
        let producers = metadata.producers.unwrap();
        let tools = producers.get("processed-by").unwrap();
        for tool in ["rustc", "wit-bindgen-rust", "wit-component"] {
            let version = tools.get(tool).unwrap();
            let plain = |c: char| c.is_ascii_digit() || c == '.';
            assert!(version.chars().all(plain), "{tool} {version}");
        }
    }
}

/// `cargo audit bin`, `rust-audit-info` and scanners of images find the list in a
/// section before any nested module.
#[test]
fn each_world_carries_the_list_of_the_packages_in_it() {
    for (world, component) in worlds() {
        let dependencies = metadata(component).dependencies.unwrap();
        let packages = &dependencies.version_info().packages;
        let has = |name: &str| packages.iter().any(|package| package.name == name);
        assert!(has("chatgpt-oauth-component") && has("serde_json"));
        let is_command = *world == World::Command;
        assert_eq!(has("command-line"), is_command);
        let has_files = is_command || *world == World::OnboardingFilesystem;
        assert_eq!(has("keyvalue-filesystem"), has_files);
        assert!(!has("wasmtime"));

        let first_module = wasmparser::Parser::new(0)
            .parse_all(component)
            .map(Result::unwrap)
            .take_while(|payload| !matches!(payload, wasmparser::Payload::ModuleSection { .. }));
        let mut names = first_module.filter_map(|payload| match payload {
            wasmparser::Payload::CustomSection(section) => Some(section.name().to_owned()),
            _ => None,
        });
        assert!(names.any(|name| name == ".dep-v0"), "{world}");
    }
}

#[test]
fn a_build_for_tests_is_another_component_and_says_so() {
    let origin = "http://127.0.0.1:1";
    let component = builder().test_origin(origin);
    let component = component.build(World::Onboarding).unwrap();
    let name = metadata(&component).name.unwrap();
    assert_eq!(name, "chatgpt-oauth-onboarding-test");
    let real = &worlds()[0].1;
    for (component, expected) in [(&component, true), (real, false)] {
        let found = String::from_utf8_lossy(component).contains("127.0.0.1:1");
        assert_eq!(found, expected);
    }
}
