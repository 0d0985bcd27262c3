//! Generated from `wit/`, for the world that is built: all worlds
//! have the same names here.

macro_rules! generate {
    ($world:literal, $keyvalue:ident) => {
        wit_bindgen::generate!({
            path: "../wit",
            world: $world,
            generate_all,
            pub_export_macro: true,
        });

        #[cfg(target_arch = "wasm32")]
        pub(crate) use wasi::$keyvalue::store as keyvalue;
    };
}

#[cfg(feature = "platform")]
generate!("platform", keyvalue0_2_0_draft);

#[cfg(all(not(feature = "platform"), feature = "draft2"))]
generate!("onboarding-draft2", keyvalue0_2_0_draft2);

#[cfg(not(any(feature = "platform", feature = "draft2")))]
generate!("onboarding", keyvalue0_2_0_draft);
