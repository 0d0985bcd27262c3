//! The contract as an agent's package takes it in: one package, without dependencies.

use wit_parser::Resolve;

use crate::inspect::CONTRACT;

const CONNECTION: &str = include_str!("../../../wit/connection.wit");

/// The interface `connection` as a WIT package of its own, for the folder `wit/deps` of
/// an agent that imports it. Worlds and `credentials` stay out.
#[must_use]
pub fn connection() -> String {
    let (resolve, package) = &*CONTRACT;
    let name = &resolve.packages[*package].name;
    format!("package {name};\n\n{CONNECTION}")
}

/// The same package in its binary form, as registries keep it.
#[must_use]
pub fn encoded() -> Vec<u8> {
    let mut resolve = Resolve::default();
    // Both fail only for another text, and every test of this module reads this one.
    let package = resolve.push_str("connection.wit", &connection());
    let package = package.expect("the contract needs no other package");
    wit_component::encode(&resolve, package).expect("the contract can be encoded")
}
