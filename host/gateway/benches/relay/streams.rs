//! What open streams take: the growth of the process that holds the relay alone. Each stream
//! has a client's connection, without TLS, and one to the backend, with TLS.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::server::KEY;
use crate::{REQUEST, relay, upstream};

const STREAMS: usize = 1000;
/// How many streams are opened at a time.
const AT_A_TIME: usize = 20;
/// The time between two events of a stream.
const PAUSE_MS: u64 = 250;

pub async fn measure(time: Duration) {
    let upstream = upstream::start(&json!({ "pause_ms": PAUSE_MS }));
    let relay = relay::start(&upstream.announced);
    let address = relay.announced["address"].as_str().expect("an address");
    for _ in 0..10 {
        open(address.to_owned()).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = relay.resident();

    let mut streams = Vec::new();
    while streams.len() < STREAMS {
        let opening: JoinSet<_> = (0..AT_A_TIME).map(|_| open(address.to_owned())).collect();
        streams.extend(opening.join_all().await);
    }
    let mut reading: JoinSet<_> = streams.into_iter().map(read).collect();
    tokio::time::sleep(time).await;
    let after = relay.resident();
    assert!(reading.try_join_next().is_none(), "a stream has ended");

    let growth = after - before;
    println!("\n{STREAMS} open streams, an event every {PAUSE_MS} ms in each");
    println!(
        "before {:.1} MiB, with streams {:.1} MiB",
        mebibytes(before),
        mebibytes(after)
    );
    println!(
        "growth {:.1} MiB, {} KiB a stream",
        mebibytes(growth),
        growth / STREAMS as u64
    );
}

fn mebibytes(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// Begins a stream, and returns it when an event of the model has come.
async fn open(address: String) -> TcpStream {
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    let length = REQUEST.len();
    let request = format!(
        "POST /v1/responses HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {KEY}\r\n\
         content-length: {length}\r\n\r\n{REQUEST}"
    );
    stream
        .write_all(request.as_bytes())
        .await
        .expect("a request");
    let mut received = Vec::new();
    while !String::from_utf8_lossy(&received).contains("response.output_item.added") {
        let read = stream.read_buf(&mut received).await.expect("bytes");
        assert!(read > 0, "{}", String::from_utf8_lossy(&received));
    }
    stream
}

/// Reads a stream until it ends.
async fn read(mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
}
