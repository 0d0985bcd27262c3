//! The contract as an agent's package takes it in: one file, without dependencies.

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
