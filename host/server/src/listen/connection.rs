//! Serves the connections of a listener until the server drains: HTTP/1.1 alone, neither
//! HTTP/2 by prior knowledge nor an upgrade to it.

use std::pin::pin;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::acceptor::{Acceptor, Stream};
use super::client::Peer;
use super::guarded::{Activity, Guarded};
use crate::drain::{Phase, Progress};
use crate::front::Front;
use crate::options::Times;

/// How long the head of a request may be, in bytes.
const HEAD: usize = 64 << 10;

/// The connections that are open.
#[derive(Clone)]
pub(crate) struct Connections {
    builder: Arc<http1::Builder>,
    tasks: TaskTracker,
    times: Times,
}

impl Connections {
    pub(crate) fn new(times: Times) -> Self {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            // `Guarded` knows a slow head from a connection between requests.
            .header_read_timeout(None)
            .max_header_size(HEAD);
        Self {
            builder: Arc::new(builder),
            tasks: TaskTracker::new(),
            times,
        }
    }

    /// Waits until every connection has ended.
    pub(crate) async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Lets the end wait for a listener, which may begin one more connection.
    pub(crate) fn track(&self, listener: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(listener);
    }

    fn begin(&self, stream: Stream, peer: Peer, front: Front, progress: Progress) {
        let this = self.clone();
        self.tasks.spawn(async move {
            match stream {
                Stream::Tcp(stream) => this.serve(stream, peer, front, progress).await,
                Stream::Unix(stream) => this.serve(stream, peer, front, progress).await,
                Stream::Tls(stream, certificate) => {
                    let handshake = certificate.acceptor().accept(stream);
                    match timeout(this.times.head, handshake).await {
                        Ok(Ok(stream)) => this.serve(stream, peer, front, progress).await,
                        Ok(Err(error)) => tracing::info!(%error, "the handshake of TLS failed"),
                        Err(_) => tracing::info!("the handshake of TLS took too long"),
                    }
                }
            }
        });
    }

    async fn serve<IO>(&self, io: IO, peer: Peer, front: Front, mut progress: Progress)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Activity::default();
        let io = TokioIo::new(Guarded::new(io, activity.clone(), self.times));
        let service = hyper::service::service_fn(|request| {
            let active = activity.begin();
            let front = front.clone();
            async move { Ok::<_, std::convert::Infallible>(front.answer(peer, active, request).await) }
        });
        let mut connection = pin!(self.builder.serve_connection(io, service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = progress.reached(Phase::Closing) => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection => ended,
                    () = progress.reached(Phase::Over) => Ok(()),
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

/// Accepts connections until the server drains.
pub(crate) async fn serve(
    acceptor: Acceptor,
    front: Front,
    connections: Connections,
    mut progress: Progress,
) {
    loop {
        tokio::select! {
            (stream, peer) = acceptor.accept() => {
                connections.begin(stream, peer, front.clone(), progress.clone());
            }
            () = progress.reached(Phase::Closing) => return,
        }
    }
}
