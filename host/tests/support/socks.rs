//! A SOCKS5 proxy (RFC 1928, RFC 1929) that connects every client to one address, and
//! records the hosts that clients name.

use std::io::{Error, Read, Result, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::proxy::join;

pub struct Socks {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What the proxy does.
#[derive(Clone, Copy)]
pub enum Manner {
    /// Connects every client to this address.
    Leads,
    /// Connects clients with this user name and password to this address.
    Asks(&'static str, &'static str),
    /// Answers every request with this reply.
    Replies(u8),
}

impl Socks {
    pub fn to(target: SocketAddr, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::default());
        let memory = Arc::clone(&asked);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let memory = Arc::clone(&memory);
                // A client that disconnects is not an error of the proxy.
                thread::spawn(move || _ = lead(client, target, manner, &memory));
            }
        });
        Self { address, asked }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The names and ports that clients asked for.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn lead(
    mut client: TcpStream,
    target: SocketAddr,
    manner: Manner,
    asked: &Mutex<Vec<String>>,
) -> Result<()> {
    greet(&mut client, manner)?;
    let [_, command, _, kind] = receive(&mut client)?;
    if (command, kind) != (1, 3) {
        // Only names are accepted: the proxy resolves them.
        return client.write_all(&[5, 8, 0, 1, 0, 0, 0, 0, 0, 0]);
    }
    let name = text(&mut client)?;
    let port = u16::from_be_bytes(receive(&mut client)?);
    asked.lock().unwrap().push(format!("{name}:{port}"));
    if let Manner::Replies(reply) = manner {
        return client.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]);
    }
    let server = TcpStream::connect(target)?;
    client.write_all(&[5, 0, 0, 3, 1, b'x', 0, 0])?;
    join(client, server, |_| {})
}

fn greet(client: &mut TcpStream, manner: Manner) -> Result<()> {
    let [_, count] = receive(client)?;
    let mut methods = vec![0; count.into()];
    client.read_exact(&mut methods)?;
    let Manner::Asks(user, password) = manner else {
        return client.write_all(&[5, 0]);
    };
    if !methods.contains(&2) {
        client.write_all(&[5, 0xff])?;
        return Err(Error::other("no method"));
    }
    client.write_all(&[5, 2])?;
    let [_] = receive(client)?;
    let is_right = (text(client)?, text(client)?) == (user.to_owned(), password.to_owned());
    client.write_all(&[1, u8::from(!is_right)])?;
    is_right.then_some(()).ok_or(Error::other("wrong password"))
}

fn text(client: &mut TcpStream) -> Result<String> {
    let [length] = receive(client)?;
    let mut text = vec![0; length.into()];
    client.read_exact(&mut text)?;
    String::from_utf8(text).map_err(Error::other)
}

fn receive<const N: usize>(client: &mut TcpStream) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}
