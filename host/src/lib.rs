//! Hosts the component.
