//! A server over the gateway, as a platform puts one around it: it checks a key.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use chatgpt_oauth_gateway::{ModelAccess, ModelBody};
use http::request::Parts;
use http::{Request, Response, StatusCode, header};
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The key of the only client.
pub const KEY: &str = "sk-of-the-client";

/// A server on loopback, until it is dropped.
pub struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Parts>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    pub async fn start(access: ModelAccess) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, access, requests.clone()));
        Self {
            address,
            requests,
            _tasks: tasks,
        }
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL of a client.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The heads of the requests that clients have sent.
    pub fn requests(&self) -> Vec<Parts> {
        self.requests.lock().unwrap().clone()
    }
}

async fn accept(listener: TcpListener, access: ModelAccess, requests: Arc<Mutex<Vec<Parts>>>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        connections.spawn(serve(stream, access.clone(), requests.clone()));
    }
}

async fn serve(stream: TcpStream, access: ModelAccess, requests: Arc<Mutex<Vec<Parts>>>) {
    let service = service_fn(|request: Request<Incoming>| {
        let (head, body) = request.into_parts();
        requests.lock().unwrap().push(head.clone());
        answer(access.clone(), Request::from_parts(head, body))
    });
    // A client that leaves is no fault of the server.
    _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    access: ModelAccess,
    request: Request<Incoming>,
) -> Result<Response<Either<ModelBody, Full<Bytes>>>, std::convert::Infallible> {
    let key = request.headers().get(header::AUTHORIZATION);
    if key.is_none_or(|key| *key != format!("Bearer {KEY}")) {
        let mut refusal = Response::new(Either::Right(Full::default()));
        *refusal.status_mut() = StatusCode::UNAUTHORIZED;
        return Ok(refusal);
    }
    Ok(access.send(request).await.map(Either::Left))
}
