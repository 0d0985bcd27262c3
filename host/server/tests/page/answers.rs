//! What every answer to a browser keeps: where it comes from, and to whom it goes.

use super::*;

/// Faults: G49
#[tokio::test]
async fn only_a_form_of_the_page_presses_a_button() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let mut browser = Browser::new(&server.public);
    browser.open(&path).await;
    for site in ["cross-site", "same-site", "none"] {
        let page = browser.send("POST", &path, site, "action=continue").await;
        assert_eq!((page.status, title(&page)), (403, "The button did nothing"));
    }
    let foreign = browser
        .request("POST", &path, "same-origin", "action=continue")
        .replace("origin: null", "origin: https://evil.example");
    let page = Answer::parse(&support::exchange(&server.public, foreign).await);
    assert_eq!((page.status, title(&page)), (403, "The button did nothing"));
    for body in ["", "action=x", "action=continue&action=check", "{}"] {
        let page = browser.send("POST", &path, "same-origin", body).await;
        let seen = (page.status, title(&page));
        assert_eq!(seen, (400, "The button did nothing"), "{body}");
    }
    browser.cookies.clear();
    let page = browser
        .send("POST", &path, "same-origin", "action=continue")
        .await;
    assert_eq!(
        (page.status, title(&page)),
        (403, "Your browser sends no cookie")
    );
    let posted = browser
        .send("POST", &format!("{path}/events"), "same-origin", "")
        .await;
    assert_eq!(posted.status, 405);
    assert!(server.simulator.requests().is_empty());
    bound(&server, &path).await;
}

#[tokio::test]
async fn a_page_keeps_to_itself() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let (mut browser, code) = bound(&server, &path).await;
    server.simulator.approve(of_class(&code, "code")).unwrap();
    let account = browser.press(&path, "check").await;
    assert_eq!(title(&account), "You are signed in", "{account:?}");
    let asks = Browser::new(&server.public)
        .open(&server.link().await)
        .await;
    let unknown = browser.open("/connect/x").await;
    let own = "same-origin";
    let led = browser.send("POST", &path, own, "action=check").await;
    let unreadable = browser.send("POST", &path, own, "action=x").await;
    let refused = browser.send("DELETE", &path, own, "").await;
    let events = browser.open(&format!("{path}/events")).await;
    assert_eq!(
        [led.status, unreadable.status, refused.status, events.status],
        [303, 400, 405, 200]
    );
    for page in [
        asks, code, account, unknown, led, unreadable, refused, events,
    ] {
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(
            !policy.contains("unsafe") && !policy.contains("http"),
            "{policy}"
        );
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        for inline in [" style=", "<style", " onclick", "<script>", "http-equiv"] {
            assert!(!page.text.contains(inline), "{inline}: {page:?}");
        }
    }
    for (file, media_type) in [
        ("style.css", "text/css; charset=utf-8"),
        ("script.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ] {
        let file = browser.open(&format!("/connect/{file}")).await;
        assert_eq!(
            (file.status, file.header("content-type")),
            (200, Some(media_type))
        );
    }
}

#[tokio::test]
async fn the_cookie_is_for_this_host_this_link_and_no_other_site() {
    let server = TestServer::with(|options| {
        options.behind_proxy = vec!["127.0.0.1/32".parse().unwrap()];
        options.public_url = Some("https://login.example.org".parse().unwrap());
    })
    .await;
    let path = server.link().await;
    let mut browser = Browser::new(&server.public);
    browser.host = "login.example.org";
    let page = browser.open(&path).await;
    let cookie = page.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-connect-"), "{cookie}");
    for attribute in [
        "Path=/",
        "HttpOnly",
        "SameSite=Strict",
        "Secure",
        "Max-Age=86400",
    ] {
        assert!(cookie.split("; ").any(|it| it == attribute), "{cookie}");
    }
    let name = |cookie: &str| cookie.split('=').next().unwrap().to_owned();
    let first = name(cookie);
    let other = browser.open(&server.link().await).await;
    assert_ne!(name(other.header("set-cookie").unwrap()), first);

    browser.host = "localhost";
    let page = browser.open(&path).await;
    assert_eq!((page.status, &*page.code()), (421, "misdirected_request"));

    let plain = TestServer::with_page().await;
    let page = Browser::new(&plain.public).open(&plain.link().await).await;
    let cookie = page.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("connect-") && !cookie.contains("Secure"),
        "{cookie}"
    );
}

#[tokio::test]
async fn a_page_speaks_the_language_of_the_browser() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let mut browser = Browser::new(&server.public);
    browser.language = "de-DE,de;q=0.9,en;q=0.5";
    let page = browser.open(&path).await;
    assert_eq!(title(&page), "Mit Ihrem ChatGPT-Konto anmelden");
    assert_shows(&page, &["<html lang=\"de\">", "The Assistant"]);
}
