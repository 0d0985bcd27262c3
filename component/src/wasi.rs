//! The exports and the four ports over WASI: calls come in through `exports`, requests go
//! out through `http`, and values through `store`. The clock, the random bytes, the allocator
//! and the panic handler are in this file. No other file knows WASI.

mod exports;
mod http;
mod store;

use crate::bindings::wasi::clocks::wall_clock;
use crate::bindings::wasi::random::random;
use crate::contract::Error;
use crate::error::Result;
use crate::ports::{Clock, Ports, Random};

/// Opens the bucket and calls `function` with the ports of this runtime.
fn with_ports<T>(function: impl FnOnce(Ports) -> Result<T>) -> core::result::Result<T, Error> {
    open_and_call(function).map_err(|error| *error)
}

fn open_and_call<T>(function: impl FnOnce(Ports) -> Result<T>) -> Result<T> {
    let store = store::Bucket::open()?;
    function(Ports {
        http: &http::Outgoing,
        store: &store,
        clock: &WallClock,
        random: &RandomBytes,
    })
}

/// Smaller and faster here than the allocator of Rust's standard library.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// A panic traps without a message: a message could contain values, and its
/// formatting is a tenth of the component.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> u64 {
        wall_clock::now().seconds
    }
}

struct RandomBytes;

impl Random for RandomBytes {
    fn bits(&self) -> [u8; 16] {
        let mut bits = [0; 16];
        for half in bits.chunks_exact_mut(8) {
            half.copy_from_slice(&random::get_random_u64().to_le_bytes());
        }
        bits
    }
}
