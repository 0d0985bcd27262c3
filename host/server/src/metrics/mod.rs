//! Counters and times for Prometheus. No label holds a profile, a key, a path or a model.

mod gateway;
mod host;
mod labels;
mod refreshes;
mod store;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use chatgpt_oauth::types::{LoginProgress, LoginStatus};
use chatgpt_oauth::{Error, Host};
use chatgpt_oauth_answers::ErrorCode;
use chatgpt_oauth_gateway::Gateway;
use http::header::{self, HeaderValue};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::answer::{Answer, Body};
use crate::app::App;
use crate::refused::Refused;

use gateway::GatewayCounts;
use host::HostTimes;
pub(crate) use labels::Labels;
use refreshes::Refreshes;
use store::StoreState;

/// The bounds of times, in seconds.
const SECONDS: [f64; 16] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 120.0, 300.0,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Name {
    name: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Code {
    code: &'static str,
}

type Times = Family<Route, Histogram, fn() -> Histogram>;

/// What is counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    duration: Times,
    first_event: Times,
    streams: Gauge,
    rejected_keys: Family<Reason, Counter>,
    ignored: Family<Name, Counter>,
    due: Gauge,
    logins: Family<Code, Counter>,
}

fn times() -> Times {
    Family::new_with_constructor(|| Histogram::new(SECONDS))
}

impl Metrics {
    pub(crate) fn new(gateway: Gateway, host: &Host) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("chatgpt_oauth"),
            requests: Family::default(),
            duration: times(),
            first_event: times(),
            streams: Gauge::default(),
            rejected_keys: Family::default(),
            ignored: Family::default(),
            due: Gauge::default(),
            logins: Family::default(),
        };
        metrics.register();
        metrics.collect(GatewayCounts(gateway));
        metrics.collect(Refreshes(host.clone()));
        metrics.collect(StoreState(host.clone()));
        HostTimes::register(&mut metrics.registry, host);
        metrics
    }

    /// Also shows what this collects.
    pub(crate) fn collect(&mut self, collector: impl Collector + 'static) {
        self.registry.register_collector(Box::new(collector));
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "requests",
            "Requests that have ended",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "duration",
            "Time from the head of a request to the end of its answer",
            Unit::Seconds,
            self.duration.clone(),
        );
        registry.register_with_unit(
            "time_to_first_event",
            "Time from the head of a request to the first event of its stream",
            Unit::Seconds,
            self.first_event.clone(),
        );
        registry.register(
            "streams_open",
            "Streams that are open",
            self.streams.clone(),
        );
        registry.register(
            "keys_rejected",
            "Requests without a valid key",
            self.rejected_keys.clone(),
        );
        registry.register(
            "ignored_parameters",
            "Parameters that the backend does not take, and that were left out",
            self.ignored.clone(),
        );
        registry.register(
            "refresh_due",
            "Logins that a refresh may be due for",
            self.due.clone(),
        );
        registry.register("login", "Logins that have ended", self.logins.clone());
    }

    /// A request has ended.
    pub(crate) fn answered(&self, labels: Labels, elapsed: Duration) {
        self.requests.get_or_create(&labels).inc();
        let route = Route {
            route: labels.route,
        };
        self.duration
            .get_or_create(&route)
            .observe(elapsed.as_secs_f64());
    }

    pub(crate) fn stream_begins(&self) {
        self.streams.inc();
    }

    pub(crate) fn stream_ends(&self) {
        self.streams.dec();
    }

    pub(crate) fn first_event(&self, route: &'static str, elapsed: Duration) {
        let route = Route { route };
        self.first_event
            .get_or_create(&route)
            .observe(elapsed.as_secs_f64());
    }

    pub(crate) fn rejected_key(&self, reason: &'static str) {
        self.rejected_keys.get_or_create(&Reason { reason }).inc();
    }

    /// How many logins a refresh may be due for.
    pub(crate) fn refresh_due(&self) -> Gauge {
        self.due.clone()
    }

    /// A login may have succeeded or failed.
    pub(crate) fn polled(&self, progress: &Result<LoginProgress, Error>) {
        let code = match progress {
            Ok(progress) if progress.status == LoginStatus::Pending => return,
            Ok(_) => "",
            Err(error) => ErrorCode::from(error.code).name(),
        };
        self.logins.get_or_create(&Code { code }).inc();
    }

    /// Counts the parameters that a header names.
    pub(crate) fn ignored(&self, names: &HeaderValue) {
        for name in names.to_str().unwrap_or_default().split(", ") {
            let name = labels::parameter(name);
            self.ignored.get_or_create(&Name { name }).inc();
        }
    }

    fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

const OPENMETRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// `GET /metrics`
pub(crate) async fn show(State(app): State<Arc<App>>) -> Result<Answer, Refused> {
    let text = app.metrics.encode().map_err(|_| Refused::internal())?;
    let mut answer = Answer::new(Body::from(text));
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, OPENMETRICS);
    Ok(answer)
}
