//! Every interface that a guest can call, one line each. A component that imports any
//! other interface is refused when the host is built.

use wasmtime::component::Linker;
use wasmtime::{Engine, Result};
use wasmtime_wasi::clocks::WasiClocks;
use wasmtime_wasi::p2::bindings::{clocks, io, random};
use wasmtime_wasi_http::p2::bindings::http;
use wasmtime_wasi_http::{WasiHttp, WasiHttpView};

use super::bindings::wasi::keyvalue0_2_0_draft as keyvalue;
use super::bounded_io::BoundedIo;
use super::keyvalue::KeyValueCtxView;
use super::random::SystemRandom;
use super::state::State;
use super::wall_clock::WallClock;

/// Links the interfaces of the world `platform`.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<State>> {
    let l = &mut Linker::new(engine);
    let http_options = http::types::LinkOptions::default();

    io::error::add_to_linker::<_, BoundedIo<'static>>(l, State::bounded_io)?;
    io::poll::add_to_linker::<_, BoundedIo<'static>>(l, State::bounded_io)?;
    io::streams::add_to_linker::<_, BoundedIo<'static>>(l, State::bounded_io)?;
    clocks::wall_clock::add_to_linker::<_, WallClock>(l, |state| &state.wall_clock)?;
    clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(l, State::clocks)?;
    random::random::add_to_linker::<_, SystemRandom>(l, |_| SystemRandom)?;
    http::types::add_to_linker::<_, WasiHttp>(l, &http_options, State::http)?;
    http::outgoing_handler::add_to_linker::<_, WasiHttp>(l, State::http)?;
    keyvalue::store::add_to_linker::<_, KeyValueCtxView<'static>>(l, State::keyvalue)?;

    Ok(l.clone())
}
