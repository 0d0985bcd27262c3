//! What the build script left here: the component in all its editions, and the
//! machine code that a [`Host`](crate::Host) runs.

/// The component, built for one kind of runtime.
#[derive(Debug)]
#[non_exhaustive]
pub struct Edition {
    /// Its name, which is that of its world in `wit/world.wit`.
    pub name: &'static str,
    /// The component.
    pub component: &'static [u8],
    /// SHA-256 of the component, in hexadecimal.
    pub digest: &'static str,
}

/// All editions.
pub static EDITIONS: [Edition; 5] = include!(concat!(env!("OUT_DIR"), "/editions.rs"));

/// What an agent runtime loads: its functions never return a token.
pub static ONBOARDING: &Edition = &EDITIONS[0];

/// What a [`Host`](crate::Host) runs, and a platform's own host loads: it has
/// `credentials`.
pub static PLATFORM: &Edition = &EDITIONS[1];

/// [`PLATFORM`], compiled for the baseline CPU of the target.
pub(crate) const PRECOMPILED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/platform.cwasm"));

/// [`PLATFORM`], compiled for wasmtime's interpreter.
pub(crate) const INTERPRETED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/platform.pulley"));

impl Edition {
    /// The edition of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        EDITIONS.iter().find(|edition| edition.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_editions_that_have_a_name_here_are_those() {
        assert_eq!(ONBOARDING.name, "onboarding");
        assert_eq!(PLATFORM.name, "platform");
        assert_eq!(Edition::named("platform").unwrap().digest, PLATFORM.digest);
        assert!(Edition::named("none").is_none());
    }
}
