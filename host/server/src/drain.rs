//! The end of a server, in an order that loses no answer.
//!
//! | phase | what is new |
//! |---|---|
//! | [`Serving`](Phase::Serving) | |
//! | [`Unready`](Phase::Unready) | `/readyz` says 503, so that load balancers send no more |
//! | [`Closing`](Phase::Closing) | no connection is accepted, and each ends after its answer |
//! | [`Ending`](Phase::Ending) | streams end with `response.failed`, `server_shutting_down` |
//! | [`Over`](Phase::Over) | connections that are still open are cut; calls that refresh a token end, and then the store |

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::app::App;
use crate::listen::Connections;
use crate::options::Times;

/// How long the last event of a stream may take to reach its caller.
const LAST_EVENT: Duration = Duration::from_secs(5);

/// How far the end of the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Serving,
    Unready,
    Closing,
    Ending,
    Over,
}

/// Lets everything else follow the end of the server.
#[derive(Clone)]
pub(crate) struct Progress(watch::Receiver<Phase>);

impl Progress {
    pub(crate) fn phase(&self) -> Phase {
        *self.0.borrow()
    }

    /// Waits until the server is this far.
    pub(crate) async fn reached(&mut self, phase: Phase) {
        // The sender lives as long as the server.
        if self.0.wait_for(|now| *now >= phase).await.is_err() {
            std::future::pending().await
        }
    }
}

/// What an operator orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Orders {
    reloads: u32,
    drains: u32,
}

/// Gives orders to a server that runs. Cheap to clone.
#[derive(Clone)]
pub struct Handle(Arc<watch::Sender<Orders>>);

impl Handle {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::default()))
    }

    /// Ends the server: answers that run have their time. A second order ends streams at
    /// once.
    pub fn drain(&self) {
        self.0.send_modify(|orders| orders.drains += 1);
    }

    /// Reads the files of the certificate again.
    pub fn reload(&self) {
        self.0.send_modify(|orders| orders.reloads += 1);
    }

    pub(crate) fn orders(&self) -> OrderedBy {
        OrderedBy {
            orders: self.0.subscribe(),
            reloads: 0,
        }
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handle")
    }
}

/// Waits for orders.
pub(crate) struct OrderedBy {
    orders: watch::Receiver<Orders>,
    reloads: u32,
}

impl OrderedBy {
    /// The next order to reload.
    pub(crate) async fn reload(&mut self) {
        let done = self.reloads;
        let ordered = self.orders.wait_for(|orders| orders.reloads > done).await;
        match ordered.map(|orders| orders.reloads) {
            Ok(reloads) => self.reloads = reloads,
            Err(_) => std::future::pending().await,
        }
    }

    /// The first order to drain.
    pub(crate) async fn drain(&mut self) {
        self.drains(1).await;
    }

    async fn drains(&mut self, count: u32) {
        if self
            .orders
            .wait_for(|orders| orders.drains >= count)
            .await
            .is_err()
        {
            std::future::pending().await
        }
    }
}

/// Ends a server, after the order to do so.
pub(crate) struct Drain {
    phase: watch::Sender<Phase>,
}

impl Drain {
    pub(crate) fn new() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Serving),
        }
    }

    pub(crate) fn progress(&self) -> Progress {
        Progress(self.phase.subscribe())
    }

    /// Ends everything. A second order shortens the two waits.
    pub(crate) async fn run(
        self,
        app: &App,
        connections: &Connections,
        times: &Times,
        orders: &mut OrderedBy,
    ) {
        self.enter(Phase::Unready);
        tokio::select! {
            () = tokio::time::sleep(times.unready) => {}
            () = orders.drains(2) => {}
        }
        self.enter(Phase::Closing);
        tokio::select! {
            ended = timeout(times.answers, connections.ended()) => {
                if ended.is_err() {
                    tracing::warn!("answers are not complete in time, and are ended");
                }
            }
            () = orders.drains(2) => tracing::info!("streams end at once, by a second order"),
        }
        self.enter(Phase::Ending);
        app.calls.end_all();
        let ended = timeout(LAST_EVENT, connections.ended()).await;
        self.enter(Phase::Over);
        if ended.is_err() {
            tracing::warn!("connections are cut");
            connections.ended().await;
        }
        // A call that refreshes a token always ends, so that no answer is lost.
        app.host.drain().await;
        tracing::info!("drained");
    }

    fn enter(&self, phase: Phase) {
        tracing::info!(?phase, "draining");
        self.phase.send_replace(phase);
    }
}
