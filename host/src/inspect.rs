//! What a component can reach: read off the file itself, nothing is run.

use sha2::{Digest, Sha256};
use wasmparser::{Parser, Payload};

/// Everything that the contract lets a component import.
pub const DECLARED_IMPORTS: [&str; 9] = [
    "wasi:clocks/monotonic-clock@0.2.0",
    "wasi:clocks/wall-clock@0.2.0",
    "wasi:http/outgoing-handler@0.2.0",
    "wasi:http/types@0.2.0",
    "wasi:io/error@0.2.0",
    "wasi:io/poll@0.2.0",
    "wasi:io/streams@0.2.0",
    "wasi:keyvalue/store@0.2.0-draft",
    "wasi:random/random@0.2.0",
];

/// What a component imports and exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Names of the imports, sorted.
    pub imports: Vec<String>,
    /// Names of the exports, sorted.
    pub exports: Vec<String>,
    /// The size, in bytes.
    pub size: usize,
    /// The size without custom sections, which hold names and documentation, in bytes.
    pub size_without_custom_sections: usize,
    /// SHA-256, in hexadecimal.
    pub digest: String,
}

/// That is no WebAssembly component.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no WebAssembly component: {0}")]
pub struct NotAComponent(String);

impl Inspection {
    /// Looks at a component.
    ///
    /// # Errors
    ///
    /// [`NotAComponent`], for a core module too.
    pub fn of(component: &[u8]) -> Result<Self, NotAComponent> {
        if !Parser::is_component(component) {
            return Err(NotAComponent("it does not begin like one".to_owned()));
        }
        let mut inspection = Self {
            imports: Vec::new(),
            exports: Vec::new(),
            size: component.len(),
            size_without_custom_sections: component.len(),
            digest: Sha256::digest(component)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        };
        inspection
            .read(component)
            .map_err(|error| NotAComponent(error.to_string()))?;
        inspection.imports.sort();
        inspection.exports.sort();
        Ok(inspection)
    }

    /// The imports that the contract does not name.
    pub fn undeclared_imports(&self) -> impl Iterator<Item = &str> {
        let names = self.imports.iter().map(String::as_str);
        names.filter(|name| !DECLARED_IMPORTS.contains(name))
    }

    /// Notes the imports and exports of the component itself, not of what is nested in it.
    fn read(&mut self, component: &[u8]) -> wasmparser::Result<()> {
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::CustomSection(section) => {
                    let range = section.range();
                    self.size_without_custom_sections -= range.end - range.start;
                }
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
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact;

    #[test]
    fn the_artifacts_import_what_the_contract_names_and_nothing_else() {
        for component in [artifact::ONBOARDING, artifact::PLATFORM] {
            let inspection = Inspection::of(component).unwrap();
            assert_eq!(inspection.imports, DECLARED_IMPORTS);
        }
    }

    #[test]
    fn onboarding_exports_the_connection_alone() {
        let exports = |component| Inspection::of(component).unwrap().exports;
        assert_eq!(
            exports(artifact::ONBOARDING),
            ["chatgpt:oauth/connection@0.1.0"]
        );
        assert_eq!(
            exports(artifact::PLATFORM),
            [
                "chatgpt:oauth/connection@0.1.0",
                "chatgpt:oauth/credentials@0.1.0"
            ]
        );
    }

    #[test]
    fn onboarding_is_at_most_160_kb_without_custom_sections() {
        let size = Inspection::of(artifact::ONBOARDING)
            .unwrap()
            .size_without_custom_sections;
        assert!(size <= 160_000, "{size}");
    }

    #[test]
    fn no_artifact_holds_a_path_of_the_machine_that_built_it() {
        let home = std::env::home_dir().unwrap();
        let here = env!("CARGO_MANIFEST_DIR");
        for component in [artifact::ONBOARDING, artifact::PLATFORM] {
            let text = String::from_utf8_lossy(component);
            for path in [
                home.to_str().unwrap(),
                here,
                "/.cargo/",
                "/registry/src/",
                "/home/",
                "/Users/",
            ] {
                assert!(!text.contains(path), "{path}");
            }
        }
    }

    #[test]
    fn m01_the_digests_are_those_of_the_bytes() {
        let digest = |component| Inspection::of(component).unwrap().digest;
        assert_eq!(digest(artifact::ONBOARDING), artifact::ONBOARDING_DIGEST);
        assert_eq!(digest(artifact::PLATFORM), artifact::PLATFORM_DIGEST);
    }

    #[test]
    fn what_is_no_component_is_refused() {
        for bytes in [
            &b""[..],
            b"\0asm\x01\0\0\0",
            b"#!/bin/sh",
            &artifact::ONBOARDING[..1000],
        ] {
            assert!(Inspection::of(bytes).is_err());
        }
    }
}
