//! Composes two components.

use anyhow::Result;
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, PackageId};

/// Satisfies imports of `socket` with the exports of `plug`. The result imports the
/// remaining imports of both, and exports the exports of `socket`.
///
/// # Errors
///
/// If one of them is not a component, or if `plug` exports nothing that `socket`
/// imports.
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
