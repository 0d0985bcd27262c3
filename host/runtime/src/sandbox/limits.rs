//! How large and how long a call may be.
//!
//! A guest's own work is bounded by the [ticker](super::ticker), its waiting by a
//! [`Bound`]: everything in which a guest can wait ends with it. So a call ends
//! without anybody dropping it half-way, which would abort its HTTP request and
//! lose the answer.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, Store, StoreLimits, StoreLimitsBuilder, Trap};

use super::engine_config::MEMORY;
use crate::shortage;

/// Bytes that one host call may copy out of the guest. The largest honest ones
/// are a cached value (256 KiB) and a list of models on its way out.
const HOSTCALL_BYTES: usize = 16 << 20;
/// Resources that one call may hold at a time: requests, streams, pollables.
const HANDLES: usize = 256;
/// Size of a set of HTTP headers, in bytes.
pub(crate) const HTTP_FIELDS: usize = 16 << 10;
/// Random bytes that one host call gives out.
pub(crate) const RANDOM_BYTES: u64 = 4096;

/// How long a call may take as a whole. It covers the longest chain of requests
/// that the component makes, with room to store what came of it.
const CALL: Duration = Duration::from_secs(100);
/// How long a guest may compute.
pub(crate) const GUEST_CPU: Duration = Duration::from_secs(2);
/// How long one HTTP request may take, from the call to the last byte of the answer.
pub(crate) const HTTP: Duration = Duration::from_secs(30);
/// How long one operation of the store may take.
pub(crate) const STORE: Duration = Duration::from_secs(15);

/// How large and how long one call of a component may be.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Linear memory, in bytes.
    pub memory: usize,
    /// Resources that it may hold at a time.
    pub handles: usize,
    /// What one host call may copy out of it, in bytes.
    pub host_call: usize,
    /// How long it may compute.
    pub computing: Duration,
    /// How long one HTTP request may take, to the last byte of the answer.
    pub request: Duration,
    /// How long one operation of the store may take.
    pub store: Duration,
    /// How long it may take as a whole.
    pub call: Duration,
}

/// The limits of every call.
pub const LIMITS: Limits = Limits {
    memory: MEMORY,
    handles: HANDLES,
    host_call: HOSTCALL_BYTES,
    computing: GUEST_CPU,
    request: HTTP,
    store: STORE,
    call: CALL,
};

/// What a guest may grow. wasmtime's own limits count each memory for itself; here
/// all of them together have [`MEMORY`].
pub(crate) struct Growth {
    limits: StoreLimits,
    /// What all memories have, in bytes.
    memory: usize,
}

impl Growth {
    pub(crate) fn new() -> Self {
        let limits = StoreLimitsBuilder::new()
            .memories(2)
            .tables(8)
            .table_elements(10_000)
            .instances(16)
            .build();
        Self { limits, memory: 0 }
    }
}

impl ResourceLimiter for Growth {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let memory = self.memory.saturating_add(desired.saturating_sub(current));
        if memory > MEMORY {
            return Ok(false);
        }
        // Growth that fails after all stays counted: that is on the safe side.
        self.memory = memory;
        Ok(true)
    }

    /// What the machine refuses ends the call with its reason; a guest that has
    /// reached its own limit goes on as it can.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        match shortage::of_sandbox(&error) {
            Some(_) => Err(error),
            None => Ok(()),
        }
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.limits.table_growing(current, desired, maximum)
    }

    fn instances(&self) -> usize {
        self.limits.instances()
    }

    fn tables(&self) -> usize {
        self.limits.tables()
    }

    fn memories(&self) -> usize {
        self.limits.memories()
    }
}

/// What a guest may make the host hold.
pub(crate) fn resource_table() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(HANDLES);
    table
}

/// Applies what a store itself limits.
pub(crate) fn apply<T>(store: &mut Store<T>, growth: fn(&mut T) -> &mut Growth)
where
    T: Send + 'static,
{
    store.limiter(move |state| growth(state));
    store.set_hostcall_fuel(HOSTCALL_BYTES);
    store.set_max_component_handles(HANDLES);
}

/// The moment at which a call is over, whatever it is doing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    ends: Instant,
}

impl Bound {
    /// The bound of a call that begins now.
    pub(crate) fn of_a_call() -> Self {
        Self {
            ends: Instant::now() + CALL,
        }
    }

    /// When something that begins now and may take this long must end.
    pub(crate) fn deadline(self, longest: Duration) -> Instant {
        self.ends.min(Instant::now() + longest)
    }

    /// Whether the call is over.
    pub(crate) fn is_spent(self) -> bool {
        Instant::now() >= self.ends
    }

    /// Lets a guest wait, until the call is over at the latest; then it traps.
    pub(crate) async fn wait<T>(self, waiting: impl Future<Output = T>) -> wasmtime::Result<T> {
        let waited = timeout_at(self.ends, waiting).await;
        waited.map_err(|_| Trap::Interrupt.into())
    }
}

#[cfg(test)]
impl Bound {
    /// A call that has this long left.
    pub(crate) fn with_left(left: Duration) -> Self {
        Self {
            ends: Instant::now() + left,
        }
    }
}
