//! The answers about the links by which a person signs in.

use alloc::string::String;
use core::fmt;

use crate::True;

answers! {
    /// The answer of `links create`.
    struct CreateLink {
        /// Always true.
        pub ok: True,
        /// The address for the person, which is shown once.
        pub url: RevealedLink,
        /// The profile that the person signs in.
        pub profile: String,
        /// Who asks the person to do so, as the page shows it.
        pub asks: String,
        /// When the link was made, in Unix seconds.
        pub created_at: u64,
        /// When it ends, unless a browser has opened it and continued.
        pub expires_at: u64,
    }
}

/// The address of a link in an answer. `Debug` does not show it.
#[derive(Clone, serde::Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct RevealedLink(pub String);

impl fmt::Debug for RevealedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RevealedLink")
    }
}
