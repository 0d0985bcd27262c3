//! A bound on the calls that run at a time. With the feature `pooling`, wasmtime keeps memory
//! and stacks ready for that many calls, so that a call maps and unmaps nothing.
//!
//! wasmtime empties each memory, table and stack when its call ends.

use std::num::NonZero;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::Config;

/// The place of one call, until it is dropped.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
}

/// The places of the calls that run at a time.
#[derive(Clone)]
pub(crate) struct Pool {
    places: u32,
    free: Arc<Semaphore>,
}

impl Pool {
    /// A pool for this many calls at a time.
    pub(crate) fn new(places: NonZero<u32>) -> Self {
        let count = usize::try_from(places.get()).unwrap_or(usize::MAX);
        Self {
            places: places.get(),
            free: Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// Waits for a place.
    pub(super) async fn place(&self) -> Option<Place> {
        // Fails only for a closed semaphore; this one is never closed.
        let permit = self.free.clone().acquire_owned().await.ok();
        permit.map(|permit| Place { _permit: permit })
    }

    /// Makes an engine keep memory and stacks ready, with the feature `pooling`.
    pub(super) fn apply(&self, config: &mut Config) {
        keep_ready(self.places, config);
    }
}

#[cfg(not(feature = "pooling"))]
fn keep_ready(_places: u32, _config: &mut Config) {}

#[cfg(feature = "pooling")]
fn keep_ready(places: u32, config: &mut Config) {
    use super::{engine_config, limits};

    /// What an idle memory keeps in RAM, in bytes.
    const RESIDENT_MEMORY: usize = 512 << 10;
    /// What an idle stack keeps in RAM, in bytes.
    const RESIDENT_STACK: usize = 32 << 10;
    /// What an idle table keeps in RAM, in bytes.
    const RESIDENT_TABLE: usize = 4 << 10;

    let of_all = |of_one: u32| of_one.saturating_mul(places);
    let mut pool = wasmtime::PoolingAllocationConfig::new();
    pool.total_component_instances(places);
    pool.total_core_instances(of_all(limits::INSTANCES));
    pool.total_memories(of_all(limits::MEMORIES));
    pool.total_tables(of_all(limits::TABLES));
    pool.total_stacks(places);
    pool.max_memories_per_module(limits::MEMORIES);
    pool.max_tables_per_module(limits::TABLES);
    pool.max_memory_size(engine_config::MEMORY);
    pool.table_elements(limits::TABLE_ELEMENTS);
    pool.linear_memory_keep_resident(RESIDENT_MEMORY);
    pool.async_stack_keep_resident(RESIDENT_STACK);
    pool.table_keep_resident(RESIDENT_TABLE);
    pool.pagemap_scan(wasmtime::Enabled::Auto);
    config.allocation_strategy(wasmtime::InstanceAllocationStrategy::Pooling(pool));
    // An idle stack would keep what the call has left on it.
    config.async_stack_zeroing(true);
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;
    use std::time::Duration;

    use super::Pool;

    #[tokio::test(start_paused = true)]
    async fn a_call_waits_until_another_one_has_ended() {
        let pool = Pool::new(NonZero::<u32>::MIN);
        let first = pool.place().await;
        let moment = Duration::from_millis(1);
        assert!(tokio::time::timeout(moment, pool.place()).await.is_err());
        drop(first);
        assert!(pool.place().await.is_some());
    }
}
