//! Each route, for who may use it.

mod support;

use openai_simulator::Endpoint;
use support::TestServer;

#[tokio::test]
async fn health_needs_no_key_and_nothing_else_answers_without_one() {
    let server = TestServer::start().await;
    for listen in [&server.public, &server.admin] {
        for path in ["/healthz", "/readyz"] {
            let answer = server.send_to(listen, "", "GET", path, "").await;
            assert_eq!(answer.status, 200, "{path} {answer:?}");
        }
        for path in [
            "/",
            "/v1/models",
            "/api/v1/me/status",
            "/api/v1/profiles",
            "/metrics",
            "/openapi.json",
        ] {
            let answer = server.send_to(listen, "", "GET", path, "").await;
            let seen = (answer.status, answer.code());
            assert_eq!(seen, (401, "invalid_api_key".to_owned()), "{path}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
}

#[tokio::test]
async fn a_person_signs_in_by_the_functions_of_the_own_key() {
    let server = TestServer::start().await;
    let key = &server.keys.ada;
    let status = server.send(key, "GET", "/api/v1/me/status", "").await;
    assert_eq!(status.json()["state"], "not_connected", "{status:?}");
    let start = server
        .send(key, "POST", "/api/v1/me/start", "")
        .await
        .json();
    assert_eq!(start["status"], "pending", "{start}");
    let poll = serde_json::json!({"pending_id": start["pending_id"]}).to_string();
    let waiting = server.send(key, "POST", "/api/v1/me/poll", &poll).await;
    assert_eq!(waiting.json()["status"], "pending", "{waiting:?}");
    let approve = async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let code = start["user_code"].as_str().unwrap();
        server.simulator.approve(code).unwrap();
        server.pass_seconds(60);
    };
    let done = server.send(key, "POST", "/api/v1/me/poll?wait=25", &poll);
    let (done, ()) = tokio::join!(done, approve);
    assert_eq!(done.json()["status"], "connected", "{done:?}");
    for (method, function) in [
        ("GET", "models"),
        ("GET", "usage?force=true"),
        ("POST", "refresh"),
        ("POST", "logout"),
    ] {
        let target = format!("/api/v1/me/{function}");
        let answer = server.send(key, method, &target, "").await;
        assert_eq!(
            (answer.status, &answer.json()["ok"]),
            (200, &true.into()),
            "{target}"
        );
    }
    let ended = server.send(key, "GET", "/api/v1/me/models", "").await;
    assert_eq!(
        (ended.status, ended.code()),
        (409, "not-connected".to_owned())
    );
}

#[tokio::test]
async fn an_answer_is_that_of_the_command_line() {
    let server = TestServer::signed_in().await;
    let status = server.order("GET", "/api/v1/profiles/ada/status", "").await;
    let known =
        chatgpt_oauth::answers::connection::Status::from(&server.ada.status().await.unwrap());
    let known = chatgpt_oauth_answers::to_json(&known);
    let mut seen = status.json();
    let mut known: serde_json::Value = serde_json::from_str(&known).unwrap();
    for one in [&mut seen, &mut known] {
        one["expires_in_seconds"] = 0.into();
    }
    assert_eq!(seen, known);
}

#[tokio::test]
async fn an_administrator_pages_through_the_profiles_and_removes_one() {
    let server = TestServer::signed_in().await;
    for name in ["a+1@example.org", "b", "c"] {
        server
            .order("POST", &format!("/api/v1/profiles/{name}/start"), "")
            .await;
    }
    let page = server
        .order("GET", "/api/v1/profiles?limit=2", "")
        .await
        .json();
    assert_eq!(
        page["profiles"],
        serde_json::json!(["a+1@example.org", "ada"])
    );
    assert_eq!(page["next_after"], "ada");
    let page = server
        .order("GET", "/api/v1/profiles?after=a+1@example.org&limit=9", "")
        .await
        .json();
    assert_eq!(page["profiles"], serde_json::json!(["ada", "b", "c"]));
    assert_eq!(page["next_after"], serde_json::Value::Null);
    let refused = server.order("DELETE", "/api/v1/profiles/ada", "").await;
    assert_eq!(
        (refused.status, refused.code()),
        (409, "conflict".to_owned())
    );
    let removed = server
        .order("DELETE", "/api/v1/profiles/ada?force=true", "")
        .await;
    assert_eq!(removed.json()["removed"], true, "{removed:?}");
    let invalid = server
        .order("GET", "/api/v1/profiles/a%2Fb/status", "")
        .await;
    assert_eq!(
        (invalid.status, invalid.code()),
        (400, "invalid-argument".to_owned())
    );
}

#[tokio::test]
async fn a_model_call_goes_through_collected_and_streamed() {
    let server = TestServer::signed_in().await;
    let collected = server.call(false).await;
    assert_eq!(collected.json()["status"], "completed", "{collected:?}");
    let streamed = server.call(true).await;
    assert_eq!(streamed.header("content-type"), Some("text/event-stream"));
    assert!(streamed.text.contains("response.completed"), "{streamed:?}");
    for answer in [&collected, &streamed] {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("x-request-id").map(str::len), Some(36));
    }
    assert_eq!(server.simulator.requests_to(Endpoint::Responses).len(), 2);
    let models = server.send(&server.keys.ada, "GET", "/v1/models", "").await;
    assert_eq!(models.json()["object"], "list", "{models:?}");
    let none = server
        .send(&server.keys.ada, "GET", "/v1/embeddings", "")
        .await;
    assert_eq!(
        (none.status, none.code()),
        (404, "unsupported_endpoint".to_owned())
    );
}
