use std::net::{IpAddr, Ipv4Addr};

use axum::routing::get;
use chatgpt_oauth::Host;
use chatgpt_oauth::api_keys::{ApiKeys, NewApiKey, Permission};
use chatgpt_oauth::store::MemoryStore;
use http_body_util::BodyExt;

use super::*;
use crate::listen::{Activity, Client};
use crate::{Options, Server};

async fn panics() -> &'static str {
    panic!("MARKER")
}

/// A front of administrators with a handler that panics, and a key.
async fn front() -> (Front, String) {
    let host = Host::builder(MemoryStore::new()).build().unwrap();
    let new = NewApiKey {
        permission: Permission::Admin,
        label: "test".parse().unwrap(),
        expires_at: None,
    };
    let keys = ApiKeys::new(host.entries().unwrap());
    let created = keys.create(new, 1).await.unwrap();
    let options = Options {
        listen: "127.0.0.1:0".parse().unwrap(),
        admin_listen: "127.0.0.1:0".parse().unwrap(),
        ..Options::default()
    };
    let server = Server::bind(options, host).await.unwrap();
    let routes = Router::new()
        .route("/panics", get(panics))
        .route("/", get(|| async { "fine" }));
    let front = Front::new(server.app(), Side::Admin, routes);
    (front, created.key.reveal().to_owned())
}

/// Faults: G28 G44
#[tokio::test]
async fn a_handler_that_panics_fails_its_own_request_alone() {
    let (front, key) = front().await;
    let peer = Peer(Client::Ip(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    let ask = async |path: &str| {
        let request = Request::get(path)
            .header("host", "localhost")
            .header("authorization", format!("Bearer {key}"))
            .body(Body::empty())
            .unwrap();
        let answer = front
            .answer(peer, Activity::default().begin(), request)
            .await;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    };
    let (status, text) = ask("/panics").await;
    assert_eq!(status, 500, "{text}");
    assert!(
        text.contains("\"internal\"") && !text.contains("MARKER"),
        "{text}"
    );
    assert_eq!(ask("/").await, (200, "fine".to_owned()));
}
