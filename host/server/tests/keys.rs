//! Who may do what with which key, and how often.

mod support;

use std::time::Duration;

use openai_simulator::{Gate, Script};
use support::{Answer, TestServer, connect, exchange, prompt, read_to_end, request, until_refused};
use tokio::io::AsyncWriteExt;

/// Faults: G16 G17 G20
#[tokio::test]
async fn every_key_that_is_not_valid_here_has_the_same_answer() {
    let server = TestServer::start().await;
    let unknown = TestServer::start().await.keys.ada;
    let target = "/api/v1/profiles/ada/keys";
    let made = server.send_to(&server.admin, &server.keys.admin, "POST", target, "{}");
    let made = made.await.json();
    let (revoked, id) = (made["key"].as_str().unwrap(), made["id"].as_str());
    let target = format!("{target}/{}", id.unwrap());
    let revoking = server.send_to(&server.admin, &server.keys.admin, "DELETE", &target, "");
    assert_eq!(revoking.await.status, 200);
    let without_id = |answer: &Answer| {
        let headers: Vec<_> = answer
            .headers
            .iter()
            .filter(|(name, _)| name != "x-request-id" && name != "date")
            .cloned()
            .collect();
        (answer.status, headers, answer.text.clone())
    };
    let mut answers = Vec::new();
    for (listen, key) in [
        (&server.public, unknown.as_str()),
        (&server.public, revoked),
        (&server.public, ""),
        (&server.public, "sk-1"),
        (&server.public, &server.keys.admin),
        (&server.admin, &server.keys.ada),
        (&server.admin, &unknown),
    ] {
        let answer = server
            .send_to(listen, key, "GET", "/api/v1/profiles", "")
            .await;
        assert_eq!(
            (answer.status, answer.code()),
            (401, "invalid_api_key".to_owned())
        );
        answers.push(without_id(&answer));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

/// Faults: G16
#[tokio::test]
async fn a_key_permits_what_its_scopes_name() {
    let server = TestServer::signed_in().await;
    let keys = &server.keys;
    let body = prompt(false).to_string();
    for (method, target, body, permitted) in [
        ("GET", "/api/v1/me/status", "", [true, true, false]),
        ("GET", "/api/v1/me/usage", "", [true, true, false]),
        ("GET", "/api/v1/me/models", "", [true, true, true]),
        ("POST", "/api/v1/me/refresh", "", [false, true, false]),
        ("POST", "/api/v1/me/poll", "", [false, true, false]),
        ("GET", "/v1/models", "", [false, false, true]),
        ("POST", "/v1/responses", &body, [false, false, true]),
        ("POST", "/api/v1/me/start", "", [false, true, false]),
        ("POST", "/api/v1/me/logout", "", [false, true, false]),
    ] {
        let of_scope = [&keys.ada_read, &keys.ada_onboarding, &keys.ada_inference];
        for (key, is_permitted) in of_scope.into_iter().zip(permitted) {
            let answer = server.send(key, method, target, body).await;
            let is_refused = answer.status == 403 && answer.code() == "insufficient_scope";
            assert_eq!(
                is_refused, !is_permitted,
                "{method} {target} {key} {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_key_without_a_scope_is_not_made() {
    let server = TestServer::start().await;
    let target = "/api/v1/profiles/ada/keys";
    let body = r#"{"scopes": []}"#;
    let made = server.send_to(&server.admin, &server.keys.admin, "POST", target, body);
    assert_eq!(made.await.status, 400);
}

#[tokio::test]
async fn a_key_reaches_its_own_profile_alone() {
    let server = TestServer::signed_in().await;
    let status = server
        .send(&server.keys.grace, "GET", "/api/v1/me/status", "")
        .await;
    assert_eq!(status.json()["state"], "not_connected");
    let body = prompt(false).to_string();
    let call = server
        .send(&server.keys.grace, "POST", "/v1/responses", &body)
        .await;
    assert_eq!(
        (call.status, call.code()),
        (403, "login_required".to_owned())
    );
}

/// Faults: G23
#[tokio::test]
async fn failures_of_an_address_are_limited_and_valid_keys_are_not() {
    let server = TestServer::with(|options| {
        options.behind_proxy = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let unknown = format!("Bearer {}", TestServer::start().await.keys.ada);
    let fail = async |forwarded: &str| {
        let headers = [("authorization", &*unknown), ("x-forwarded-for", forwarded)];
        let text = request("GET", "/v1/models", &headers, "");
        Answer::parse(&exchange(&server.public, text).await)
    };
    let limited = until_refused(20, 401, async |n| {
        // What a client puts left of its address does not count.
        fail(&format!("198.51.100.{n}, 203.0.113.9")).await
    })
    .await;
    assert_eq!(limited.code(), "rate_limit_exceeded");
    assert!(limited.header("retry-after").is_some());
    assert_eq!(fail("203.0.113.10").await.status, 401);

    let bearer = format!("Bearer {}", server.keys.ada);
    let headers = [
        ("authorization", &*bearer),
        ("x-forwarded-for", "203.0.113.9"),
    ];
    let text = request("GET", "/api/v1/me/status", &headers, "");
    let valid = Answer::parse(&exchange(&server.public, text).await);
    assert_eq!(valid.status, 200, "{valid:?}");
}

/// Faults: G17
#[tokio::test]
async fn a_request_without_a_key_is_no_failure_of_its_address() {
    let server = TestServer::start().await;
    for n in 0..25 {
        for key in ["", "x", "cgop_0123456789"] {
            let answer = server.send(key, "GET", "/api/v1/me/status", "").await;
            assert_eq!(answer.status, 401, "{n} {key:?} {answer:?}");
        }
    }
}

/// Faults: G23
#[tokio::test]
async fn a_peer_that_is_no_proxy_cannot_say_who_it_is() {
    let server = TestServer::start().await;
    let unknown = format!("Bearer {}", TestServer::start().await.keys.ada);
    until_refused(20, 401, async |n| {
        let forwarded = format!("203.0.113.{n}");
        let headers = [
            ("authorization", &*unknown),
            ("x-forwarded-for", &*forwarded),
        ];
        let text = request("GET", "/v1/models", &headers, "");
        Answer::parse(&exchange(&server.public, text).await)
    })
    .await;
}

#[tokio::test]
async fn a_profile_begins_three_logins_a_minute() {
    let server = TestServer::start().await;
    let limited = until_refused(3, 200, async |_| {
        server
            .send(&server.keys.ada, "POST", "/api/v1/me/start", "")
            .await
    })
    .await;
    assert_eq!(limited.code(), "rate_limit_exceeded");
    let of_grace = server
        .send(&server.keys.grace, "POST", "/api/v1/me/start", "")
        .await;
    assert_eq!(of_grace.status, 200, "{of_grace:?}");
}

#[tokio::test]
async fn a_key_makes_so_many_calls_a_second() {
    let server = TestServer::with(|options| options.key_limits.rate = 1.try_into().unwrap()).await;
    server.sign_in().await;
    let models = async |key: &str| server.send(key, "GET", "/v1/models", "").await;
    let ada = &server.keys.ada;
    let answers = tokio::join!(models(ada), models(ada), models(ada));
    let limited = [answers.0, answers.1, answers.2];
    let limited = limited.iter().find(|answer| answer.status == 429).unwrap();
    assert_eq!(limited.code(), "rate_limit_exceeded");
    assert_eq!(limited.header("retry-after"), Some("1"));
    assert_eq!(models(&server.keys.ada_inference).await.status, 200);
}

#[tokio::test]
async fn a_key_has_so_many_calls_at_a_time() {
    let server =
        TestServer::with(|options| options.key_limits.streams = 1.try_into().unwrap()).await;
    server.sign_in().await;
    let held = Script::begin().gate(&Gate::default());
    let stream = server.open_stream(held).await;
    let second = server.call(false).await;
    assert_eq!(
        (second.status, second.code()),
        (429, "rate_limit_exceeded".to_owned())
    );
    drop(stream);
    // Until the server has noticed that the first caller has left.
    while server.call(false).await.status == 429 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut idle = connect(&server.public).await;
    idle.shutdown().await.unwrap();
    assert!(read_to_end(&mut idle).await.is_empty());
}

#[tokio::test]
async fn an_administrator_makes_lists_rotates_and_revokes_keys_of_a_profile() {
    let server = TestServer::start().await;
    let body = r#"{"scopes": ["read"], "label": "of a test", "expires_in_seconds": 60.0}"#;
    let created = server
        .order("POST", "/api/v1/profiles/grace/keys", body)
        .await
        .json();
    let key = created["key"].as_str().unwrap().to_owned();
    assert_eq!(
        (&created["profile"], &created["label"]),
        (&"grace".into(), &"of a test".into())
    );
    let status = async |key: &str| {
        server
            .send(key, "GET", "/api/v1/me/status", "")
            .await
            .status
    };
    assert_eq!(status(&key).await, 200);

    let one = format!(
        "/api/v1/profiles/grace/keys/{}",
        created["id"].as_str().unwrap()
    );
    let rotated = server
        .order("POST", &format!("{one}/rotate"), "")
        .await
        .json();
    let next = rotated["key"].as_str().unwrap().to_owned();
    assert_eq!(rotated["previous_id"], created["id"]);
    assert_eq!((status(&key).await, status(&next).await), (200, 200));

    let listed = server.order("GET", "/api/v1/profiles/grace/keys", "").await;
    assert_eq!(
        listed.json()["keys"].as_array().unwrap().len(),
        3,
        "{listed:?}"
    );
    assert!(!listed.text.contains(&key[15..]) && !listed.text.contains(&next[15..]));

    let revoked = server.order("DELETE", &one, "").await.json();
    assert_eq!(revoked["revoked"], true, "{revoked}");
    let ended = server.order("POST", &format!("{one}/rotate"), "").await;
    assert_eq!((ended.status, ended.code()), (409, "conflict".to_owned()));
    assert_eq!((status(&key).await, status(&next).await), (401, 200));
}

#[tokio::test]
async fn a_key_of_another_profile_is_unknown_and_a_wrong_field_is_named() {
    let server = TestServer::start().await;
    let of_ada = &server.keys.ada[5..15];
    for (method, target) in [
        ("DELETE", format!("/api/v1/profiles/grace/keys/{of_ada}")),
        (
            "POST",
            format!("/api/v1/profiles/grace/keys/{of_ada}/rotate"),
        ),
        ("DELETE", "/api/v1/profiles/grace/keys/x".to_owned()),
    ] {
        let answer = server.order(method, &target, "").await;
        let seen = (answer.status, answer.code());
        assert_eq!(seen, (404, "not_found".to_owned()), "{target}");
    }
    for body in [
        r#"{"scopes": ["admin"]}"#,
        r#"{"expires_in_seconds": 0}"#,
        r#"{"expires_in_seconds": 60.5}"#,
        r#"{"label": "\u001b[31m"}"#,
        r#"{"admin": true}"#,
    ] {
        let answer = server
            .order("POST", "/api/v1/profiles/grace/keys", body)
            .await;
        assert_eq!(answer.status, 400, "{body} {answer:?}");
    }
}

#[tokio::test]
async fn keys_come_page_by_page() {
    let server = TestServer::start().await;
    let target = "/api/v1/profiles/page/keys";
    let mut made = Vec::new();
    for _ in 0..3 {
        let key = server.order("POST", target, "{}").await.json();
        made.push(key["id"].as_str().unwrap().to_owned());
    }
    made.sort();
    let mut listed = Vec::new();
    let mut query = "?limit=1".to_owned();
    loop {
        let page = server.order("GET", &format!("{target}{query}"), "").await;
        let page = page.json();
        let keys = page["keys"].as_array().unwrap();
        listed.extend(
            keys.iter()
                .map(|key| key["id"].as_str().unwrap().to_owned()),
        );
        match page["next_after"].as_str() {
            Some(after) => query = format!("?limit=1&after={after}"),
            None => break,
        }
    }
    assert_eq!(listed, made);
    for query in ["?limit=0", "?after=%00", "?after=x", "?limit=1001"] {
        let refused = server.order("GET", &format!("{target}{query}"), "").await;
        assert_eq!(refused.status, 400, "{query} {refused:?}");
    }
}

/// Faults: G18
#[tokio::test]
async fn the_streams_of_a_revoked_key_end_at_their_next_event() {
    let server = TestServer::signed_in().await;
    let slow = Script::deltas(1000, Duration::from_millis(20));
    let mut stream = server.open_stream(slow).await;
    let target = format!("/api/v1/profiles/ada/keys/{}", &server.keys.ada[5..15]);
    server.order("DELETE", &target, "").await;
    let answer = Answer::parse(&read_to_end(&mut stream).await);
    let (_, last) = answer.text.rsplit_once("event: ").unwrap();
    assert!(last.starts_with("response.failed"), "{last}");
    assert!(last.contains("invalid_api_key"), "{last}");
}
