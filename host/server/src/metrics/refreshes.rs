//! How the token endpoint has answered, read when metrics are asked for.

use std::fmt;

use chatgpt_oauth::Host;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;

use super::gateway::Labelled;

/// The refreshes of a host.
#[derive(Debug)]
pub(super) struct Refreshes(pub(super) Host);

impl Collector for Refreshes {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let counted = self.0.refresh_counts();
        let verdicts = [
            ("granted", counted.granted),
            ("refused", counted.refused),
            ("pushed_back", counted.pushed_back),
            ("failed", counted.failed),
        ];
        let help = "Answers of the token endpoint to refreshes";
        let family = encoder.encode_descriptor("token_refresh", help, None, MetricType::Counter)?;
        Labelled("verdict", verdicts).encode(family)
    }
}
