//! Provides `wasi:random/random` from the operating system. This program keeps no generator
//! and no seed: a virtual machine that is resumed twice would repeat their bytes.

use wasmtime::component::HasData;
use wasmtime::{Result, bail, format_err};
use wasmtime_wasi::p2::bindings::random::random;

use super::limits::RANDOM_BYTES;

/// The operating system's random bytes.
pub(crate) struct SystemRandom;

impl HasData for SystemRandom {
    type Data<'a> = Self;
}

impl random::Host for SystemRandom {
    fn get_random_bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        if len > RANDOM_BYTES {
            bail!("more than {RANDOM_BYTES} random bytes in one call");
        }
        // At most RANDOM_BYTES, which fits.
        let mut bytes = vec![0; len as usize];
        getrandom::fill(&mut bytes).map_err(|error| format_err!("no random bytes: {error}"))?;
        Ok(bytes)
    }

    fn get_random_u64(&mut self) -> Result<u64> {
        getrandom::u64().map_err(|error| format_err!("no random bytes: {error}"))
    }
}
