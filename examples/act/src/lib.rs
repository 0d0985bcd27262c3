//! The seven functions as tools of the [ACT](https://actcore.dev) runtime, as a
//! WebAssembly component. It exports `act:tools/tool-provider` and calls the function of
//! `chatgpt:oauth/connection` that a tool is named after.
//!
//! ```text
//!     act           the export: tools and calls in the types of ACT
//!      ├─ tools      what ACT shows of each tool
//!      ├─ arguments  the arguments of a call, from CBOR
//!      └─ call       the function, and its answer
//! ```
//!
//! This component keeps nothing and reaches nothing: `main.rs` composes it with the world
//! `onboarding-filesystem`, which exports `connection`.

#[allow(unsafe_code, missing_docs, clippy::all, reason = "generated from wit/")]
mod bindings;

#[cfg(target_arch = "wasm32")]
mod act;
pub mod arguments;
pub mod call;
pub mod tools;
