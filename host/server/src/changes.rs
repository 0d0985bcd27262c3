//! What other servers on the same store change: copies are dropped as soon as it is heard.

use std::fmt;
use std::sync::Arc;

use chatgpt_oauth::store::{Change, Changes};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use tokio::sync::watch;

use crate::app::App;

/// Drops what is remembered of logins and keys that have changed.
pub(crate) async fn follow(app: Arc<App>, mut changes: Changes) {
    while let Some(change) = changes.next().await {
        app.host.note_change(&change);
        let keys = &app.authentication;
        match &change {
            Change::Profile(profile) => keys.profile_has_changed(profile, &app.calls).await,
            Change::AdminKey | Change::All => keys.keys_have_changed(&app.calls).await,
        }
    }
}

/// Whether changes are heard, read when metrics are asked for.
#[derive(Debug)]
pub(crate) struct Connected(pub(crate) watch::Receiver<bool>);

impl Collector for Connected {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let help = "Whether changes by other servers are heard";
        let gauge =
            encoder.encode_descriptor("store_changes_connected", help, None, MetricType::Gauge)?;
        ConstGauge::new(i64::from(*self.0.borrow())).encode(gauge)
    }
}
