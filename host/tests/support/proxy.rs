//! A proxy that connects every client to one address, whatever host the client names,
//! and records what it receives.

use std::io::{Read, Write, copy};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

pub struct Proxy {
    address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    /// The first line of each request.
    connects: Vec<String>,
    /// All bytes of all clients.
    bytes: Vec<u8>,
}

impl Proxy {
    pub fn to(target: SocketAddr) -> Self {
        Self::with(target, None, "200 OK")
    }

    /// A proxy that refuses clients without this user name and password, in Base64.
    pub fn asking(target: SocketAddr, credentials: &'static str) -> Self {
        Self::with(target, Some(credentials), "200 OK")
    }

    /// A proxy that answers every request with this status.
    pub fn answering(status: &'static str) -> Self {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        Self::with(nowhere, None, status)
    }

    fn with(target: SocketAddr, credentials: Option<&'static str>, status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::default());
        let memory = Arc::clone(&heard);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let memory = Arc::clone(&memory);
                // A client that disconnects is not an error of the proxy.
                thread::spawn(move || _ = lead(client, target, credentials, status, &memory));
            }
        });
        Self { address, heard }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn connects(&self) -> Vec<String> {
        self.heard.lock().unwrap().connects.clone()
    }

    /// All bytes that clients sent, before and in the tunnel, as lossy text.
    pub fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap().bytes).into_owned()
    }

    pub fn forget(&self) {
        *self.heard.lock().unwrap() = Heard::default();
    }
}

fn lead(
    mut client: TcpStream,
    target: SocketAddr,
    credentials: Option<&str>,
    status: &str,
    heard: &Mutex<Heard>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head);
    let line = text.lines().next().unwrap_or_default().to_owned();
    heard.lock().unwrap().connects.push(line);
    heard.lock().unwrap().bytes.extend(&head);

    let expected = credentials.map(|it| format!("Proxy-Authorization: Basic {it}\r\n"));
    let status = match expected {
        Some(expected) if !text.contains(&expected) => "407 Proxy Authentication Required",
        _ => status,
    };
    if !status.starts_with("200") {
        return write!(client, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
    }
    let server = TcpStream::connect(target)?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    join(client, server, |bytes| {
        heard.lock().unwrap().bytes.extend(bytes);
    })
}

/// Copies bytes in both directions until both ends close.
pub fn join(
    mut client: TcpStream,
    mut server: TcpStream,
    mut heard: impl FnMut(&[u8]),
) -> std::io::Result<()> {
    let (mut back, mut to_client) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        _ = copy(&mut back, &mut to_client);
        _ = to_client.shutdown(Shutdown::Write);
    });
    let mut bytes = [0; 4096];
    loop {
        let read = client.read(&mut bytes)?;
        heard(&bytes[..read]);
        match read {
            0 => return server.shutdown(Shutdown::Write),
            _ => server.write_all(&bytes[..read])?,
        }
    }
}
