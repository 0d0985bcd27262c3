//! What open streams take: the whole resident memory of a `serve` with so many streams. Each
//! has a client's connection, without TLS, and one to the backend, with TLS.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::client::{self, Client};
use crate::place::Place;
use crate::process;

/// Events a second, of all streams.
const EVENTS: usize = 400;
/// How many streams are opened at a time.
const AT_A_TIME: usize = 20;
/// Events that a stream has, at least, while it is measured.
const EACH: u32 = 2;
const BODY: &str = r#"{"model": "gpt-6-astra", "input": "Say hi.", "stream": true}"#;

pub async fn measure(time: Duration, counts: &[usize]) {
    println!("\n| streams | before | with them | each | events a second |\n|---|---|---|---|---|");
    for &count in counts {
        hold(count, time).await;
    }
}

async fn hold(count: usize, time: Duration) {
    let pause = Duration::from_secs(1) * count as u32 / EVENTS as u32;
    let time = time.max(EACH * pause);
    let place = Place::new(&json!({ "pause_ms": pause.as_millis() as u64 }));
    let store = place.file("store");
    place.run(&store, &["login"]);
    let key = place.api_key(&store, &["--scope", "inference"]);
    let serve = place.serve(&store);
    open(&serve.public, &key).await;
    let before = process::resident(serve.child.id());

    let mut streams = Vec::new();
    while streams.len() < count {
        let some = AT_A_TIME.min(count - streams.len());
        let opening: JoinSet<_> = (0..some)
            .map(|_| {
                let (address, key) = (serve.public.clone(), key.clone());
                async move { open(&address, &key).await }
            })
            .collect();
        streams.extend(opening.join_all().await);
    }
    let events = Arc::new(AtomicUsize::new(0));
    let mut reading: JoinSet<_> = streams
        .into_iter()
        .map(|stream| read(stream, Arc::clone(&events)))
        .collect();
    tokio::time::sleep(time).await;
    let after = process::resident(serve.child.id());
    assert!(reading.try_join_next().is_none(), "a stream has ended");

    println!(
        "| {count} | {:.1} MiB | {:.1} MiB | {:.1} KiB | {:.0} |",
        before as f64 / 1024.0,
        after as f64 / 1024.0,
        (after - before) as f64 / count as f64,
        events.load(Ordering::Relaxed) as f64 / time.as_secs_f64()
    );
}

/// Begins a stream, and returns it when the head of the answer has come. The first event comes
/// after a pause.
async fn open(address: &str, key: &str) -> TcpStream {
    let client = Client::connect(address, key).await;
    client.begin("/v1/responses", BODY, "\r\n\r\n").await
}

/// Reads a stream until it ends, and counts its events.
async fn read(mut stream: TcpStream, events: Arc<AtomicUsize>) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        if client::find(&buffer[..read], b"event: ").is_some() {
            events.fetch_add(1, Ordering::Relaxed);
        }
    }
}
