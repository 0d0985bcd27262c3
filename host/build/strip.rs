//! Takes the custom sections out that only tools read: names and producers.
//! They say on what machine and with which versions of tools a file was made.

use std::convert::Infallible;
use std::error::Error;

use wasm_encoder::reencode::{self, Reencode, ReencodeComponent};
use wasm_encoder::{Component, Module};
use wasmparser::{CustomSectionReader, Parser};

/// Strips a core module, but for the types that wit-bindgen left in it.
pub(crate) fn module(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut module = Module::new();
    Strip.parse_core_module(&mut module, Parser::new(0), bytes)?;
    Ok(module.finish())
}

/// Strips a component and the modules in it.
pub(crate) fn component(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut component = Component::new();
    Strip.parse_component(&mut component, Parser::new(0), bytes)?;
    Ok(component.finish())
}

struct Strip;

impl Reencode for Strip {
    type Error = Infallible;

    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), reencode::Error<Infallible>> {
        if section.name().starts_with("component-type") {
            reencode::utils::parse_custom_section(self, module, section)?;
        }
        Ok(())
    }
}

impl ReencodeComponent for Strip {
    fn parse_component_custom_section(
        &mut self,
        component: &mut Component,
        section: CustomSectionReader<'_>,
    ) -> Result<(), reencode::Error<Infallible>> {
        if section.name() == "package-docs" {
            reencode::component_utils::parse_component_custom_section(self, component, section)?;
        }
        Ok(())
    }
}
