use super::*;
use crate::artifact::{EDITIONS, ONBOARDING, PLATFORM};
use wasm_encoder::{Component, ComponentNameSection, CustomSection};
use wit_component::StringEncoding;
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

/// A component without imports and exports, under this name.
fn named(name: &str) -> Vec<u8> {
    let mut component = Component::new();
    let mut section = ComponentNameSection::new();
    section.component(name);
    component.section(&section);
    component.finish()
}

/// What is after the name of an edition, under another name.
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

fn excess(component: &[u8]) -> Vec<String> {
    let inspection = Inspection::of(component).unwrap();
    inspection.excess.iter().map(Excess::to_string).collect()
}

#[test]
fn every_edition_is_what_the_world_of_its_name_says_and_nothing_else() {
    for edition in &EDITIONS {
        let inspection = Inspection::of(edition.component).unwrap();
        assert_eq!(inspection.excess, [], "{}", edition.name);
        assert_eq!(inspection.edition.as_deref(), Some(edition.name));
    }
}

#[test]
fn an_edition_under_the_name_of_another_is_found_out() {
    let as_onboarding = renamed(PLATFORM.component, "chatgpt-oauth-onboarding");
    assert_eq!(
        excess(&as_onboarding),
        ["it exports chatgpt:oauth/credentials@0.1.0"]
    );
    let as_draft2 = renamed(ONBOARDING.component, "chatgpt-oauth-onboarding-draft2");
    assert_eq!(
        excess(&as_draft2),
        ["it imports wasi:keyvalue/store@0.2.0-draft"]
    );
    let as_platform = renamed(ONBOARDING.component, "chatgpt-oauth-platform");
    let [types] = &excess(&as_platform)[..] else {
        panic!("not one excess");
    };
    assert!(types.contains("credentials"), "{types}");
}

#[test]
fn a_component_that_names_no_edition_is_found_out() {
    assert_eq!(
        excess(&Component::new().finish()),
        ["it names no edition of this contract"]
    );
    for name in ["", "onboarding", "chatgpt-oauth-", "chatgpt-oauth-outside"] {
        let unknown = format!("it names itself {name}, which is no edition of this contract");
        assert_eq!(excess(&named(name)), [unknown]);
    }
    // A world, but of a part.
    let part = "chatgpt-oauth-keyvalue-filesystem";
    assert!(excess(&named(part))[0].contains("is no edition"));
}

#[test]
fn a_build_for_tests_is_found_out_by_its_name_and_by_its_origin() {
    let by_name = renamed(ONBOARDING.component, "chatgpt-oauth-onboarding-test");
    assert_eq!(
        excess(&by_name),
        ["it was built for tests and sends everything to an unknown place"]
    );
    let mut by_origin = Component::new();
    by_origin.section(&CustomSection {
        name: "test-origin".into(),
        data: b"http://127.0.0.1:1".into(),
    });
    let mut by_origin = by_origin.finish();
    by_origin.extend_from_slice(&ONBOARDING.component[Component::HEADER.len()..]);
    assert_eq!(
        excess(&by_origin),
        ["it was built for tests and sends everything to http://127.0.0.1:1"]
    );
}

/// A component of the contract with this in its interface `connection`, too.
fn with_more(more: &str) -> Vec<u8> {
    let mut connection = include_str!("../../../wit/connection.wit").to_owned();
    let end = connection.rfind('}').unwrap();
    connection.insert_str(end, more);
    let mut resolve = Resolve::default();
    for directory in ["io", "clocks", "random", "http", "keyvalue"] {
        let directory = format!("{}/../wit/deps/{directory}", env!("CARGO_MANIFEST_DIR"));
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
fn a_function_more_in_an_interface_of_the_contract_is_found_out() {
    assert_eq!(excess(&with_more("")), [""; 0]);
    let more = "record loot { x: string } steal: func(profile: string) -> loot;";
    assert_eq!(
        excess(&with_more(more)),
        [
            "it exports chatgpt:oauth/connection@0.1.0 loot",
            "it exports chatgpt:oauth/connection@0.1.0 steal"
        ]
    );
}

#[test]
fn a_name_that_cannot_be_read_is_found_out() {
    let mut component = Component::new();
    component.section(&CustomSection {
        name: "component-name".into(),
        data: b"\x00\xff\xff".into(),
    });
    let excess = excess(&component.finish());
    assert!(excess.contains(&"its section component-name cannot be read".to_owned()));
}

#[test]
fn parts_that_are_nested_endlessly_are_refused_before_anything_looks_at_them() {
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
fn a_component_with_two_names_is_found_out() {
    let mut two = named("chatgpt-oauth-onboarding");
    two.extend_from_slice(&PLATFORM.component[Component::HEADER.len()..]);
    assert_eq!(excess(&two), ["it has several sections component-name"]);
}

#[test]
fn a_component_whose_documentation_cannot_be_read_is_found_out() {
    let mut component = Component::new();
    component.section(&CustomSection {
        name: "package-docs".into(),
        data: b"\x01{".into(),
    });
    let [unnamed, undecodable] = &excess(&component.finish())[..] else {
        panic!("not two")
    };
    assert_eq!(unnamed, "it names no edition of this contract");
    assert!(
        undecodable.starts_with("it cannot be shown as WIT: "),
        "{undecodable}"
    );
}

#[test]
fn a_component_says_who_it_is_and_what_made_it() {
    let inspection = Inspection::of(ONBOARDING.component).unwrap();
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
    let wit = Inspection::of(PLATFORM.component).unwrap().wit.unwrap();
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
fn m01_the_digests_are_those_of_the_bytes() {
    for edition in &EDITIONS {
        let inspection = Inspection::of(edition.component).unwrap();
        assert_eq!(inspection.digest.to_string(), edition.digest);
    }
}

#[test]
fn what_is_no_component_is_refused() {
    let module = b"\0asm\x01\0\0\0";
    let cut = &ONBOARDING.component[..1000];
    let mut invalid = ONBOARDING.component.to_vec();
    let middle = invalid.len() / 2;
    invalid[middle..middle + 64].fill(0xff);
    for bytes in [&b""[..], module, b"#!/bin/sh", cut, &invalid] {
        assert!(Inspection::of(bytes).is_err());
    }
}

#[test]
fn a_package_of_wit_is_refused() {
    let package = include_bytes!(concat!(env!("OUT_DIR"), "/contract.wasm"));
    assert!(Inspection::of(package).is_err());
}

#[test]
fn no_byte_in_another_place_makes_it_panic() {
    let component = ONBOARDING.component;
    for position in (0..component.len()).step_by(component.len() / 200) {
        let mut damaged = component.to_vec();
        damaged[position] ^= 0x15;
        // Whatever comes of it: it comes.
        let _ = Inspection::of(&damaged);
    }
}
