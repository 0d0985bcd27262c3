//! What a sandbox holds beside the guest's own memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::clocks::{WasiClocksCtx, WasiClocksCtxView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::bounded_io::Waiting;
use super::keyvalue::{BucketView, Opener};
use super::limits::{self, Bound, Growth};
use super::wall_clock::WallClock;
use super::wasi_http::Outgoing;
use crate::egress::transport::Transport;
use chatgpt_oauth_storage::StoreError;
use chatgpt_oauth_storage::sealed_store::SealedProfile;

/// The host's side of one call.
pub(crate) struct State {
    pub(super) bound: Bound,
    pub(super) growth: Growth,
    pub(super) wall_clock: WallClock,
    table: ResourceTable,
    clocks: WasiClocksCtx,
    http: WasiHttpCtx,
    outgoing: Outgoing,
    bucket: Opener,
}

impl State {
    /// The state of a call that begins now.
    pub(crate) fn new(
        records: SealedProfile,
        transport: Arc<Transport>,
        wall_clock: WallClock,
        traffic: Arc<Traffic>,
    ) -> Self {
        let bound = Bound::of_a_call();
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(limits::HTTP_FIELDS);
        let bucket = Opener::new(records, bound, traffic.clone(), wall_clock.clone());
        Self {
            bound,
            growth: Growth::new(),
            wall_clock,
            table: limits::resource_table(),
            clocks: WasiClocksCtx::default(),
            http,
            outgoing: Outgoing::new(transport, bound, traffic),
            bucket,
        }
    }

    pub(super) fn waiting(&mut self) -> Waiting<'_> {
        Waiting {
            table: &mut self.table,
            bound: self.bound,
        }
    }

    pub(super) fn clocks(&mut self) -> WasiClocksCtxView<'_> {
        WasiClocksCtxView {
            ctx: &mut self.clocks,
            table: &mut self.table,
        }
    }

    pub(super) fn bucket(&mut self) -> BucketView<'_> {
        BucketView {
            opener: &self.bucket,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.outgoing,
        }
    }
}

/// What a call has sent and received so far.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    sent: AtomicBool,
    answered: Mutex<Option<Instant>>,
    fault: Mutex<Option<StoreError>>,
}

impl Traffic {
    /// Notes that a request is about to leave.
    pub(crate) fn note_sent(&self) {
        self.sent.store(true, Ordering::Relaxed);
    }

    /// Notes that an answer has come.
    pub(crate) fn note_answered(&self) {
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Notes why the store failed: the guest hears one word of it.
    pub(crate) fn note_fault(&self, fault: StoreError) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
    }

    /// Why the store failed last.
    pub(crate) fn fault(&self) -> Option<StoreError> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.clone()
    }

    /// Whether a request has left, or was about to.
    pub(crate) fn has_sent(&self) -> bool {
        self.sent.load(Ordering::Relaxed)
    }

    /// When the last answer came: what is stored now may exist nowhere else.
    pub(crate) fn answered_at(&self) -> Option<Instant> {
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
