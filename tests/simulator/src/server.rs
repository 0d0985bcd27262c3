//! Accepts connections and answers their requests.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::endpoint::Endpoint;
use crate::fault::Fault;
use crate::http::{self, Connection, Delivery, Request, Sent, Transport};
use crate::issuer::Arrival;
use crate::request_log::Answered;
use crate::script::Script;
use crate::shared::{ConnectionFault, Shared};
use crate::{control, endpoints};

/// How long a connection that stalls before TLS is kept, at most.
const STALL: Duration = Duration::from_secs(24 * 3600);

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
        Some(ConnectionFault::Reset) => return http::reset(&tcp),
        Some(ConnectionFault::Stall) => return tokio::time::sleep(STALL).await,
        None => {}
    }
    // A client that does not trust the certificate ends the handshake.
    if let Ok(stream) = acceptor.accept(tcp).await {
        requests(stream, "https", &shared).await;
    }
}

async fn requests(stream: impl Transport, scheme: &'static str, shared: &Shared) {
    let mut connection = Connection::new(stream, scheme);
    while let Ok(Some(request)) = next(&mut connection, shared).await {
        match answer(&mut connection, &request, shared).await {
            Ok(Sent::Whole) if !request.wants_close() => {}
            Ok(Sent::Whole) => break,
            // Without a TLS close: the client must notice that the answer is not whole.
            Ok(Sent::End) | Err(_) => return,
            Ok(Sent::Reset) => return connection.reset(),
        }
    }
    connection.close().await;
}

/// The next request that is no usual call of a measurement; none at the end of the connection.
async fn next(
    connection: &mut Connection<impl Transport>,
    shared: &Shared,
) -> io::Result<Option<Request>> {
    if let Some(memory) = &shared.from_memory {
        connection.answer_from(memory).await?;
    }
    connection.request().await
}

async fn answer(
    connection: &mut Connection<impl Transport>,
    request: &Request,
    shared: &Shared,
) -> io::Result<Sent> {
    if let Some(command) = request.path().strip_prefix(control::PREFIX) {
        let delivery = Delivery::whole(control::answer(command, request, shared));
        return delivery.send(connection, &shared.clock.date_header()).await;
    }
    if let Some(bytes) = shared
        .from_memory
        .as_ref()
        .and_then(|memory| memory.answer(request))
    {
        return connection.write(bytes).await.map(|()| Sent::Whole);
    }
    let sequence = shared.record(request);
    let delivery = deliver(connection, request, sequence, shared).await;
    let sent = delivery.send(connection, &shared.clock.date_header()).await;
    if sent.is_err() {
        shared.disconnected(sequence);
    }
    sent
}

async fn deliver(
    connection: &mut Connection<impl Transport>,
    request: &Request,
    sequence: u64,
    shared: &Shared,
) -> Delivery {
    let endpoint = Endpoint::of(request.path());
    let Some(fault) = shared.faults().next(endpoint) else {
        let answer = process(endpoint, request, sequence, shared, None);
        let answered = Answered::Normally {
            status: answer.status,
        };
        shared.log().answered(sequence, answered);
        return Delivery::whole(answer);
    };
    if !fault.waits_after_processing() {
        wait(connection, &fault, sequence, shared).await;
    }
    let normal = if fault.processes() {
        Some(process(endpoint, request, sequence, shared, fault.script()))
    } else {
        note_unprocessed(endpoint, request, sequence, shared);
        None
    };
    if fault.waits_after_processing() {
        wait(connection, &fault, sequence, shared).await;
    }
    let delivery = fault.deliver(normal);
    let answered = Answered::ByFault {
        status: delivery.status(),
        processed: fault.processes(),
    };
    shared.log().answered(sequence, answered);
    delivery
}

/// Waits as the fault says even if the client disconnects: the service does not notice that before it answers.
async fn wait(
    connection: &mut Connection<impl Transport>,
    fault: &Fault,
    sequence: u64,
    shared: &Shared,
) {
    if !fault.waits() {
        return;
    }
    let mut waited = pin!(fault.waited());
    if connection.wait(&mut waited).await.is_err() {
        shared.disconnected(sequence);
        waited.await;
    }
}

fn process(
    endpoint: Endpoint,
    request: &Request,
    sequence: u64,
    shared: &Shared,
    script: Option<&Arc<Script>>,
) -> http::Answer {
    let arrival = Arrival {
        sequence,
        now: shared.clock.now(),
    };
    endpoints::answer(endpoint, &mut shared.issuer(), request, arrival, script)
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
