//! Which package may depend on which, from `cargo metadata`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The packages of this workspace that each package may link, and that its build script
/// may use.
const RULES: [(&str, &[&str], &[&str]); 13] = [
    ("chatgpt-oauth-component", &[], &[]),
    ("command-line", &["chatgpt-oauth-answers"], &[]),
    ("keyvalue-filesystem", &[], &[]),
    ("chatgpt-oauth-packaging", &[], &[]),
    ("chatgpt-oauth-storage", &[], &[]),
    ("chatgpt-oauth-answers", &[], &[]),
    (
        "chatgpt-oauth-runtime",
        &["chatgpt-oauth-answers", "chatgpt-oauth-storage"],
        &["chatgpt-oauth-packaging"],
    ),
    (
        "chatgpt-oauth-gateway",
        &["chatgpt-oauth-answers", "chatgpt-oauth-runtime"],
        &[],
    ),
    (
        "chatgpt-oauth-mcp",
        &["chatgpt-oauth-answers", "chatgpt-oauth-runtime"],
        &[],
    ),
    ("agent", &[], &[]),
    (
        "agent-runtime",
        &["chatgpt-oauth-gateway", "chatgpt-oauth-runtime"],
        &[],
    ),
    (
        "chatgpt-oauth-server",
        &[
            "chatgpt-oauth-answers",
            "chatgpt-oauth-gateway",
            "chatgpt-oauth-mcp",
            "chatgpt-oauth-runtime",
        ],
        &[],
    ),
    (
        "chatgpt-oauth",
        &[
            "chatgpt-oauth-answers",
            "chatgpt-oauth-mcp",
            "chatgpt-oauth-packaging",
            "chatgpt-oauth-runtime",
            "chatgpt-oauth-server",
        ],
        &[],
    ),
];

/// Packages that the library must not bring to an embedder.
const OF_THE_PROGRAM: [&str; 10] = [
    "clap",
    "clap_complete",
    "clap_mangen",
    "jiff",
    "qrcode",
    "textwrap",
    "tracing-subscriber",
    "wit-parser",
    "wit-component",
    "wac-graph",
];

/// Packages of a server, which the gateway must not bring to an embedder.
const OF_A_SERVER: [&str; 5] = ["axum", "tower", "tower-http", "clap", "tracing-subscriber"];

fn cargo(arguments: &[&str]) -> String {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .args(["--locked", "--offline"])
        .current_dir(workspace)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The dependencies of each package of this workspace on others of it, by kind.
fn dependencies() -> BTreeMap<(String, Option<String>), Vec<String>> {
    let metadata = cargo(&["metadata", "--format-version", "1", "--no-deps"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let ours: Vec<_> = packages.iter().map(name).collect();
    let mut found = BTreeMap::<_, Vec<_>>::new();
    for package in packages {
        for dependency in package["dependencies"].as_array().unwrap() {
            let kind = dependency["kind"].as_str().map(str::to_owned);
            if ours.contains(&name(dependency)) {
                let of = found.entry((name(package), kind)).or_default();
                of.push(name(dependency));
            }
        }
    }
    found
}

#[test]
fn the_packages_depend_on_one_another_as_the_rules_say() {
    let found = dependencies();
    for (package, normal, build) in RULES {
        for (kind, allowed) in [(None, normal), (Some("build".to_owned()), build)] {
            let of = found.get(&(package.to_owned(), kind.clone()));
            for dependency in of.into_iter().flatten() {
                let is_allowed = allowed.contains(&dependency.as_str());
                assert!(is_allowed, "{package} depends on {dependency} ({kind:?})");
            }
        }
    }
}

#[test]
fn nothing_depends_on_the_program() {
    for ((package, kind), of) in dependencies() {
        let depends = of.iter().any(|dependency| dependency == "chatgpt-oauth");
        assert!(!depends, "{package} ({kind:?})");
    }
}

/// The names of all packages that a package links.
fn linked(package: &str) -> Vec<String> {
    let edges = "normal,no-proc-macro";
    let tree = cargo(&["tree", "-p", package, "-e", edges, "--prefix", "none"]);
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

/// The profile of the component inherits these exceptions: with one of them, its bytes would
/// not be those that its own lines say.
#[test]
fn no_exception_of_the_release_is_linked_into_the_component() {
    let manifest = include_str!("../../Cargo.toml");
    let table = |line: &'static str| {
        line.strip_prefix("[profile.release.package.")?
            .strip_suffix(']')
    };
    let exceptions: Vec<_> = manifest.lines().filter_map(table).collect();
    assert!(!exceptions.is_empty());
    for package in [
        "chatgpt-oauth-component",
        "command-line",
        "keyvalue-filesystem",
    ] {
        let names = linked(package);
        for name in &exceptions {
            assert!(!names.iter().any(|it| it == name), "{package}: {name}");
        }
    }
}

#[test]
fn an_embedder_builds_no_dependency_of_the_program() {
    let names = linked("chatgpt-oauth-runtime");
    assert!(names.iter().any(|name| name == "wasmtime"), "{names:?}");
    for name in OF_THE_PROGRAM {
        assert!(!names.iter().any(|it| it == name), "{name}");
    }
}

#[test]
fn the_gateway_brings_no_server() {
    let names = linked("chatgpt-oauth-gateway");
    assert!(
        names.iter().any(|name| name == "tower-service"),
        "{names:?}"
    );
    for name in OF_A_SERVER {
        assert!(!names.iter().any(|it| it == name), "{name}");
    }
}
