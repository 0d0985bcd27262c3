//! What a request must be: its bytes, its target, its host and its body. Every test is with
//! raw sockets.

mod support;

use std::time::Duration;

use support::{Answer, TestServer, connect, exchange, prompt, read_to_end, request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn with_key<'a>(bearer: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let json = ("content-type", "application/json");
    [&[("authorization", bearer), json], more].concat()
}

/// Faults: G12
#[tokio::test]
async fn a_request_with_two_readings_is_answered_400_and_the_connection_ends() {
    let server = TestServer::signed_in().await;
    let bearer = format!("Bearer {}", server.keys.ada);
    let head = format!(
        "POST /v1/responses HTTP/1.1\r\nhost: localhost\r\nauthorization: {bearer}\r\ncontent-type: application/json\r\n"
    );
    let smuggled = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for fields in [
        "content-length: 2\r\ncontent-length: 2\r\n",
        "content-length: 2\r\ncontent-length: 3\r\n",
        "content-length: 2, 2\r\n",
        "content-length: +2\r\n",
        "content-length: 2\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 2\r\n",
        "transfer-encoding: identity, chunked\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding : chunked\r\n",
        "x: y\r\n z: folded\r\n",
        "x: y\0\r\n",
        "x\0: y\r\n",
        "x: y\n",
        "x: y\rz\r\n",
        ": y\r\n",
        "no colon\r\n",
    ] {
        let text = format!("{head}{fields}\r\n{{}}{smuggled}");
        let bytes = exchange(&server.public, &text).await;
        let answers = String::from_utf8_lossy(&bytes);
        assert!(
            answers.starts_with("HTTP/1.1 400 "),
            "{fields:?}: {answers:?}"
        );
        assert_eq!(
            answers.matches("HTTP/1.1").count(),
            1,
            "{fields:?}: {answers:?}"
        );
    }
    let bare = head.replace("\r\n", "\n") + "\n";
    let bytes = exchange(&server.public, &bare).await;
    assert_eq!(Answer::parse(&bytes).status, 400);
    assert!(server.simulator.requests().is_empty());
}

/// Faults: G12
#[tokio::test]
async fn an_ambiguous_request_behind_another_one_is_refused_too() {
    let server = TestServer::start().await;
    let first = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let second = "POST /healthz HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    let bytes = exchange(&server.public, format!("{first}{second}{first}")).await;
    let answers = String::from_utf8_lossy(&bytes);
    let statuses: Vec<_> = answers.matches("HTTP/1.1 ").collect();
    assert_eq!(statuses.len(), 2, "{answers}");
    assert!(answers.contains("HTTP/1.1 400 "), "{answers}");
}

/// Faults: G13
#[tokio::test]
async fn a_target_leads_to_no_other_route() {
    let server = TestServer::signed_in().await;
    for target in [
        "http://localhost/v1/models",
        "http://chatgpt.com/backend-api/codex/models",
        "//localhost/v1/models",
        "//v1/models",
        "/v1//models",
        "/v1/../v1/models",
        "/v1/%2e%2e/v1/models",
        "/%76%31/models",
        "/v1/models;x=y/",
        "/v1%2fmodels",
        "/api/v1/me/../me/status",
        "/api/v1/me/%2e%2e/me/status",
        "/api/v1/me%2fstatus",
        "/api/v1/me/status/",
        "/api/v1/me/status;x",
        "/api/v1/profiles/ada/status",
        "*",
    ] {
        let answer = server.send(&server.keys.ada, "GET", target, "").await;
        assert!([400, 404].contains(&answer.status), "{target} {answer:?}");
    }
    for target in [
        "/api/v1/profiles/%2e%2e%2fada/status",
        "/api/v1/profiles/ada%2fstatus",
        "/api/v1/profiles/ada;x/status",
        "/api/v1/profiles//status",
        "/api/v1/me/status",
    ] {
        let answer = server.order("GET", target, "").await;
        assert!(
            [400, 404, 405].contains(&answer.status),
            "{target} {answer:?}"
        );
    }
    let once = server
        .order("GET", "/api/v1/profiles/%2561da/status", "")
        .await;
    assert_eq!(once.status, 400, "{once:?}");
    let decoded = server
        .order("GET", "/api/v1/profiles/%61da/status", "")
        .await;
    assert_eq!(decoded.json()["state"], "connected", "{decoded:?}");
    let tunnel = request("CONNECT", "chatgpt.com:443", &[], "");
    let tunnel = exchange(&server.public, tunnel);
    assert_eq!(Answer::parse(&tunnel.await).status, 400);
}

/// Faults: G08
#[tokio::test]
async fn a_head_that_drips_is_answered_408() {
    let server = TestServer::with(|options| options.times.head = Duration::from_millis(300)).await;
    let mut stream = connect(&server.public).await;
    let drip = async {
        for byte in b"GET /healthz HTTP/1.1\r\nx: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy" {
            if stream.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        read_to_end(&mut stream).await
    };
    let answer = Answer::parse(&drip.await);
    assert_eq!(answer.status, 408, "{answer:?}");
}

/// Faults: G08
#[tokio::test]
async fn a_body_that_does_not_come_is_answered_408() {
    let server = TestServer::with(|options| options.times.body = Duration::from_millis(300)).await;
    let bearer = format!("Bearer {}", server.keys.ada);
    let text = request("POST", "/api/v1/me/poll", &with_key(&bearer, &[]), "{}");
    let text = text.strip_suffix('}').unwrap();
    let answer = Answer::parse(&exchange(&server.public, text).await);
    assert_eq!(
        (answer.status, answer.code()),
        (408, "request_timeout".to_owned())
    );
}

/// Faults: G09
#[tokio::test]
async fn a_body_that_is_too_large_is_answered_413_before_it_is_sent() {
    let server = TestServer::signed_in().await;
    let bearer = format!("Bearer {}", server.keys.ada);
    for (target, size) in [("/v1/responses", 33 << 20), ("/api/v1/me/poll", 65 << 10)] {
        let size: usize = size;
        let length = size.to_string();
        let headers = with_key(&bearer, &[]);
        let head = request("POST", target, &headers, "")
            .replace("content-length: 0", &format!("content-length: {length}"));
        let declared = Answer::parse(&exchange(&server.public, head).await);
        assert_eq!(
            (declared.status, declared.code()),
            (413, "request_too_large".to_owned())
        );

        let chunked = request("POST", target, &headers, "")
            .replace("content-length: 0", "transfer-encoding: chunked");
        let mut stream = connect(&server.public).await;
        stream.write_all(chunked.as_bytes()).await.unwrap();
        let chunk = format!("{:x}\r\n{}\r\n", 64 << 10, " ".repeat(64 << 10));
        for _ in 0..=size / (64 << 10) {
            if stream.write_all(chunk.as_bytes()).await.is_err() {
                break;
            }
        }
        let answer = Answer::parse(&read_to_end(&mut stream).await);
        assert_eq!(
            (answer.status, answer.code()),
            (413, "request_too_large".to_owned()),
            "{target}"
        );
    }
    assert!(server.simulator.requests().is_empty());
}

#[tokio::test]
async fn a_head_with_too_much_is_answered_431() {
    let server = TestServer::start().await;
    let many: String = (0..101).map(|n| format!("x-{n}: y\r\n")).collect();
    let long = format!("x: {}\r\n", "y".repeat(80 << 10));
    for fields in [many, long] {
        let text = request("GET", "/healthz", &[], "").replace("\r\n\r\n", "\r\n");
        let answer = exchange(&server.public, format!("{text}{fields}\r\n")).await;
        assert_eq!(Answer::parse(&answer).status, 431);
    }
}

/// Faults: G11
#[tokio::test]
async fn an_encoded_body_is_answered_415() {
    let server = TestServer::signed_in().await;
    let bearer = format!("Bearer {}", server.keys.ada);
    let headers = with_key(&bearer, &[("content-encoding", "gzip")]);
    let text = request("POST", "/v1/responses", &headers, "x");
    let answer = Answer::parse(&exchange(&server.public, text).await);
    assert_eq!(
        (answer.status, answer.code()),
        (415, "unsupported_content_encoding".to_owned())
    );
}

/// Faults: G22
#[tokio::test]
async fn a_page_of_another_host_gets_nothing() {
    let server =
        TestServer::with(|options| options.hosts = vec!["gateway.example.org".into()]).await;
    let bearer = format!("Bearer {}", server.keys.ada);
    let send = async |method, target, headers: &[(&str, &str)]| {
        let text = request(method, target, headers, "");
        Answer::parse(&exchange(&server.public, text).await)
    };
    let status = "/api/v1/me/status";
    let evil = with_key(&bearer, &[("host", "evil.example.org")]);
    let rebound = send("GET", status, &evil).await;
    assert_eq!(
        (rebound.status, rebound.code()),
        (421, "misdirected_request".to_owned())
    );
    let ours = with_key(&bearer, &[("host", "gateway.example.org")]);
    let listed = send("GET", status, &ours).await;
    assert_eq!(listed.status, 200, "{listed:?}");
    let preflight = send(
        "OPTIONS",
        status,
        &[
            ("origin", "https://evil.example.org"),
            ("access-control-request-method", "POST"),
        ],
    )
    .await;
    assert_eq!(preflight.status, 405, "{preflight:?}");
    assert_eq!(preflight.header("allow"), Some("GET, HEAD"));
    let named = |name: &&(String, String)| name.0.starts_with("access-control-");
    assert_eq!(preflight.headers.iter().find(named), None);
    let form = send(
        "POST",
        "/api/v1/me/start",
        &[("content-type", "application/x-www-form-urlencoded")],
    )
    .await;
    assert_eq!(
        (form.status, form.code()),
        (415, "unsupported_media_type".to_owned())
    );
}

/// Faults: G19
#[tokio::test]
async fn a_key_in_the_url_is_answered_400_with_and_without_a_key_beside_it() {
    let server = TestServer::signed_in().await;
    let key = &server.keys.ada;
    for target in [
        format!("/v1/models?api_key={key}"),
        format!("/v1/{key}/models"),
        format!("/api/v1/me/status?key={key}"),
        format!("/healthz?{key}"),
    ] {
        for beside in [key.as_str(), ""] {
            let answer = server.send(beside, "GET", &target, "").await;
            assert_eq!(
                (answer.status, answer.code()),
                (400, "key_in_url".to_owned())
            );
            assert!(!format!("{answer:?}").contains(key.as_str()));
        }
    }
}

/// Faults: G19
#[tokio::test]
async fn a_key_in_the_body_or_in_another_header_is_no_key() {
    let server = TestServer::signed_in().await;
    let key = server.keys.ada.as_str();
    let headers = [
        ("content-type", "application/json"),
        ("x-api-key", key),
        ("api-key", key),
    ];
    let body = serde_json::json!({"api_key": key}).to_string();
    let text = request("POST", "/v1/responses", &headers, &body);
    let answer = Answer::parse(&exchange(&server.public, text).await);
    assert_eq!(answer.code(), "invalid_api_key");
}

/// Faults: G30
#[tokio::test]
async fn json_with_two_readings_is_answered_400() {
    let server = TestServer::start().await;
    let deep = format!(r#"{{"pending_id": {}"#, "[".repeat(10_000));
    for body in [
        r#"{"pending_id": "a", "pending_id": "b"}"#,
        r#"{"pending_id": NaN}"#,
        r#"{"pending_id": "\ud800"}"#,
        "\u{feff}{}",
        r#"{"pending_id": 1}"#,
        r#"{"profile": "grace"}"#,
        "[]",
        "{} {}",
        "null",
        &deep,
    ] {
        let answer = server
            .send(&server.keys.ada, "POST", "/api/v1/me/poll", body)
            .await;
        let seen = (answer.status, answer.code());
        assert_eq!(seen, (400, "invalid_request".to_owned()), "{body:.40}");
    }
}

/// Faults: G24
#[tokio::test]
async fn a_request_names_no_backend_and_no_profile() {
    let server = TestServer::signed_in().await;
    let mut body = prompt(false);
    body["base_url"] = "http://127.0.0.1:1/".into();
    body["profile"] = "grace".into();
    let answer = server
        .send(&server.keys.ada, "POST", "/v1/responses", &body.to_string())
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let ignored = answer.header("x-chatgpt-oauth-ignored").unwrap();
    assert!(
        ignored.contains("base_url") && ignored.contains("profile"),
        "{ignored}"
    );
}

/// Faults: G29
#[tokio::test]
async fn the_id_of_a_request_is_the_servers_own() {
    let server = TestServer::signed_in().await;
    let bearer = format!("Bearer {}", server.keys.ada);
    let headers = with_key(
        &bearer,
        &[("x-request-id", "forged"), ("x-client-request-id", "mine")],
    );
    let text = request("GET", "/v1/models", &headers, "");
    let answer = Answer::parse(&exchange(&server.public, text).await);
    let id = answer.header("x-request-id").unwrap();
    assert_ne!(id, "forged");
    assert_eq!(answer.header("x-client-request-id"), None);
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let server = TestServer::start().await;
    let mut stream = connect(&server.public).await;
    for _ in 0..3 {
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .await
            .unwrap();
        let mut bytes = [0; 4096];
        let read = stream.read(&mut bytes).await.unwrap();
        assert_eq!(Answer::parse(&bytes[..read]).status, 200);
    }
}

#[tokio::test]
async fn http_2_by_prior_knowledge_is_not_spoken() {
    let server = TestServer::start().await;
    let bytes = exchange(&server.public, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    let text = String::from_utf8_lossy(&bytes);
    assert!(
        text.is_empty() || text.starts_with("HTTP/1.1 400 "),
        "{text:?}"
    );
}
