//! What the gateway counts, read when metrics are asked for.

use std::fmt;

use chatgpt_oauth_gateway::{Gateway, Statistics};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

/// The counts of a gateway.
#[derive(Debug)]
pub(super) struct GatewayCounts(pub(super) Gateway);

impl Collector for GatewayCounts {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let counted = self.0.statistics();
        let upstream = Labelled("outcome", upstream(&counted));
        let help = "Requests to the backend";
        let family =
            encoder.encode_descriptor("upstream_requests", help, None, MetricType::Counter)?;
        upstream.encode(family)?;
        let authorizations = Labelled("result", authorizations(&counted));
        let help = "Whether the authorization of a model call was kept";
        let family =
            encoder.encode_descriptor("authorization_cache", help, None, MetricType::Counter)?;
        authorizations.encode(family)?;
        let help = "Bytes of the bodies of requests that are held";
        let buffered =
            encoder.encode_descriptor("body_bytes_buffered", help, None, MetricType::Gauge)?;
        prometheus_client::metrics::gauge::ConstGauge::new(
            i64::try_from(counted.buffered_bytes).unwrap_or(i64::MAX),
        )
        .encode(buffered)
    }
}

const fn upstream(counted: &Statistics) -> [(&'static str, u64); 3] {
    [
        ("accepted", counted.upstream_accepted),
        ("refused", counted.upstream_refused),
        ("failed", counted.upstream_failed),
    ]
}

const fn authorizations(counted: &Statistics) -> [(&'static str, u64); 3] {
    [
        ("hit", counted.authorization_hits),
        ("miss", counted.authorization_misses),
        ("refused", counted.authorization_refused),
    ]
}

/// Counters that differ in one label.
pub(super) struct Labelled<const N: usize>(
    pub(super) &'static str,
    pub(super) [(&'static str, u64); N],
);

impl<const N: usize> Labelled<N> {
    pub(super) fn encode(&self, mut family: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let Self(label, values) = self;
        for (value, count) in values {
            let label = [(*label, *value)];
            let mut encoder = family.encode_family(&label)?;
            encoder.encode_counter::<NoLabelSet, _, u64>(count, None)?;
        }
        Ok(())
    }
}
