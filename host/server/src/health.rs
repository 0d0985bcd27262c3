//! `/healthz` and `/readyz`: the only routes that need no key.

use std::time::{Duration, Instant};

use chatgpt_oauth::Host;
use chatgpt_oauth::store::StoreError;
use http::header::{self, HeaderValue};
use http::{Method, StatusCode};

use crate::answer::{Answer, Body};
use crate::app::App;
use crate::drain::Phase;
use crate::outage::Outage;
use crate::refused::Refused;

/// For so long an answer of the store is repeated: anybody can ask.
const KEPT: Duration = Duration::from_secs(1);
/// How long the store may take.
const LONGEST: Duration = Duration::from_secs(5);

/// The answer, if the request is for one of the two routes.
pub(crate) async fn answer(
    app: &App,
    method: &Method,
    path: &str,
) -> Option<Result<Answer, Refused>> {
    let allowed = [Method::GET, Method::HEAD];
    match path {
        "/healthz" | "/readyz" if !allowed.contains(method) => {
            Some(Err(Refused::method_not_allowed().allow(&allowed)))
        }
        "/healthz" => Some(Ok(plain(StatusCode::OK, "ok"))),
        "/readyz" => Some(Ok(match why_not_ready(app).await {
            None => plain(StatusCode::OK, readiness(app)),
            Some(why) => plain(StatusCode::SERVICE_UNAVAILABLE, why),
        })),
        _ => None,
    }
}

async fn why_not_ready(app: &App) -> Option<&'static str> {
    if app.progress.phase() > Phase::Serving {
        return Some("draining");
    }
    let is_ready = app.readiness.of(&app.host).await;
    (!is_ready).then_some("the store cannot be read")
}

/// Live tokens are served also while no login is refreshed.
fn readiness(app: &App) -> &'static str {
    match app.host.store().history().is_suspected {
        true => {
            "ready; failover: no login is refreshed until `chatgpt-oauth store accept-failover`"
        }
        false => "ready",
    }
}

fn plain(status: StatusCode, text: &'static str) -> Answer {
    let mut answer = Answer::new(Body::from(text));
    *answer.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, plain);
    answer
}

/// Whether the store could be read a moment ago.
#[derive(Default)]
pub(crate) struct Readiness {
    asked: tokio::sync::Mutex<Option<(Instant, bool)>>,
    outage: Outage,
}

impl Readiness {
    /// Of many that ask at a time, one asks the store.
    async fn of(&self, host: &Host) -> bool {
        let mut asked = self.asked.lock().await;
        if let Some((asked, is_ready)) = *asked
            && asked.elapsed() < KEPT
        {
            return is_ready;
        }
        let is_ready = self.can_read(host).await;
        *asked = Some((Instant::now(), is_ready));
        is_ready
    }

    async fn can_read(&self, host: &Host) -> bool {
        let read = tokio::time::timeout(LONGEST, host.store().list(None, 1)).await;
        let read =
            read.unwrap_or_else(|_| Err(StoreError::unavailable("the store does not answer")));
        self.outage.note(read).is_ok()
    }
}
