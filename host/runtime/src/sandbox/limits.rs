//! The limits of a call: memory, handles, bytes and time.
//!
//! The [ticker](super::ticker) bounds the guest's computing, a [`Deadline`] its waiting:
//! every host call that waits ends at the deadline. So a call ends without being dropped,
//! which would abort its HTTP request and lose the answer.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, Store, StoreLimits, StoreLimitsBuilder, Trap};

use super::engine_config::MEMORY;
use crate::shortage;

/// Bytes that one host call may copy out of the guest. The largest that the component
/// needs are a cached value (256 KiB) and a returned list of models.
const HOSTCALL_BYTES: usize = 16 << 20;
/// Memories, tables and core instances of one call.
pub(super) const MEMORIES: u32 = 2;
pub(super) const TABLES: u32 = 8;
pub(super) const INSTANCES: u32 = 16;
/// Elements that one table may have.
pub(super) const TABLE_ELEMENTS: usize = 10_000;
/// Resources that one call may hold at a time: requests, streams, pollables.
const HANDLES: usize = 256;
/// Size of a set of HTTP headers, in bytes.
pub(crate) const HTTP_FIELDS: usize = 16 << 10;
/// Random bytes that one host call gives out.
pub(crate) const RANDOM_BYTES: u64 = 4096;

/// How long a call may take as a whole. It covers the longest chain of requests
/// that the component makes, with time to store the outcome.
const CALL: Duration = Duration::from_secs(100);
/// How long a guest may compute.
pub(crate) const GUEST_CPU: Duration = Duration::from_secs(2);
/// How long one HTTP request may take, from the call to the last byte of the answer.
pub(crate) const HTTP: Duration = Duration::from_secs(30);
/// How long one operation of the store may take.
pub(crate) const STORE: Duration = Duration::from_secs(15);

/// The limits of one call of a component.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Linear memory, in bytes.
    pub memory: usize,
    /// Resources that a call may hold at a time.
    pub handles: usize,
    /// Bytes that one host call may copy out of the guest.
    pub host_call: usize,
    /// How long the guest may compute.
    pub computing: Duration,
    /// How long one HTTP request may take, to the last byte of the answer.
    pub request: Duration,
    /// How long one operation of the store may take.
    pub store: Duration,
    /// How long the call may take as a whole.
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

/// Limits what a guest grows. wasmtime's own limiter counts each memory by itself; this
/// one gives all memories together [`MEMORY`].
pub(crate) struct MemoryLimiter {
    limits: StoreLimits,
    /// The size of all memories together, in bytes.
    memory: usize,
}

impl MemoryLimiter {
    pub(crate) fn new() -> Self {
        let limits = StoreLimitsBuilder::new()
            .memories(MEMORIES as usize)
            .tables(TABLES as usize)
            .table_elements(TABLE_ELEMENTS)
            .instances(INSTANCES as usize)
            .build();
        Self { limits, memory: 0 }
    }
}

impl ResourceLimiter for MemoryLimiter {
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
        // Growth that fails later stays counted, which errs on the safe side.
        self.memory = memory;
        Ok(true)
    }

    /// A refusal of the machine ends the call with its reason; a guest that has reached
    /// its own limit continues.
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

/// The table of the host's resources, at most [`HANDLES`].
pub(crate) fn resource_table() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(HANDLES);
    table
}

/// Sets the limits that a store itself enforces.
pub(crate) fn apply<T>(store: &mut Store<T>, limiter: fn(&mut T) -> &mut MemoryLimiter)
where
    T: Send + 'static,
{
    store.limiter(move |state| limiter(state));
    store.set_hostcall_fuel(HOSTCALL_BYTES);
    store.set_max_component_handles(HANDLES);
}

/// The time at which a call ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    ends: Instant,
}

impl Deadline {
    /// The deadline of a call that begins now.
    pub(crate) fn of_a_call() -> Self {
        Self {
            ends: Instant::now() + CALL,
        }
    }

    /// The deadline of a step that begins now and takes at most `longest`.
    pub(crate) fn at_most(self, longest: Duration) -> Instant {
        self.ends.min(Instant::now() + longest)
    }

    /// Whether the deadline has passed.
    pub(crate) fn has_passed(self) -> bool {
        Instant::now() >= self.ends
    }

    /// Lets a guest wait; at the deadline the guest traps.
    pub(crate) async fn wait<T>(self, waiting: impl Future<Output = T>) -> wasmtime::Result<T> {
        let waited = timeout_at(self.ends, waiting).await;
        waited.map_err(|_| Trap::Interrupt.into())
    }
}

#[cfg(test)]
impl Deadline {
    /// The deadline of a call with this much time left.
    pub(crate) fn after(left: Duration) -> Self {
        Self {
            ends: Instant::now() + left,
        }
    }
}
