//! Writes the metadata of a component: custom sections in front of all other sections.
//! [`metadata`](crate::metadata) has their names.

use anyhow::{Result, ensure};
use wasm_encoder::{
    Component, ComponentNameSection, CustomSection, ProducersField, ProducersSection,
};
use wasmparser::{KnownCustom, Parser, Payload};

use crate::{Dependencies, World, metadata};

/// The metadata of a component.
pub(crate) struct Label<'a> {
    pub(crate) world: World,
    pub(crate) producers: Producers,
    pub(crate) documentation: Vec<u8>,
    pub(crate) dependencies: Dependencies,
    pub(crate) test_origin: Option<&'a str>,
}

impl Label<'_> {
    /// Adds the metadata to a component without custom sections.
    pub(crate) fn put_on(&self, component: &[u8]) -> Result<Vec<u8>> {
        let mut labelled = Component::new();
        labelled.section(&self.name());
        labelled.section(&self.producers.0);
        for (name, data) in self.sections()? {
            labelled.section(&CustomSection {
                name: name.into(),
                data: data.into(),
            });
        }
        let mut labelled = labelled.finish();
        ensure!(component.starts_with(&Component::HEADER), "no component");
        labelled.extend_from_slice(&component[Component::HEADER.len()..]);
        Ok(labelled)
    }

    fn name(&self) -> ComponentNameSection {
        let test = if self.test_origin.is_some() {
            metadata::TEST_SUFFIX
        } else {
            ""
        };
        let mut section = ComponentNameSection::new();
        section.component(&format!("{}{}{test}", metadata::NAME_PREFIX, self.world));
        section
    }

    fn sections(&self) -> Result<Vec<(&str, Vec<u8>)>> {
        let mut sections = vec![
            (metadata::PACKAGE_DOCS, self.documentation.clone()),
            (metadata::VERSION, env!("CARGO_PKG_VERSION").into()),
            (metadata::DESCRIPTION, self.world.description().into()),
            (metadata::LICENSES, env!("CARGO_PKG_LICENSE").into()),
            (metadata::DEPENDENCIES, self.dependencies.to_section()?),
        ];
        if let Some(origin) = self.test_origin {
            sections.push((metadata::TEST_ORIGIN, origin.into()));
        }
        Ok(sections)
    }
}

/// The language and the tools that made a component.
pub(crate) struct Producers(ProducersSection);

impl Producers {
    /// Collects the producers of all parts of a component, and adds the compiler, whose
    /// own section is stripped.
    pub(crate) fn of(component: &[u8], rustc: &str) -> Result<Self> {
        let mut gathered = wasm_metadata::Producers::empty();
        gathered.add("language", "Rust", "2024");
        gathered.add("processed-by", "rustc", rustc);
        for payload in Parser::new(0).parse_all(component) {
            if let Payload::CustomSection(section) = payload?
                && let KnownCustom::Producers(_) = section.as_known()
            {
                let some =
                    wasm_metadata::Producers::from_bytes(section.data(), section.data_offset())?;
                gathered.merge(&some);
            }
        }
        let mut section = ProducersSection::new();
        for (name, values) in gathered.iter() {
            let mut field = ProducersField::new();
            for (tool, version) in values.iter() {
                field.value(tool, number(version));
            }
            section.field(name, &field);
        }
        Ok(Self(section))
    }
}

/// The version without the additions of a distribution.
fn number(version: &str) -> &str {
    version.split(' ').next().unwrap_or_default()
}
