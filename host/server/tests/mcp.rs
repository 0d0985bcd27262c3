//! `/mcp`: the tools of the profile of a key.

mod support;

use std::time::Instant;

use serde_json::{Value, json};
use support::{Answer, TestServer, exchange, permitted, request};

/// Sends a message of a client with these further headers.
async fn post(server: &TestServer, key: &str, further: &[(&str, &str)], message: &str) -> Answer {
    let bearer = format!("Bearer {key}");
    let mut headers = vec![
        ("authorization", &*bearer),
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
    ];
    headers.extend(further);
    let text = request("POST", "/mcp", &headers, message);
    Answer::parse(&exchange(&server.public, text).await)
}

fn message(method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}

/// The result of a call of a tool.
async fn call(server: &TestServer, tool: &str) -> Value {
    let message = message("tools/call", &json!({"name": tool, "arguments": {}}));
    let answer = post(server, &server.keys.ada_onboarding, &[], &message).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["result"].clone()
}

#[tokio::test]
async fn a_request_stands_alone_and_begins_no_session() {
    let server = TestServer::signed_in().await;
    let status = call(&server, "status").await;
    assert_eq!(status["structuredContent"]["email"], "ada@example.com");
    let hello = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    });
    let message = message("initialize", &hello);
    let answer = post(&server, &server.keys.ada_onboarding, &[], &message).await;
    assert_eq!(answer.header("mcp-session-id"), None);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let result = &answer.json()["result"];
    assert_eq!(result["protocolVersion"], "2025-11-25", "{answer:?}");
    assert_eq!(result["serverInfo"]["name"], "chatgpt-oauth");
    let note = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let answer = post(&server, &server.keys.ada_onboarding, &[], note).await;
    assert_eq!(answer.status, 202, "{answer:?}");
}

#[tokio::test]
async fn there_is_no_stream_and_no_session_to_end() {
    let server = TestServer::start().await;
    for method in ["GET", "DELETE", "OPTIONS"] {
        let answer = server
            .send(&server.keys.ada_onboarding, method, "/mcp", "")
            .await;
        let seen = (answer.status, answer.header("allow"));
        assert_eq!(seen, (405, Some("POST")), "{method}");
    }
}

#[tokio::test]
async fn a_key_has_the_tools_of_its_profile_if_its_scope_is_onboarding() {
    let server = TestServer::signed_in().await;
    let list = message("tools/list", &json!({}));
    for key in [&server.keys.ada_read, &server.keys.ada_inference] {
        let answer = post(&server, key, &[], &list).await;
        let seen = (answer.status, answer.code());
        assert_eq!(seen, (403, "insufficient_scope".to_owned()));
    }
    for key in ["", "cgop_x", &server.keys.admin] {
        let answer = post(&server, key, &[], &list).await;
        assert_eq!(
            (answer.status, answer.code()),
            (401, "invalid_api_key".to_owned())
        );
    }
    let of_grace = message("tools/call", &json!({"name": "status", "arguments": {}}));
    let answer = post(&server, &server.keys.grace, &[], &of_grace).await;
    let status = &answer.json()["result"]["structuredContent"];
    assert_eq!(status["state"], "not_connected", "{answer:?}");
    let on_admin = server.order("POST", "/mcp", &list).await;
    assert_eq!(
        (on_admin.status, on_admin.code()),
        (404, "not_found".to_owned())
    );
}

/// Faults: G22
#[tokio::test]
async fn a_page_of_another_origin_gets_nothing() {
    let server = TestServer::signed_in().await;
    let list = message("tools/list", &json!({}));
    let key = &server.keys.ada_onboarding;
    for origin in ["https://example.org", "http://localhost:1", "null"] {
        let answer = post(&server, key, &[("origin", origin)], &list).await;
        let seen = (answer.status, answer.code());
        assert_eq!(seen, (403, "foreign_origin".to_owned()), "{origin}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let own = [("origin", "http://localhost")];
    assert_eq!(post(&server, key, &own, &list).await.status, 200);
}

#[tokio::test]
async fn a_message_that_is_too_large_or_no_message_is_refused() {
    let server = TestServer::start().await;
    let key = &server.keys.ada_onboarding;
    let large = message("tools/call", &json!({"name": "x".repeat(64 << 10)}));
    let answer = post(&server, key, &[], &large).await;
    let seen = (answer.status, answer.code());
    assert_eq!(seen, (413, "request_too_large".to_owned()));
    for none in ["", "{", "[]", r#"{"jsonrpc":"2.0"}"#] {
        let answer = post(&server, key, &[], none).await;
        assert!((400..500).contains(&answer.status), "{none} {answer:?}");
    }
}

#[tokio::test]
async fn a_tool_begins_as_many_logins_as_the_api_and_says_when_the_next_may_begin() {
    let server = TestServer::start().await;
    let since = Instant::now();
    let by_api = async || {
        let key = &server.keys.ada;
        server
            .send(key, "POST", "/api/v1/me/start", "")
            .await
            .status
    };
    assert_eq!(by_api().await, 200);
    let mut begun = 1;
    let refused = loop {
        let result = call(&server, "start").await;
        if result["isError"] == true {
            break result;
        }
        begun += 1;
        assert!(begun <= permitted(3, since), "{begun}");
    };
    assert!(begun >= 3, "{begun}");
    let failure = &refused["structuredContent"];
    assert_eq!(failure["code"], "rate-limited", "{refused}");
    let seconds = failure["retry_after_seconds"].as_u64().unwrap();
    assert!((1..=20).contains(&seconds), "{failure}");
    let status = by_api().await;
    assert!(status == 429 || begun < permitted(3, since), "{status}");
}

/// A call of `start` by a client that shows URLs, in this version of the protocol, with the
/// reply to this question.
async fn start(server: &TestServer, version: &str, question: Option<&Value>) -> Answer {
    let headers = [
        ("mcp-protocol-version", version),
        ("mcp-method", "tools/call"),
        ("mcp-name", "start"),
    ];
    let mut params = json!({
        "name": "start",
        "arguments": {},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"url": {}}},
        },
    });
    if let Some(question) = question {
        params["inputResponses"] = json!({"login": {"action": "accept"}});
        params["requestState"] = question["requestState"].clone();
    }
    let message = message("tools/call", &params);
    let answer = post(server, &server.keys.ada_onboarding, &headers, &message).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

#[tokio::test]
async fn a_reply_to_the_question_begins_no_further_login() {
    let server = TestServer::start().await;
    let since = Instant::now();
    let start = async |question: Option<&Value>| {
        let answer = start(&server, "2026-07-28", question).await;
        answer.json()["result"].clone()
    };
    let mut begun = 0;
    let refused = loop {
        let question = start(None).await;
        if question["resultType"] != "input_required" {
            break question;
        }
        begun += 1;
        assert!(begun <= permitted(3, since), "{begun}");
        let request = &question["inputRequests"]["login"];
        assert_eq!(request["method"], "elicitation/create", "{question}");
        assert_eq!(request["params"]["mode"], "url");
        let prompt = start(Some(&question)).await;
        assert_eq!(prompt["structuredContent"]["status"], "pending", "{prompt}");
    };
    assert_eq!(refused["structuredContent"]["code"], "rate-limited");
    assert!(begun >= 3, "{begun}");
}

/// A question during the call would hold the connection until the server gives it up.
#[tokio::test]
async fn an_earlier_client_that_shows_urls_is_not_asked_where_it_cannot_reply() {
    let server = TestServer::start().await;
    let answer = start(&server, "2025-11-25", None).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let result = &answer.json()["result"];
    assert_eq!(result["structuredContent"]["status"], "pending", "{result}");
}

/// Faults: G29
#[tokio::test]
async fn a_call_is_measured_by_its_path_and_the_code_of_its_failure() {
    let server = TestServer::start().await;
    call(&server, "usage").await;
    let prompt = call(&server, "start").await["structuredContent"].clone();
    let code = prompt["user_code"].as_str().unwrap();
    server.simulator.approve(code).unwrap();
    let progress = call(&server, "poll").await;
    assert_eq!(
        progress["structuredContent"]["status"], "connected",
        "{progress}"
    );
    let metrics = server.order("GET", "/metrics", "").await.text;
    for line in [
        r#"chatgpt_oauth_requests_total{route="/mcp",status="2xx",code="not-connected"} 1"#,
        r#"chatgpt_oauth_requests_total{route="/mcp",status="2xx",code=""} 2"#,
        r#"chatgpt_oauth_login_total{code=""} 1"#,
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}
