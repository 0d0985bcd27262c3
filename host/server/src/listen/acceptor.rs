//! Accepts connections: by TCP, TLS or a Unix socket.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chatgpt_oauth::{Error, ErrorCode};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::client::{Client, Peer};
use super::{Certificate, Listen, Proxies};

/// After this pause the next connection is accepted when the machine has no file for one.
const SHORTAGE: Duration = Duration::from_millis(100);

/// A bound listener.
pub(crate) struct Acceptor {
    socket: Socket,
    certificate: Option<Certificate>,
    /// Who may connect; none for everybody.
    peers: Option<Proxies>,
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener, SocketFile),
}

/// The connection under HTTP, before the handshake of TLS.
pub(crate) enum Stream {
    Tcp(TcpStream),
    Tls(TcpStream, Certificate),
    Unix(UnixStream),
}

impl Acceptor {
    /// Binds a listener. A Unix socket speaks no TLS.
    pub(crate) async fn bind(
        listen: &Listen,
        certificate: Option<Certificate>,
    ) -> Result<Self, Error> {
        let socket = match listen {
            Listen::Tcp(address) => Socket::Tcp(bind_tcp(*address).await?),
            Listen::Unix(path) => {
                let (listener, file) =
                    bind_unix(path).map_err(|error| cannot_bind(listen, &error))?;
                Socket::Unix(listener, file)
            }
        };
        Ok(Self {
            socket,
            certificate,
            peers: None,
        })
    }

    /// Closes the connections of others than this machine and these proxies.
    pub(crate) fn accept_only(&mut self, peers: Proxies) {
        self.peers = Some(peers);
    }

    /// Where the listener is: a port 0 has become a real one.
    pub(crate) fn address(&self) -> io::Result<Listen> {
        Ok(match &self.socket {
            Socket::Tcp(listener) => Listen::Tcp(listener.local_addr()?),
            Socket::Unix(_, file) => Listen::Unix(file.0.clone()),
        })
    }

    /// The next connection. Waits when the machine has no room for one.
    pub(crate) async fn accept(&self) -> (Stream, Peer) {
        let mut is_reported = false;
        loop {
            match self.try_accept().await {
                Ok((_, peer)) if !self.admits(peer) => {
                    tracing::warn!("a caller that is no proxy connects without TLS, and is cut");
                }
                Ok(accepted) => return accepted,
                Err(error) if is_of_the_connection(&error) => {}
                Err(error) => {
                    if !is_reported {
                        tracing::error!(%error, "cannot accept connections");
                    }
                    is_reported = true;
                    tokio::time::sleep(SHORTAGE).await;
                }
            }
        }
    }

    fn admits(&self, peer: Peer) -> bool {
        self.peers.as_ref().is_none_or(|peers| peers.admit(peer))
    }

    async fn try_accept(&self) -> io::Result<(Stream, Peer)> {
        match &self.socket {
            Socket::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                stream.set_nodelay(true)?;
                let peer = Peer(Client::Ip(peer.ip().to_canonical()));
                Ok(match &self.certificate {
                    Some(certificate) => (Stream::Tls(stream, certificate.clone()), peer),
                    None => (Stream::Tcp(stream), peer),
                })
            }
            Socket::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok((Stream::Unix(stream), Peer(Client::Local)))
            }
        }
    }
}

/// Whether an error is that of a connection that has ended before it was accepted.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::InvalidInput
    )
}

async fn bind_tcp(address: SocketAddr) -> Result<TcpListener, Error> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| cannot_bind(&Listen::Tcp(address), &error))
}

/// A socket that its user and its group can connect to. It gets its rights before it gets its
/// name.
fn bind_unix(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    check_unused(path)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let unnamed = path.with_file_name(name);
    // In a container each process may have the number of one that has died here.
    _ = std::fs::remove_file(&unnamed);
    let listener = UnixListener::bind(&unnamed)?;
    let file = SocketFile(unnamed);
    std::fs::set_permissions(&file.0, std::fs::Permissions::from_mode(0o660))?;
    Ok((listener, file.rename(path)?))
}

/// Refuses a path where another server listens, and one that is no socket. The socket of a
/// server that has ended may be replaced.
fn check_unused(path: &Path) -> io::Result<()> {
    let Ok(found) = path.symlink_metadata() else {
        return Ok(());
    };
    if !found.file_type().is_socket() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "it is no socket",
        ));
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(_) => Ok(()),
    }
}

/// The file of a Unix socket, removed with its listener.
struct SocketFile(PathBuf);

impl SocketFile {
    fn rename(mut self, path: &Path) -> io::Result<Self> {
        std::fs::rename(&self.0, path)?;
        path.clone_into(&mut self.0);
        Ok(self)
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // The directory may be gone.
        _ = std::fs::remove_file(&self.0);
    }
}

fn cannot_bind(listen: &Listen, error: &io::Error) -> Error {
    Error::permanent(
        ErrorCode::InvalidArgument,
        format!("cannot listen on {listen}: {error}"),
        "end the program that has the address, or choose another one with --listen and --admin-listen",
    )
}
