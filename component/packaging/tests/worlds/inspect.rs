//! [`Inspection`] of the worlds of this contract, and of components that do not match
//! their world.

use chatgpt_oauth_packaging::inspect::{Inspection, Violation};
use chatgpt_oauth_packaging::{World, vendor};
use wasm_encoder::{Component, ComponentNameSection, CustomSection};
use wasmparser::{Parser, Payload};
use wit_component::StringEncoding;
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

use super::{component, workspace, worlds};

/// A component without imports and exports, under this name.
fn named(name: &str) -> Vec<u8> {
    let mut component = Component::new();
    let mut section = ComponentNameSection::new();
    section.component(name);
    component.section(&section);
    component.finish()
}

/// A world with another name.
fn renamed(component: &[u8], name: &str) -> Vec<u8> {
    let mut renamed = named(name);
    let payloads = Parser::new(0).parse_all(component).map(Result::unwrap);
    let first = payloads.skip(1).map(|payload| match payload {
        Payload::CustomSection(section) => section.range().end,
        _ => panic!("no name in front"),
    });
    let end = { first }.next().unwrap();
    renamed.extend_from_slice(&component[end..]);
    renamed
}

fn violations(component: &[u8]) -> Vec<String> {
    let inspection = Inspection::of(component).unwrap();
    inspection
        .violations
        .iter()
        .map(Violation::to_string)
        .collect()
}

#[test]
fn every_world_matches_the_world_of_its_name() {
    for (world, component) in worlds() {
        let inspection = Inspection::of(component).unwrap();
        assert_eq!(inspection.violations, [], "{world}");
        assert_eq!(inspection.world.as_deref(), Some(world.name()));
    }
}

#[test]
fn a_world_under_the_name_of_another_is_reported() {
    let as_onboarding = renamed(component(World::Platform), "chatgpt-oauth-onboarding");
    assert_eq!(
        violations(&as_onboarding),
        ["it exports chatgpt:oauth/credentials@0.1.0"]
    );
    let as_draft2 = renamed(
        component(World::Onboarding),
        "chatgpt-oauth-onboarding-draft2",
    );
    assert_eq!(
        violations(&as_draft2),
        ["it imports wasi:keyvalue/store@0.2.0-draft"]
    );
    let as_platform = renamed(component(World::Onboarding), "chatgpt-oauth-platform");
    let [types] = &violations(&as_platform)[..] else {
        panic!("not one violation");
    };
    assert!(types.contains("credentials"), "{types}");
}

#[test]
fn a_component_that_names_no_world_is_reported() {
    assert_eq!(
        violations(&Component::new().finish()),
        ["it names no world of this contract"]
    );
    for name in ["", "onboarding", "chatgpt-oauth-", "chatgpt-oauth-outside"] {
        let unknown = format!("its name {name} is not that of a world of this contract");
        assert_eq!(violations(&named(name)), [unknown]);
    }
    // A world of the contract, but that of a part.
    let part = "chatgpt-oauth-keyvalue-filesystem";
    assert!(violations(&named(part))[0].contains("is not that of a world"));
}

#[test]
fn a_build_for_tests_is_reported_by_its_name_and_its_origin() {
    let by_name = renamed(
        component(World::Onboarding),
        "chatgpt-oauth-onboarding-test",
    );
    assert_eq!(
        violations(&by_name),
        ["it was built for tests and sends everything to an unknown place"]
    );
    let mut by_origin = Component::new();
    by_origin.section(&CustomSection {
        name: "test-origin".into(),
        data: b"http://127.0.0.1:1".into(),
    });
    let mut by_origin = by_origin.finish();
    by_origin.extend_from_slice(&component(World::Onboarding)[Component::HEADER.len()..]);
    assert_eq!(
        violations(&by_origin),
        ["it was built for tests and sends everything to http://127.0.0.1:1"]
    );
}

/// A component of the contract with more items in its interface `connection`.
fn with_more(more: &str) -> Vec<u8> {
    let mut connection = include_str!("../../../../wit/connection.wit").to_owned();
    let end = connection.rfind('}').unwrap();
    connection.insert_str(end, more);
    let mut resolve = Resolve::default();
    for directory in ["io", "clocks", "random", "http", "keyvalue"] {
        let directory = workspace().join("wit/deps").join(directory);
        resolve.push_dir(directory).unwrap();
    }
    let world = "package chatgpt:oauth@0.1.0;\nworld w { export connection; }\n";
    let package = resolve
        .push_str("more.wit", &format!("{world}{connection}"))
        .unwrap();
    let world = resolve.select_world(&[package], Some("w")).unwrap();
    let mangling = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);
    let mut module = wit_component::dummy_module(&resolve, world, mangling);
    let utf8 = StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, utf8).unwrap();
    let encoder = wit_component::ComponentEncoder::default();
    let component = encoder.module(&module).unwrap().encode().unwrap();
    let mut named = named("chatgpt-oauth-onboarding");
    named.extend_from_slice(&component[Component::HEADER.len()..]);
    named
}

#[test]
fn an_extra_function_in_an_interface_of_the_contract_is_reported() {
    assert_eq!(violations(&with_more("")), [""; 0]);
    let more = "record loot { x: string } steal: func(profile: string) -> loot;";
    assert_eq!(
        violations(&with_more(more)),
        [
            "it exports chatgpt:oauth/connection@0.1.0 loot",
            "it exports chatgpt:oauth/connection@0.1.0 steal"
        ]
    );
}

#[test]
fn an_unreadable_name_is_reported() {
    let mut component = Component::new();
    component.section(&CustomSection {
        name: "component-name".into(),
        data: b"\x00\xff\xff".into(),
    });
    let violations = violations(&component.finish());
    assert!(violations.contains(&"its section component-name cannot be read".to_owned()));
}

#[test]
fn endlessly_nested_parts_are_refused_before_they_are_parsed() {
    let mut component = Component::new().finish();
    for _ in 0..2000 {
        let mut outer = Component::new();
        outer.section(&wasm_encoder::RawSection {
            id: wasm_encoder::ComponentSectionId::Component.into(),
            data: &component,
        });
        component = outer.finish();
    }
    let error = Inspection::of(&component).unwrap_err();
    assert!(error.to_string().contains("nested too deeply"), "{error}");
}

#[test]
fn a_component_with_two_names_is_reported() {
    let mut two = named("chatgpt-oauth-onboarding");
    two.extend_from_slice(&component(World::Platform)[Component::HEADER.len()..]);
    assert_eq!(violations(&two), ["it has several sections component-name"]);
}

#[test]
fn unreadable_documentation_of_a_component_is_reported() {
    let mut component = Component::new();
    component.section(&CustomSection {
        name: "package-docs".into(),
        data: b"\x01{".into(),
    });
    let [unnamed, undecodable] = &violations(&component.finish())[..] else {
        panic!("not two")
    };
    assert_eq!(unnamed, "it names no world of this contract");
    assert!(
        undecodable.starts_with("it cannot be shown as WIT: "),
        "{undecodable}"
    );
}

#[test]
fn a_component_carries_its_name_and_its_producers() {
    let inspection = Inspection::of(component(World::Onboarding)).unwrap();
    assert_eq!(inspection.name.as_deref(), Some("chatgpt-oauth-onboarding"));
    assert_eq!(
        inspection.version.as_deref(),
        Some(env!("CARGO_PKG_VERSION"))
    );
    assert!(inspection.description.unwrap().contains("returns no token"));
    for tool in ["Rust", "rustc", "wit-bindgen-rust", "wit-component"] {
        let named = |producer: &String| producer.starts_with(&format!("{tool} "));
        assert!(inspection.producers.iter().any(named), "{tool}");
    }
}

#[test]
fn the_wit_of_a_component_names_its_functions() {
    let wit = Inspection::of(component(World::Platform))
        .unwrap()
        .wit
        .unwrap();
    for line in [
        "import wasi:keyvalue/store@0.2.0-draft;",
        "export chatgpt:oauth/connection@0.1.0;",
        "poll: func(pending-id: option<string>) -> result<login-progress, error>;",
        "authorize: func(refused: option<string>) -> result<authorization, error>;",
    ] {
        assert!(wit.contains(line), "{line}\n{wit}");
    }
}

#[test]
fn other_files_than_components_are_refused() {
    let module = b"\0asm\x01\0\0\0";
    let cut = &component(World::Onboarding)[..1000];
    let mut invalid = component(World::Onboarding).to_vec();
    let middle = invalid.len() / 2;
    invalid[middle..middle + 64].fill(0xff);
    for bytes in [&b""[..], module, b"#!/bin/sh", cut, &invalid] {
        assert!(Inspection::of(bytes).is_err());
    }
}

#[test]
fn an_encoded_wit_package_is_refused() {
    assert!(Inspection::of(&vendor::encoded()).is_err());
}

#[test]
fn a_flipped_byte_is_refused_or_changes_the_digest() {
    let component = component(World::Onboarding);
    let whole = Inspection::of(component).unwrap();
    for position in (0..component.len()).step_by(component.len() / 200) {
        let mut damaged = component.to_vec();
        damaged[position] ^= 0x15;
        // The flipped bits are in the digest at least.
        if let Ok(inspection) = Inspection::of(&damaged) {
            assert_ne!(inspection.sha256, whole.sha256, "{position}");
        }
    }
}
