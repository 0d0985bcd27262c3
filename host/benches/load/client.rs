//! A client of HTTP/1.1 that keeps its connection, and costs little itself.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub struct Client {
    stream: TcpStream,
    address: String,
    key: String,
    received: Vec<u8>,
}

impl Client {
    pub async fn connect(address: &str, key: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("an option");
        Self {
            stream,
            address: address.to_owned(),
            key: key.to_owned(),
            received: Vec::new(),
        }
    }

    /// The whole answer, head and body, which must have the status 200.
    pub async fn get(&mut self, path: &str) -> &[u8] {
        self.send("GET", path, "").await;
        self.answer().await
    }

    /// The same for a model call.
    pub async fn post(&mut self, path: &str, body: &str) -> &[u8] {
        self.send("POST", path, body).await;
        self.answer().await
    }

    /// Begins a model call whose answer does not end, and returns its connection when what has
    /// come contains this text.
    pub async fn begin(mut self, path: &str, body: &str, text: &str) -> TcpStream {
        self.send("POST", path, body).await;
        while find(&self.received, text.as_bytes()).is_none() {
            self.receive().await;
        }
        self.stream
    }

    async fn send(&mut self, method: &str, path: &str, body: &str) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            self.key,
            body.len()
        );
        let sent = self.stream.write_all(request.as_bytes()).await;
        sent.expect("a request");
        self.received.clear();
    }

    async fn answer(&mut self) -> &[u8] {
        while !is_whole(&self.received) {
            self.receive().await;
        }
        let text = || String::from_utf8_lossy(&self.received);
        assert!(self.received.starts_with(b"HTTP/1.1 200 "), "{}", text());
        &self.received
    }

    async fn receive(&mut self) {
        let read = self.stream.read_buf(&mut self.received).await;
        let text = || String::from_utf8_lossy(&self.received);
        assert!(read.expect("bytes") > 0, "{}", text());
    }
}

/// Whether an answer has its length, or the last of its chunks.
fn is_whole(answer: &[u8]) -> bool {
    const LENGTH: &[u8] = b"content-length: ";
    let Some(head) = find(answer, b"\r\n\r\n") else {
        return false;
    };
    let Some(length) = find(&answer[..head], LENGTH) else {
        return answer.ends_with(b"\r\n0\r\n\r\n");
    };
    let digits = answer[length + LENGTH.len()..].iter();
    let digits = digits.take_while(|digit| digit.is_ascii_digit());
    let length = digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    answer.len() == head + 4 + length
}

/// Where these bytes begin.
pub fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
