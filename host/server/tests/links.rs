//! Links, made by the management API.

mod support;

use support::TestServer;
use support::browser::Browser;

const BODY: &str = r#"{"asks": "The Assistant"}"#;

/// Faults: G16
#[tokio::test]
async fn a_key_of_scope_onboarding_makes_links_for_its_own_profile() {
    let server = TestServer::with_page().await;
    let target = "/api/v1/me/links";
    for key in [&server.keys.ada_read, &server.keys.ada_inference] {
        let refused = server.send(key, "POST", target, BODY).await;
        assert_eq!(
            (refused.status, &*refused.code()),
            (403, "insufficient_scope")
        );
    }
    let made = server
        .send(&server.keys.ada_onboarding, "POST", target, BODY)
        .await;
    let made = made.json();
    assert_eq!(made["profile"], "ada", "{made}");
    assert_eq!(made["asks"], "The Assistant");
    let life = made["expires_at"].as_u64().unwrap() - made["created_at"].as_u64().unwrap();
    assert_eq!(life, 900);
    let url = made["url"].as_str().unwrap();
    assert!(url.starts_with("http://localhost/connect/"), "{url}");
    let of_grace = server.send(&server.keys.grace, "POST", target, BODY).await;
    assert_eq!(of_grace.json()["profile"], "grace");
}

#[tokio::test]
async fn a_link_says_who_asks_in_visible_words() {
    let server = TestServer::with_page().await;
    let target = "/api/v1/profiles/ada/links";
    for body in [
        "{}",
        r#"{"asks": ""}"#,
        r#"{"asks": "a\u202eb"}"#,
        r#"{"asks": 1}"#,
    ] {
        let refused = server.order("POST", target, body).await;
        assert_eq!(refused.status, 400, "{body} {refused:?}");
    }
    let markup = r#"{"asks": "<b>&\"'</b>"}"#;
    let made = server.order("POST", target, markup).await.json();
    let url = made["url"].as_str().unwrap();
    let path = &url[url.find("/connect/").unwrap()..];
    let page = Browser::new(&server.public).open(path).await;
    assert!(
        page.text.contains("&lt;b&gt;&amp;&quot;'&lt;/b&gt;"),
        "{page:?}"
    );
}

#[tokio::test]
async fn a_server_without_a_public_url_has_no_page() {
    let server = TestServer::start().await;
    let refused = server
        .order("POST", "/api/v1/profiles/ada/links", BODY)
        .await;
    assert_eq!((refused.status, &*refused.code()), (409, "conflict"));
    assert!(refused.text.contains("--public-url"), "{refused:?}");
    let page = Browser::new(&server.public)
        .open("/connect/style.css")
        .await;
    assert_eq!(page.status, 401);
}

#[tokio::test]
async fn a_profile_has_twenty_open_links_and_none_after_its_removal() {
    let server = TestServer::with_page().await;
    let target = "/api/v1/profiles/ada/links";
    let path = server.link().await;
    for _ in 1..20 {
        assert_eq!(server.order("POST", target, BODY).await.status, 200);
    }
    let refused = server.order("POST", target, BODY).await;
    assert_eq!((refused.status, &*refused.code()), (429, "rate-limited"));
    let removed = server.order("DELETE", "/api/v1/profiles/ada", "").await;
    assert_eq!(removed.status, 200, "{removed:?}");
    let page = Browser::new(&server.public).open(&path).await;
    assert_eq!(page.status, 404);
    assert_eq!(server.order("POST", target, BODY).await.status, 200);
}
