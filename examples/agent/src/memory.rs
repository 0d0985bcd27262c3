//! For a test: searches the agent's own memory. See `searchable.wit`.

use core::arch::wasm32::memory_size;

use crate::Agent;
use crate::bindings::exports::example::searchable::memory::Guest;

const MASK: u8 = 0xa5;
const PAGE: usize = 65_536;

impl Guest for Agent {
    fn search(masked: Vec<u8>) -> u32 {
        let end = memory_size::<0>() * PAGE;
        // Address 0 is no pointer.
        let places = (1..=end - masked.len()).filter(|address| is_at(*address, &masked));
        places.count() as u32
    }

    fn plant(masked: Vec<u8>) {
        let bytes: Vec<_> = masked.iter().map(|byte| byte ^ MASK).collect();
        bytes.leak();
    }
}

fn is_at(address: usize, masked: &[u8]) -> bool {
    let here = |(offset, byte): (usize, &u8)| byte_at(address + offset) ^ MASK == *byte;
    masked.iter().enumerate().all(here)
}

#[allow(unsafe_code, reason = "a byte of all memory has no safe form")]
fn byte_at(address: usize) -> u8 {
    let pointer = core::ptr::with_exposed_provenance::<u8>(address);
    // SAFETY: the address is within the memory, every byte of which can be read. A volatile read
    // may be of any of them.
    unsafe { pointer.read_volatile() }
}
