//! Generated from `wit/` of this example and of the contract.

wit_bindgen::generate!({
    path: ["../../wit", "wit"],
    world: "example:act/tools",
    generate_all,
    // A synchronous function may implement an `async func`.
    async: false,
    pub_export_macro: true,
});

pub(crate) use chatgpt::oauth::connection;
