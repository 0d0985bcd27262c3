//! One client over two streams, such as standard input and output.

use chatgpt_oauth::{Error, ErrorCode};
use rmcp::service::{ServerInitializeError, serve_server_with_ct};
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::pin;
use tokio_util::sync::CancellationToken;

use crate::LARGEST;
use crate::tools::Tools;

impl Tools {
    /// Serves one client: a message a line, until the input ends or `stop` completes. Calls
    /// that run then end first, and store what they got: within 100 seconds. A line of more
    /// than 64 KiB is dropped.
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
        let served = serve(self, transport, end.clone());
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

async fn serve<I, O>(
    tools: Tools,
    transport: AsyncRwTransport<rmcp::RoleServer, I, O>,
    end: CancellationToken,
) -> Result<(), Error>
where
    I: AsyncRead + Send + Unpin + 'static,
    O: AsyncWrite + Send + Unpin + 'static,
{
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
