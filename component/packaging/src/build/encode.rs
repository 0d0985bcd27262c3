//! Turns a core module into a component.

use anyhow::Result;
use wit_component::ComponentEncoder;

/// The component of a module in which wit-bindgen has recorded the world.
pub(crate) fn component(module: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)?
        .encode()
}
