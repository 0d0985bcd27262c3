//! No key, token, prompt or answer is in a log, a metric, an error or a `Debug` output.

mod support;

use std::io;
use std::sync::{Arc, Mutex};

use openai_simulator::{Endpoint, Fault, Script};
use support::browser::Browser;
use support::{TestServer, exchange, prompt, request};

/// What the person writes, what the model writes, and what a caller sends of its own.
const TEXTS: [&str; 4] = [
    "MARKER-PROMPT",
    "MARKER-ANSWER",
    "MARKER-HEADER",
    "MARKER-QUERY",
];

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that this process logs, of every crate and at every level.
fn log() -> Log {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    log
}

/// Faults: G19 G27 G28
#[tokio::test]
async fn no_secret_and_no_text_of_a_person_is_in_a_log_a_metric_or_an_error() {
    let log = log();
    let server = TestServer::with_page().await;
    let link = server.link().await;
    let mut browser = Browser::new(&server.public);
    browser.open(&link).await;
    let page = browser.press(&link, "continue").await;
    assert!(page.text.contains("class=\"code\""), "{page:?}");
    let link = &link["/connect/".len()..];
    let cookies: Vec<_> = browser.cookies.values().collect();
    server.sign_in().await;
    let mut body = prompt(true);
    body["input"] = "MARKER-PROMPT".into();
    let body = body.to_string();
    let key = server.keys.ada.clone();
    let mut errors = String::new();

    for fault in [
        Fault::stream(Script::text("MARKER-ANSWER")),
        Fault::stream(Script::half_event()),
        Fault::openai_error(401, "token_expired", "expired"),
        Fault::html(403, "<html>MARKER-ANSWER</html>"),
        Fault::raw("HTTP/1.1 MARKER-ANSWER\r\n\r\n"),
    ] {
        server.simulator.fault(Endpoint::Responses, fault);
        let answer = server.send(&key, "POST", "/v1/responses", &body).await;
        if answer.status != 200 {
            errors += &format!("{answer:?}");
        }
    }
    let bearer = format!("Bearer {key}");
    for (headers, target) in [
        (
            vec![("authorization", bearer.as_str())],
            "/v1/models?x=MARKER-QUERY".to_owned(),
        ),
        (vec![], format!("/v1/models?api_key={key}")),
        (vec![("x-api-key", key.as_str())], "/v1/models".to_owned()),
        (
            vec![("authorization", "Bearer MARKER-HEADER")],
            "/v1/models".to_owned(),
        ),
        (
            vec![("host", "MARKER-HEADER.example.org")],
            "/v1/models".to_owned(),
        ),
        (
            vec![("cookie", "MARKER-HEADER")],
            "/MARKER-QUERY".to_owned(),
        ),
        (vec![("x", "MARKER-HEADER\0")], "/".to_owned()),
        (
            vec![("x", "MARKER-HEADER"), ("content-length", "1, 1")],
            "/".to_owned(),
        ),
    ] {
        let text = request("GET", &target, &headers, "");
        errors += &String::from_utf8_lossy(&exchange(&server.public, text).await);
    }
    for target in ["/api/v1/me/poll", "/api/v1/me/logout?x=MARKER-QUERY"] {
        let body = r#"{"pending_id": "MARKER-PROMPT", "x": "MARKER-PROMPT"}"#;
        let answer = server.send(&key, "POST", target, body).await;
        errors += &format!("{answer:?}");
    }
    let tool = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"refresh"}}"#;
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
    ];
    let answer = exchange(&server.public, request("POST", "/mcp", &headers, tool)).await;
    errors += &String::from_utf8_lossy(&answer);
    assert!(errors.contains("refreshed"), "{errors}");
    let metrics = server.order("GET", "/metrics", "").await.text;
    assert!(
        metrics.contains("chatgpt_oauth_requests_total{"),
        "{metrics}"
    );
    server.handle.drain();
    server.serving.await.unwrap();

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        logged.contains("\"route\":\"/v1/responses\""),
        "{logged:.2000}"
    );
    for (place, seen) in [("log", &logged), ("metrics", &metrics), ("errors", &errors)] {
        for text in TEXTS {
            let at = seen.find(text).map(|at| &seen[at.saturating_sub(300)..at]);
            assert_eq!(at, None, "{text} in {place}");
        }
        for secret in server.simulator.secrets() {
            let secret = &secret.value[..secret.value.len().min(40)];
            assert!(!seen.contains(secret), "a secret in {place}");
        }
        assert!(!seen.contains(link), "a link in {place}");
        assert!(!seen.contains(cookies[0]), "a cookie in {place}");
        // The secret of a key begins after its id.
        assert!(!seen.contains(&key[15..]), "a key in {place}");
        assert!(
            !seen.contains(&server.keys.admin[15..]),
            "an administrator's key in {place}"
        );
    }
}
