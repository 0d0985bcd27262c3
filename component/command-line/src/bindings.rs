//! Generated from `wit/`.

wit_bindgen::generate!({
    path: "../../wit",
    world: "command-line",
    generate_all,
    pub_export_macro: true,
});

pub(crate) use chatgpt::oauth::connection;
