//! Makes one component of two.

use anyhow::Result;
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, PackageId};

/// Satisfies imports of `socket` with what `plug` exports. What is left of both
/// their imports is imported by the whole, which exports what `socket` does.
///
/// # Errors
///
/// When one of them is no component, or `plug` exports nothing that `socket` imports.
pub fn plug(socket: Vec<u8>, plug: Vec<u8>) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let socket = register(&mut graph, "component", socket)?;
    let plug = register(&mut graph, "store", plug)?;
    wac_graph::plug(&mut graph, vec![plug], socket)?;
    Ok(graph.encode(EncodeOptions::default())?)
}

fn register(graph: &mut CompositionGraph, name: &str, component: Vec<u8>) -> Result<PackageId> {
    let package = Package::from_bytes(name, None, component, graph.types_mut())?;
    Ok(graph.register_package(package)?)
}
