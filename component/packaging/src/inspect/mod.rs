//! Reads from a component's file what it can reach. Nothing of it runs.
//!
//! ```text
//!   bytes ──▶ validated ──┬─▶ metadata  what it claims
//!                         ├─▶ imports, exports, WIT
//!                         └─▶ contract  what it has beyond its world
//! ```

mod agent;
mod contract;
mod metadata;

use std::fmt;

use wasmparser::{Parser, Payload, Validator};
use wit_component::{DecodedWasm, WitPrinter};

pub use agent::{Agent, COMPOSABLE};
pub(crate) use contract::CONTRACT;
use metadata::Metadata;
use sha2::{Digest as _, Sha256};

/// The deepest nesting of parts: those of a world are two deep, composed three, and the
/// time of validation grows with the square.
const DEEPEST: u32 = 16;

/// What a component claims, imports and exports.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The world in the name, as in `wit/world.wit`.
    pub world: Option<String>,
    /// The version that it claims.
    pub version: Option<String>,
    /// The description that it claims.
    pub description: Option<String>,
    /// The tools that built it, with their versions, as it claims.
    pub producers: Vec<String>,
    /// Where a build for tests sends its requests instead of to OpenAI.
    pub test_origin: Option<String>,
    /// Names of the imports, sorted.
    pub imports: Vec<String>,
    /// Names of the exports, sorted.
    pub exports: Vec<String>,
    /// Imports and exports as WIT, for a component without violations.
    pub wit: Option<String>,
    /// What it has beyond its world.
    pub violations: Vec<Violation>,
    /// The size, in bytes.
    pub size: usize,
    /// The size without custom sections, which hold names and documentation, in bytes.
    pub size_without_custom_sections: usize,
    /// SHA-256.
    pub sha256: [u8; 32],
}

/// Why a component does not match its world.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// It names no world.
    Unnamed,
    /// It names a world that the contract does not have.
    UnknownWorld(String),
    /// It imports what its world does not.
    Import(String),
    /// It exports what its world does not.
    Export(String),
    /// The type of an import or an export differs from that world's, or an export is
    /// missing.
    OtherTypes(String),
    /// It is a build for tests, and sends its requests there.
    TestBuild(String),
    /// It has several sections of this name.
    Repeated(String),
    /// It has a section of this name that cannot be read.
    Unreadable(String),
    /// Its imports and exports cannot be shown as WIT.
    Undecodable(String),
}

/// Not a WebAssembly component.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a WebAssembly component: {0}")]
pub struct NotAComponent(String);

impl Inspection {
    /// Inspects a component.
    ///
    /// # Errors
    ///
    /// [`NotAComponent`], also for a core module and for a WIT package.
    pub fn of(component: &[u8]) -> Result<Self, NotAComponent> {
        let surface = Surface::of(component)?;
        let metadata = Metadata::of(component);
        let mut violations = contract::violations(&metadata, &surface, component);
        let wit = match wit_component::decode(component) {
            Ok(DecodedWasm::WitPackage(..)) => {
                return Err(NotAComponent("it is a WIT package".to_owned()));
            }
            // The types of an unknown component may not fit into the memory when
            // printed.
            Ok(component) => violations.is_empty().then(|| wit(&component)).transpose(),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = &wit {
            violations.push(Violation::Undecodable(error.clone()));
        }
        Ok(Self {
            violations,
            world: metadata.world().map(str::to_owned),
            name: metadata.name,
            version: metadata.version,
            description: metadata.description,
            producers: metadata.producers,
            test_origin: metadata.test_origin,
            imports: surface.imports,
            exports: surface.exports,
            wit: wit.ok().flatten(),
            size: component.len(),
            size_without_custom_sections: component.len() - surface.custom_sections,
            sha256: Sha256::digest(component).into(),
        })
    }
}

fn invalid(error: impl fmt::Display) -> NotAComponent {
    NotAComponent(error.to_string())
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unnamed => write!(f, "it names no world of this contract"),
            Self::UnknownWorld(name) => {
                write!(f, "its name {name} is not that of a world of this contract")
            }
            Self::Import(name) => write!(f, "it imports {name}"),
            Self::Export(name) => write!(f, "it exports {name}"),
            Self::OtherTypes(what) => write!(f, "its types differ: {what}"),
            Self::Repeated(section) => write!(f, "it has several sections {section}"),
            Self::Unreadable(section) => write!(f, "its section {section} cannot be read"),
            Self::Undecodable(why) => write!(f, "it cannot be shown as WIT: {why}"),
            Self::TestBuild(origin) => {
                write!(f, "it was built for tests and sends everything to {origin}")
            }
        }
    }
}

/// Imports and exports of the component itself, without those of its parts.
#[derive(Default)]
struct Surface {
    imports: Vec<String>,
    exports: Vec<String>,
    /// The size of all custom sections, with those of parts, in bytes.
    custom_sections: usize,
    /// The depth of nested parts.
    depth: u32,
}

impl Surface {
    /// Reads a component, and validates all of it.
    fn of(component: &[u8]) -> Result<Self, NotAComponent> {
        if !Parser::is_component(component) {
            return Err(NotAComponent("it has another header".to_owned()));
        }
        let mut surface = Self::default();
        surface.read(component).map_err(invalid)?;
        if surface.depth > DEEPEST {
            return Err(NotAComponent("its parts are nested too deeply".to_owned()));
        }
        Validator::new().validate_all(component).map_err(invalid)?;
        Ok(surface)
    }

    fn read(&mut self, component: &[u8]) -> wasmparser::Result<()> {
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                    depth += 1;
                    self.depth = self.depth.max(depth);
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::CustomSection(section) => self.custom_sections += section.range().len(),
                Payload::ComponentImportSection(imports) if depth == 0 => {
                    for import in imports {
                        self.imports.push(import?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(exports) if depth == 0 => {
                    for export in exports {
                        self.exports.push(export?.name.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        self.imports.sort();
        self.exports.sort();
        Ok(())
    }
}

/// The imports and exports of a component as WIT.
fn wit(component: &DecodedWasm) -> Result<String, String> {
    let (resolve, package) = (component.resolve(), component.package());
    let others: Vec<_> = resolve.packages.iter().map(|(id, _)| id).collect();
    let others: Vec<_> = others.into_iter().filter(|&id| id != package).collect();
    let mut printer = WitPrinter::default();
    let printed = printer.print(resolve, package, &others);
    printed.map_err(|error| error.to_string())?;
    Ok(printer.output.to_string())
}
