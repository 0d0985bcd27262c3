//! The names of the custom sections that describe a component. `build` writes them, and
//! `inspect` reads them.
//!
//! | section          | holds                                                        |
//! |------------------|--------------------------------------------------------------|
//! | `component-name` | `chatgpt-oauth-` and the world's name; runtimes identify a component by it, and `inspect` compares the component with the world that it names |
//! | `producers`      | the language and the tools, with their versions               |
//! | `package-docs`   | the documentation in `wit/`; tools show it beside the component's WIT |
//! | `version`, `description`, `licenses` | `wasm-tools metadata show` and scanners show them; tools that push to registries do not read them |
//! | `.dep-v0`        | the packages linked into it and the macros, as `cargo auditable` writes them |
//! | `test-origin`    | only in builds for tests: where requests go instead of to OpenAI |
#![cfg_attr(
    not(all(feature = "build", feature = "inspect")),
    allow(dead_code, reason = "writer and reader need different sections")
)]

/// The prefix of every component's name, before the name of its world.
pub(crate) const NAME_PREFIX: &str = "chatgpt-oauth-";
/// The suffix of the name of a build for tests.
pub(crate) const TEST_SUFFIX: &str = "-test";

pub(crate) const COMPONENT_NAME: &str = "component-name";
pub(crate) const PACKAGE_DOCS: &str = "package-docs";
pub(crate) const VERSION: &str = "version";
pub(crate) const DESCRIPTION: &str = "description";
pub(crate) const LICENSES: &str = "licenses";
pub(crate) const DEPENDENCIES: &str = ".dep-v0";
pub(crate) const TEST_ORIGIN: &str = "test-origin";
