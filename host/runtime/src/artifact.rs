//! The output of the build script: the component of each [`World`], and the machine code
//! that a [`Host`](crate::Host) runs.

/// The component, built for one kind of runtime.
#[derive(Debug)]
#[non_exhaustive]
pub struct World {
    /// The name of the world in `wit/world.wit`.
    pub name: &'static str,
    /// The component.
    pub component: &'static [u8],
    /// SHA-256 of the component, in hexadecimal.
    pub digest: &'static str,
}

/// All worlds that are embedded: [`PLATFORM`], and with the feature `worlds` those
/// that other runtimes load.
pub static WORLDS: &[World] = include!(concat!(env!("OUT_DIR"), "/worlds.rs"));

/// The world that a [`Host`](crate::Host) runs, and that the host of a platform loads. It
/// exports `credentials`.
pub static PLATFORM: &World = &WORLDS[0];

/// The world that an agent runtime loads. Its functions never return a token.
#[cfg(feature = "worlds")]
pub static ONBOARDING: &World = &WORLDS[1];

/// [`PLATFORM`], compiled for the baseline CPU of the target.
pub(crate) const PRECOMPILED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/platform.cwasm"));

/// [`PLATFORM`], compiled for wasmtime's interpreter.
pub(crate) const INTERPRETED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/platform.pulley"));

impl World {
    /// The embedded world with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        WORLDS.iter().find(|world| world.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_worlds_are_the_embedded_ones() {
        assert_eq!(PLATFORM.name, "platform");
        #[cfg(feature = "worlds")]
        assert_eq!(ONBOARDING.name, "onboarding");
        assert_eq!(World::named("platform").unwrap().digest, PLATFORM.digest);
        assert!(World::named("none").is_none());
    }
}
