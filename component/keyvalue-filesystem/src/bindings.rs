//! Generated from `wit/`.

wit_bindgen::generate!({
    path: "../../wit",
    world: "keyvalue-filesystem",
    generate_all,
    additional_type_attributes: {
        "wasi:keyvalue/store@0.2.0-draft/error": [#[derive(PartialEq, Eq)]],
    },
    pub_export_macro: true,
});

pub(crate) use exports::wasi::keyvalue0_2_0_draft::store;
