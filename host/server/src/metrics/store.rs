//! What is known of the store and its connections, read when metrics are asked for.

use std::fmt;

use chatgpt_oauth::Host;
use chatgpt_oauth::store::StoreConnections;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// The store of a host.
#[derive(Debug)]
pub(super) struct StoreState(pub(super) Host);

impl Collector for StoreState {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let store = self.0.store();
        let help = "Whether the store may lack writes, so that no login is refreshed";
        let suspected =
            encoder.encode_descriptor("failover_suspected", help, None, MetricType::Gauge)?;
        ConstGauge::new(i64::from(store.history().is_suspected)).encode(suspected)?;
        if let Some(offset) = store.clock_offset() {
            let help = "How far the clock of the store is ahead of this machine's";
            let unit = Some(&Unit::Seconds);
            let seconds =
                encoder.encode_descriptor("clock_offset", help, unit, MetricType::Gauge)?;
            ConstGauge::new(offset.seconds()).encode(seconds)?;
        }
        if let Some(connections) = store.connections() {
            encode_connections(connections, &mut encoder)?;
        }
        Ok(())
    }
}

fn encode_connections(
    connections: StoreConnections,
    encoder: &mut DescriptorEncoder<'_>,
) -> Result<(), fmt::Error> {
    let help = "Connections to the server of the store";
    let mut family = encoder.encode_descriptor("store_pool", help, None, MetricType::Gauge)?;
    for (state, count) in [("used", connections.used), ("idle", connections.idle)] {
        let label = [("state", state)];
        ConstGauge::new(i64::from(count)).encode(family.encode_family(&label)?)?;
    }
    Ok(())
}
