//! What the build script left here: the component in its two worlds, and the
//! machine code that a [`Host`](crate::Host) runs.

/// The component as an agent runtime loads it: the world `onboarding`, whose
/// functions never return a token.
pub const ONBOARDING: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/onboarding.wasm"));

/// The component as a platform's own host loads it: the world `platform`, with
/// `credentials`.
pub const PLATFORM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/platform.wasm"));

/// SHA-256 of [`ONBOARDING`], in hexadecimal.
pub const ONBOARDING_DIGEST: &str = env!("ONBOARDING_SHA256");

/// SHA-256 of [`PLATFORM`], in hexadecimal.
pub const PLATFORM_DIGEST: &str = env!("PLATFORM_SHA256");

/// [`PLATFORM`], compiled for the baseline CPU of the target.
pub(crate) const PRECOMPILED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/platform.cwasm"));
