//! What the build leaves in this crate is what it says it is.

use std::env;
use std::path::Path;

use chatgpt_oauth::artifact::{ONBOARDING, ONBOARDING_DIGEST, PLATFORM, PLATFORM_DIGEST};
use chatgpt_oauth::inspect::{DECLARED_IMPORTS, Inspection};
use sha2::{Digest, Sha256};
use wit_component::DecodedWasm;

/// The imports and the exports of a component.
fn world(component: &[u8]) -> (Vec<String>, Vec<String>) {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component).unwrap() else {
        panic!("not a component");
    };
    let world = &resolve.worlds[world];
    let names = |items: Vec<_>| -> Vec<String> {
        let name = |key| resolve.name_world_key(key);
        items.into_iter().map(name).collect()
    };
    (
        names(world.imports.keys().collect()),
        names(world.exports.keys().collect()),
    )
}

#[test]
fn the_component_imports_nothing_but_what_the_world_names() {
    for component in [ONBOARDING, PLATFORM] {
        let (imports, _) = world(component);
        for import in imports {
            assert!(DECLARED_IMPORTS.contains(&import.as_str()), "{import}");
        }
    }
}

#[test]
fn the_component_stays_small() {
    for component in [ONBOARDING, PLATFORM] {
        let inspection = Inspection::of(component).unwrap();
        let bytes = inspection.size_without_custom_sections;
        assert!(bytes <= 160_000, "{bytes}");
    }
}

#[test]
fn only_the_platforms_edition_exports_credentials() {
    let connection = "chatgpt:oauth/connection@0.1.0";
    let credentials = "chatgpt:oauth/credentials@0.1.0";
    assert_eq!(world(ONBOARDING).1, [connection]);
    assert_eq!(world(PLATFORM).1, [connection, credentials]);
}

#[test]
fn m01_the_digests_are_those_of_the_components() {
    for (component, digest) in [(ONBOARDING, ONBOARDING_DIGEST), (PLATFORM, PLATFORM_DIGEST)] {
        let bytes = Sha256::digest(component);
        let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hexadecimal, digest);
    }
}

#[test]
fn nothing_in_the_components_tells_where_they_were_built() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let home = env::home_dir().unwrap();
    let traces = [workspace, &home].map(|path| path.display().to_string());
    for component in [ONBOARDING, PLATFORM] {
        for trace in traces
            .iter()
            .map(String::as_str)
            .chain(["registry", "producers"])
        {
            let found = component
                .windows(trace.len())
                .any(|bytes| bytes == trace.as_bytes());
            assert!(!found, "{trace}");
        }
    }
}

#[test]
fn no_setting_of_the_components_build_is_left_to_the_cargo_of_whoever_builds_it() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let manifest = std::fs::read_to_string(workspace.join("Cargo.toml")).unwrap();
    let profile = manifest.split("[profile.component]\n").nth(1).unwrap();
    let profile = profile.split("\n[").next().unwrap();
    let set: Vec<_> = profile
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name)
        .collect();
    // https://doc.rust-lang.org/cargo/reference/profiles.html#profile-settings
    for setting in [
        "opt-level",
        "debug",
        "split-debuginfo",
        "strip",
        "debug-assertions",
        "overflow-checks",
        "lto",
        "panic",
        "incremental",
        "codegen-units",
        "rpath",
    ] {
        assert!(set.contains(&setting), "{setting}");
    }
}

#[test]
fn what_writes_the_component_is_of_one_version_even_without_a_lock() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).unwrap();
    let needed = manifest.split("[build-dependencies]\n").nth(1).unwrap();
    let needed = needed.split("\n[").next().unwrap();
    for library in ["wasm-encoder", "wasmparser", "wit-component"] {
        let line = needed.lines().find(|line| line.starts_with(library));
        assert!(line.unwrap().contains("\"=0."), "{line:?}");
    }
}
