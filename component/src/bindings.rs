#[cfg(any(feature = "platform", not(target_arch = "wasm32")))]
wit_bindgen::generate!({
    path: "../wit",
    world: "platform",
    generate_all,
    pub_export_macro: true,
});

#[cfg(not(any(feature = "platform", not(target_arch = "wasm32"))))]
wit_bindgen::generate!({
    path: "../wit",
    world: "onboarding",
    generate_all,
    pub_export_macro: true,
});
