//! The times of the host's work.

use std::time::Duration;

use chatgpt_oauth::{Host, Observer};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    op: &'static str,
}

/// The bounds of times, in seconds.
const SECONDS: [f64; 12] = [
    0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 3.0, 5.0, 15.0,
];

fn times() -> Histogram {
    Histogram::new(SECONDS)
}

/// How long operations of the store and connections to the backend take.
#[derive(Clone)]
pub(super) struct HostTimes {
    store: Family<Operation, Histogram, fn() -> Histogram>,
    connect: Histogram,
}

impl HostTimes {
    /// Registers the times of a host.
    pub(super) fn register(registry: &mut Registry, host: &Host) {
        let times = Self {
            store: Family::new_with_constructor(times),
            connect: times(),
        };
        registry.register_with_unit(
            "store",
            "Time of an operation of the store",
            Unit::Seconds,
            times.store.clone(),
        );
        registry.register_with_unit(
            "upstream_connect",
            "Time to connect to the backend, with TLS",
            Unit::Seconds,
            times.connect.clone(),
        );
        if !host.observe(times) {
            tracing::warn!("another server of this process has the times of the store");
        }
    }
}

impl Observer for HostTimes {
    fn store_operation(&self, operation: &'static str, elapsed: Duration) {
        let operation = Operation { op: operation };
        let times = self.store.get_or_create(&operation);
        times.observe(elapsed.as_secs_f64());
    }

    fn model_connection(&self, elapsed: Duration) {
        self.connect.observe(elapsed.as_secs_f64());
    }
}
