//! The engine's options, for the build script and the library alike.
//!
//! The build script compiles the component ahead of time with these options, and the
//! library loads the machine code with them. The loader refuses machine code that was
//! compiled with other options. So every option is set here: another crate of the program
//! can change wasmtime's defaults by its cargo features.

use wasmtime::{Config, WasmFeatures};

/// Linear memory that one call may have, in bytes.
pub(crate) const MEMORY: usize = 64 << 20;
/// Address space that machine code reserves for each memory, in bytes: as much as an
/// index can reach, so that no access needs a comparison.
const REACH: u64 = 4 << 30;
/// Address space after each memory that stays inaccessible, in bytes.
const GUARD: u64 = 32 << 20;

/// The accepted features: the instructions that rustc emits for `wasm32-unknown-unknown`,
/// and components. Multiple memories are for the code that wasmtime generates to pass values
/// between the parts of a composed component: without them its compiler panics.
const WASM_FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::CALL_INDIRECT_OVERLONG)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::BULK_MEMORY_OPT)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::COMPONENT_MODEL);

/// How a component's code is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// As machine code.
    Machine,
    /// By wasmtime's interpreter, Pulley, where memory cannot be made executable or
    /// address space is limited.
    Interpreted,
}

/// The options of every engine of this crate.
///
/// # Errors
///
/// When wasmtime does not know the interpreter's target.
pub(crate) fn engine_config(code: Code) -> wasmtime::Result<Config> {
    let mut config = Config::new();
    language(&mut config);
    interruption(&mut config);
    memory(&mut config);
    match code {
        Code::Machine => {
            config.memory_reservation(REACH);
            config.memory_guard_size(GUARD);
        }
        // The interpreter takes no signals. It compares each access and uses no guard.
        Code::Interpreted => {
            config.target(interpreter())?;
            config.signals_based_traps(false);
            config.memory_reservation(MEMORY as u64);
            config.memory_guard_size(0);
        }
    }
    Ok(config)
}

/// The interpreter's target, for the byte order of this machine.
fn interpreter() -> &'static str {
    match cfg!(target_endian = "big") {
        true => "pulley64be",
        false => "pulley64",
    }
}

/// The accepted WebAssembly.
fn language(config: &mut Config) {
    config.wasm_features(WasmFeatures::all(), false);
    config.wasm_features(WASM_FEATURES, true);
    config.concurrency_support(false);
    config.relaxed_simd_deterministic(false);
    config.shared_memory(false);
}

/// How a running guest is stopped, and what its traps record.
fn interruption(config: &mut Config) {
    config.epoch_interruption(true);
    config.consume_fuel(false);
    config.signals_based_traps(true);
    config.max_wasm_stack(512 << 10);
    config.async_stack_size(2 << 20);
    config.async_stack_zeroing(false);
    config.wasm_backtrace_max_frames(None);
    config.wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Disable);
    config.native_unwind_info(false);
    config.generate_address_map(false);
    config.debug_info(false);
    config.debug_symbols(false);
}

/// How a guest's memory is laid out: reserved as a whole, so that it never moves, and
/// initialized by copy-on-write.
fn memory(config: &mut Config) {
    config.memory_reservation_for_growth(0);
    config.memory_may_move(false);
    config.guard_before_linear_memory(false);
    config.memory_init_cow(true);
    config.memory_guaranteed_dense_image_size(16 << 20);
    config.table_lazy_init(true);
    config.gc_heap_reservation(0);
    config.gc_heap_guard_size(0);
    config.gc_heap_may_move(true);
    config.gc_heap_initial_size(0);
    config.compiler_inlining(wasmtime::Inlining::No);
}
