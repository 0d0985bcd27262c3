//! The export. No other file uses WASI's functions.

use alloc::string::String;
use alloc::vec::Vec;

use crate::bindings::exports::wasi::cli::run::Guest;
use crate::bindings::wasi::cli::{environment, exit, stdout};
use crate::bindings::wasi::filesystem::preopens;
use crate::bindings::wasi::io::streams::StreamError;
use crate::{call, reply};

struct CommandLine;

impl Guest for CommandLine {
    fn run() -> Result<(), ()> {
        let reply = reply::to(&arguments(), &directories(), call::make);
        print(reply.output + "\n")?;
        match reply.exit_code {
            0 => Ok(()),
            code => {
                exit::exit_with_code(code);
                Err(())
            }
        }
    }
}

/// The arguments after the program's name.
fn arguments() -> Vec<String> {
    environment::get_arguments().into_iter().skip(1).collect()
}

/// The names of the open directories.
fn directories() -> Vec<String> {
    let directories = preopens::get_directories().into_iter();
    directories.map(|(_directory, name)| name).collect()
}

/// What one call of a stream may write, in bytes.
const MOST: usize = 4096;

fn print(text: String) -> Result<(), ()> {
    let stdout = stdout::get_stdout();
    for piece in text.as_bytes().chunks(MOST) {
        match stdout.blocking_write_and_flush(piece) {
            Ok(()) => {}
            // A reader that closes the pipe wants no more output: that is no failure.
            Err(StreamError::Closed) => return Ok(()),
            Err(StreamError::LastOperationFailed(_)) => return Err(()),
        }
    }
    Ok(())
}

/// Smaller and faster in this component than the allocator of Rust's standard library.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// A panic traps without a message: printing one would be larger than all other code.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

#[allow(
    unsafe_code,
    reason = "the generated exports are called by the runtime"
)]
mod export {
    use super::CommandLine;

    crate::bindings::export!(CommandLine with_types_in crate::bindings);
}
