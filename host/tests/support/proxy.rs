//! A proxy that leads everybody to one address, whatever they ask for, and
//! remembers what it heard.

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
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::default());
        let memory = Arc::clone(&heard);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let memory = Arc::clone(&memory);
                // A client that has gone is no fault of the proxy's.
                thread::spawn(move || _ = lead(client, target, &memory));
            }
        });
        Self { address, heard }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn connects(&self) -> Vec<String> {
        self.heard.lock().unwrap().connects.clone()
    }

    /// All that clients said, before and in the tunnel, as text as far as it is any.
    pub fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap().bytes).into_owned()
    }

    pub fn forget(&self) {
        *self.heard.lock().unwrap() = Heard::default();
    }
}

fn lead(mut client: TcpStream, target: SocketAddr, heard: &Mutex<Heard>) -> std::io::Result<()> {
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

    let mut server = TcpStream::connect(target)?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut back, mut to_client) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        _ = copy(&mut back, &mut to_client);
        _ = to_client.shutdown(Shutdown::Write);
    });
    let mut bytes = [0; 4096];
    loop {
        let read = client.read(&mut bytes)?;
        heard.lock().unwrap().bytes.extend(&bytes[..read]);
        match read {
            0 => return server.shutdown(Shutdown::Write),
            _ => server.write_all(&bytes[..read])?,
        }
    }
}
