//! What a sandbox holds beside the guest's own memory.

use std::sync::Arc;

use chatgpt_oauth_storage::sealed_store::SealedProfile;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::clocks::{WasiClocksCtx, WasiClocksCtxView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::activity::Activity;
use super::bounded_io::BoundedIo;
use super::given_answers::GivenAnswers;
use super::keyvalue::{KeyValueCtx, KeyValueCtxView};
use super::limits::{self, Deadline, MemoryLimiter};
use super::wall_clock::WallClock;
use super::wasi_http::HttpHooks;
use crate::egress::transport::Transport;

/// The host's side of one call.
pub(crate) struct State {
    pub(super) deadline: Deadline,
    pub(super) limiter: MemoryLimiter,
    pub(super) wall_clock: WallClock,
    table: ResourceTable,
    clocks: WasiClocksCtx,
    http: WasiHttpCtx,
    http_hooks: HttpHooks,
    keyvalue: KeyValueCtx,
}

impl State {
    /// The state of a call that begins now.
    pub(crate) fn new(
        records: SealedProfile,
        transport: Arc<Transport>,
        given: Option<Arc<GivenAnswers>>,
        wall_clock: WallClock,
        activity: Arc<Activity>,
    ) -> Self {
        let deadline = Deadline::of_a_call();
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(limits::HTTP_FIELDS);
        let keyvalue = KeyValueCtx::new(records, deadline, activity.clone(), wall_clock.clone());
        Self {
            deadline,
            limiter: MemoryLimiter::new(),
            wall_clock,
            table: limits::resource_table(),
            clocks: WasiClocksCtx::default(),
            http,
            http_hooks: HttpHooks::new(transport, given, deadline, activity),
            keyvalue,
        }
    }

    pub(super) fn bounded_io(&mut self) -> BoundedIo<'_> {
        BoundedIo {
            table: &mut self.table,
            deadline: self.deadline,
        }
    }

    pub(super) fn clocks(&mut self) -> WasiClocksCtxView<'_> {
        WasiClocksCtxView {
            ctx: &mut self.clocks,
            table: &mut self.table,
        }
    }

    pub(super) fn keyvalue(&mut self) -> KeyValueCtxView<'_> {
        KeyValueCtxView {
            ctx: &self.keyvalue,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.http_hooks,
        }
    }
}
