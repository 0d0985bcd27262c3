//! The contract in the package of an agent.

use std::fs;

use chatgpt_oauth_packaging::{World, plug, vendor};
use tempfile::TempDir;
use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, PackageId, Resolve};

const AGENT: &str = "
package example:agent;

world agent {
  import chatgpt:oauth/connection@0.1.0;
  export step: func() -> string;
}
";

/// An agent from a package that has nothing but its own world and the contract.
fn agent() -> Vec<u8> {
    let wit = TempDir::new().unwrap();
    fs::create_dir(wit.path().join("deps")).unwrap();
    fs::write(wit.path().join("agent.wit"), AGENT).unwrap();
    let vendored = wit.path().join("deps/chatgpt-oauth.wit");
    fs::write(vendored, vendor::connection()).unwrap();

    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit.path()).unwrap();
    let world = resolve.packages[package].worlds["agent"];
    let mangling = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);
    let mut module = wit_component::dummy_module(&resolve, world, mangling);
    let utf8 = StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, utf8).unwrap();
    let encoder = ComponentEncoder::default().validate(true);
    encoder.module(&module).unwrap().encode().unwrap()
}

fn imports(component: &[u8]) -> Vec<String> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component).unwrap() else {
        panic!("not a component");
    };
    let imports = resolve.worlds[world].imports.keys();
    imports.map(|key| resolve.name_world_key(key)).collect()
}

#[test]
fn an_agent_with_the_vendored_contract_composes_with_a_world() {
    let connection = "chatgpt:oauth/connection@0.1.0".to_owned();
    let agent = agent();
    assert!(imports(&agent).contains(&connection));
    let world = super::component(World::OnboardingFilesystem);
    let composed = plug(agent, world.to_vec()).unwrap();
    assert!(!imports(&composed).contains(&connection));
}

#[test]
fn the_vendored_contract_has_the_documentation_and_no_credentials() {
    let text = vendor::connection();
    let first = "package chatgpt:oauth@0.1.0;\n\n/// One person's connection";
    assert!(text.starts_with(first), "{text}");
    assert!(text.contains("Never call it in a loop."), "{text}");
    assert!(!text.contains("credentials") && !text.contains("world "));
}

/// Decodes the contract as `wkg get` and `wkg fetch` do.
fn decoded() -> (Resolve, PackageId) {
    match wit_component::decode(&vendor::encoded()).unwrap() {
        DecodedWasm::WitPackage(resolve, package) => (resolve, package),
        DecodedWasm::Component(..) => panic!("a component"),
    }
}

#[test]
fn the_encoded_contract_is_the_vendored_one_and_needs_no_other_package() {
    let (decoded, package) = decoded();
    assert_eq!(decoded.packages.len(), 1);
    let mut vendored = Resolve::default();
    let source = vendored.push_str("connection.wit", &vendor::connection());
    let [ours, theirs] = [(&decoded, package), (&vendored, source.unwrap())].map(print);
    assert!(ours.contains("Never call it in a loop."), "{ours}");
    assert_eq!(ours, theirs);
}

fn print((resolve, package): (&Resolve, PackageId)) -> String {
    let mut printer = wit_component::WitPrinter::default();
    printer.print(resolve, package, &[]).unwrap();
    printer.output.to_string()
}
