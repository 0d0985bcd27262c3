//! One client over two streams, such as standard input and output.

use std::time::Duration;

use chatgpt_oauth::{Error, ErrorCode};
use rmcp::RoleServer;
use rmcp::service::{
    RxJsonRpcMessage, ServerInitializeError, TxJsonRpcMessage, serve_server_with_ct,
};
use rmcp::transport::Transport;
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::pin;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::LARGEST;
use crate::tools::Tools;

/// How long the end waits for a client that does not read its answers, in addition to the at
/// most five seconds of the protocol's library.
const UNREAD: Duration = Duration::from_secs(1);

impl Tools {
    /// Serves one client: a message a line, until the input ends or `stop` completes. Calls
    /// that run then end first, and store what they got: within 100 seconds. A client that
    /// does not read delays the end by a few seconds. A line of more than 64 KiB is dropped,
    /// and gets no reply.
    ///
    /// # Errors
    ///
    /// `invalid-argument` if what is at the other end does not speak the protocol, and
    /// `internal` if its stream fails.
    pub async fn serve(
        self,
        input: impl AsyncRead + Send + Unpin + 'static,
        output: impl AsyncWrite + Send + Unpin + 'static,
        stop: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        let host = self.profile.host().clone();
        let end = CancellationToken::new();
        let transport = AsyncRwTransport::new_server(input, output).with_max_line_length(LARGEST);
        let served = serve(self, Ending(transport), end.clone());
        pin!(served);
        let served = tokio::select! {
            served = &mut served => served,
            () = stop => {
                // While the client is there: it gets the answers of calls that run.
                host.drain().await;
                end.cancel();
                served.await
            }
        };
        host.drain().await;
        served
    }
}

/// A transport whose end does not wait for the client: [`AsyncRwTransport`] closes when its
/// last message is written, which a client that does not read prevents.
struct Ending<T>(T);

impl<T: Transport<RoleServer>> Transport<RoleServer> for Ending<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), T::Error>> + Send + 'static {
        self.0.send(message)
    }

    fn receive(&mut self) -> impl Future<Output = Option<RxJsonRpcMessage<RoleServer>>> + Send {
        self.0.receive()
    }

    async fn close(&mut self) -> Result<(), T::Error> {
        timeout(UNREAD, self.0.close()).await.unwrap_or(Ok(()))
    }
}

async fn serve(
    tools: Tools,
    transport: impl Transport<RoleServer> + 'static,
    end: CancellationToken,
) -> Result<(), Error> {
    let service = match serve_server_with_ct(tools, transport, end).await {
        Ok(service) => service,
        Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => {
            return Ok(());
        }
        Err(ServerInitializeError::TransportError { .. }) => {
            return Err(Error::internal("the client cannot be answered"));
        }
        // Not the error's text: it quotes the client.
        Err(_) => {
            return Err(Error::permanent(
                ErrorCode::InvalidArgument,
                "what is connected does not begin as a client of the Model Context Protocol does",
                "name this command in the settings of an MCP client; docs/mcp.md shows how",
            ));
        }
    };
    let ended = service.waiting().await;
    let panicked = |_| Error::internal("the connection to the client ended early");
    ended.map(drop).map_err(panicked)
}
