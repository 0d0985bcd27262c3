//! Accepts connections and answers their requests.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::endpoint::Endpoint;
use crate::http::{self, Delivery, Request, Sent, Transport};
use crate::issuer::Arrival;
use crate::request_log::Answered;
use crate::shared::{ConnectionFault, Shared};
use crate::{control, endpoints};

/// How long a hanging connection is kept, at most.
const HANG: Duration = Duration::from_secs(24 * 3600);

/// Serves a listener until the runtime ends. With `tls`, as HTTPS.
pub(crate) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    loop {
        // Accepting fails if the client has disconnected, or if the process has no more files.
        let Ok((tcp, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        tokio::spawn(connection(tcp, tls.clone(), Arc::clone(&shared)));
    }
}

async fn connection(tcp: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // The head of an answer is written first, and the pieces of a slow body must be sent as they are.
    let _ = tcp.set_nodelay(true);
    let Some(acceptor) = tls else {
        return requests(tcp, "http", &shared).await;
    };
    match shared.next_connection_fault() {
        Some(ConnectionFault::Reset) => return reset(&tcp),
        Some(ConnectionFault::Stall) => return tokio::time::sleep(HANG).await,
        None => {}
    }
    // A client that does not trust the certificate ends the handshake.
    if let Ok(stream) = acceptor.accept(tcp).await {
        requests(stream, "https", &shared).await;
    }
}

async fn requests<S>(mut stream: S, scheme: &'static str, shared: &Shared)
where
    S: AsyncRead + AsyncWrite + Transport + Unpin,
{
    let mut buffer = Vec::new();
    while let Ok(Some(request)) = http::read(&mut stream, &mut buffer, scheme).await {
        let delivery = deliver(&request, shared).await;
        match delivery
            .send(&mut stream, &shared.clock.date_header())
            .await
        {
            Ok(Sent::Whole) if !request.wants_close() => {}
            Ok(Sent::Whole) => break,
            // Without a TLS close: the client must notice that the answer is not whole.
            Ok(Sent::End) | Err(_) => return,
            Ok(Sent::Reset) => return reset(stream.tcp()),
            Ok(Sent::Hang) => return tokio::time::sleep(HANG).await,
        }
    }
    let _ = stream.shutdown().await;
}

/// Dropping the socket afterwards sends RST instead of FIN.
fn reset(tcp: &TcpStream) {
    let _ = tcp.set_zero_linger();
}

async fn deliver(request: &Request, shared: &Shared) -> Delivery {
    if let Some(command) = request.path().strip_prefix(control::PREFIX) {
        return Delivery::whole(control::answer(command, request, shared));
    }
    let endpoint = Endpoint::of(request.path());
    let sequence = shared.record(request);
    let Some(fault) = shared.faults().next(endpoint) else {
        let answer = process(endpoint, request, sequence, shared);
        let answered = Answered::Normally {
            status: answer.status,
        };
        shared.log().answered(sequence, answered);
        return Delivery::whole(answer);
    };
    tokio::time::sleep(fault.delay_before_processing()).await;
    let normal = if fault.processes() {
        Some(process(endpoint, request, sequence, shared))
    } else {
        note_unprocessed(endpoint, request, sequence, shared);
        None
    };
    tokio::time::sleep(fault.delay_after_processing()).await;
    let delivery = fault.deliver(normal);
    let answered = Answered::ByFault {
        status: delivery.status(),
        processed: fault.processes(),
    };
    shared.log().answered(sequence, answered);
    delivery
}

fn process(endpoint: Endpoint, request: &Request, sequence: u64, shared: &Shared) -> http::Answer {
    let arrival = Arrival {
        sequence,
        now: shared.clock.now(),
    };
    endpoints::answer(endpoint, &mut shared.issuer(), request, arrival)
}

fn note_unprocessed(endpoint: Endpoint, request: &Request, sequence: u64, shared: &Shared) {
    if endpoint == Endpoint::Token
        && let Some(token) = endpoints::presented_refresh_token(request)
    {
        let arrival = Arrival {
            sequence,
            now: shared.clock.now(),
        };
        shared
            .issuer()
            .tokens
            .presented_unprocessed(&token, arrival);
    }
}
