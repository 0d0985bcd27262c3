//! Bindings generated from `wit/`: the exports of the component, and `wasi:keyvalue`, which
//! this crate implements. wasmtime's crates implement the other imports;
//! [`linker`](super::linker) links all of them.

#![allow(
    missing_docs,
    unreachable_pub,
    unsafe_code,
    reason = "generated; the unsafe code lays records out for the component's memory"
)]

wasmtime::component::bindgen!({
    path: "../../wit",
    inline: "
        package chatgpt:host;

        world platform {
            import wasi:keyvalue/store@0.2.0-draft;
            export chatgpt:oauth/connection@0.1.0;
            export chatgpt:oauth/credentials@0.1.0;
        }
    ",
    imports: { default: async | trappable },
    exports: { default: async },
    require_store_data_send: true,
    additional_derives: [PartialEq],
    with: {
        "wasi:keyvalue/store@0.2.0-draft.bucket": super::keyvalue::Bucket,
    },
    trappable_error_type: {
        "wasi:keyvalue/store@0.2.0-draft.error" => super::keyvalue::Fault,
    },
});
