//! The connect page: what each browser sees, and what each button does.

mod support;

use std::time::Duration;

use chatgpt_oauth::links::{LINK_LIFE, LinkSecret, Links, NewLink};
use openai_simulator::{Account, Endpoint, Fault};
use support::browser::Browser;
use support::{Answer, TestServer, connect};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The text of the first element of a class.
fn of_class<'a>(page: &'a Answer, class: &str) -> &'a str {
    let (_, rest) = page
        .text
        .split_once(&format!("class=\"{class}\""))
        .unwrap_or_else(|| panic!("no {class}: {page:?}"));
    let (_, rest) = rest.split_once('>').unwrap();
    rest.split('<').next().unwrap()
}

#[track_caller]
fn title(page: &Answer) -> &str {
    let (_, rest) = page
        .text
        .split_once("<h1>")
        .unwrap_or_else(|| panic!("{page:?}"));
    rest.split('<').next().unwrap()
}

#[track_caller]
fn assert_shows(page: &Answer, texts: &[&str]) {
    for text in texts {
        assert!(page.text.contains(text), "{text}: {page:?}");
    }
}

/// A browser that has continued.
async fn bound(server: &TestServer, path: &str) -> (Browser, Answer) {
    let mut browser = Browser::new(&server.public);
    browser.open(path).await;
    let page = browser.press(path, "continue").await;
    assert_eq!(title(&page), "Enter this code at OpenAI", "{page:?}");
    (browser, page)
}

#[tokio::test]
async fn a_person_signs_in_by_a_link() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let mut browser = Browser::new(&server.public);
    let asks = browser.open(&path).await;
    assert_eq!(
        (asks.status, title(&asks)),
        (200, "Sign in with your ChatGPT account")
    );
    assert_shows(&asks, &["The Assistant", "ada", "localhost"]);
    assert!(server.simulator.pending_codes().is_empty());

    let page = browser.press(&path, "continue").await;
    let code = of_class(&page, "code").to_owned();
    assert_eq!(server.simulator.pending_codes(), [&*code]);
    assert_shows(
        &page,
        &["https://auth.openai.com/codex/device", "<svg", "Valid for"],
    );
    let again = browser.press(&path, "check").await;
    assert_eq!(of_class(&again, "code"), code, "{again:?}");

    server.simulator.approve(&code).unwrap();
    server.pass_seconds(60);
    let page = browser.press(&path, "check").await;
    assert_eq!(title(&page), "You are signed in", "{page:?}");
    assert_shows(
        &page,
        &["ada@example.com", "plus", "5 hours", "% used", "gpt-"],
    );
    let reloaded = browser.open(&path).await;
    assert_eq!(title(&reloaded), "You are signed in");

    let page = browser.press(&path, "start-over").await;
    assert_ne!(of_class(&page, "code"), code, "{page:?}");
    assert!(!server.ada.status().await.unwrap().connected);
    server.simulator.approve(of_class(&page, "code")).unwrap();
    server.pass_seconds(120);
    browser.press(&path, "check").await;
    let page = browser.press(&path, "disconnect").await;
    assert_eq!(title(&page), "Disconnected", "{page:?}");
    assert!(!server.ada.status().await.unwrap().connected);
}

/// Faults: G48
#[tokio::test]
async fn a_get_binds_no_link_and_begins_no_login() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    for _ in 0..3 {
        for site in ["none", "cross-site"] {
            let mut preview = Browser::new(&server.public);
            let page = preview.send("GET", &path, site, "").await;
            assert_eq!(title(&page), "Sign in with your ChatGPT account");
            preview.send("HEAD", &path, site, "").await;
        }
    }
    assert!(server.simulator.requests().is_empty());
    bound(&server, &path).await;
}

/// Faults: G48
#[tokio::test]
async fn a_second_browser_is_turned_away() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let mut second = Browser::new(&server.public);
    second.open(&path).await;
    let (mut first, page) = bound(&server, &path).await;
    let code = of_class(&page, "code").to_owned();
    for page in [
        second.open(&path).await,
        second.press(&path, "continue").await,
        second.press(&path, "check").await,
        second.press(&path, "disconnect").await,
        second.open(&format!("{path}/events")).await,
        Browser::new(&server.public).open(&path).await,
    ] {
        let seen = (page.status, title(&page));
        assert_eq!(seen, (403, "This link is open in another browser"));
        assert!(!page.text.contains(&code), "{page:?}");
    }
    server.simulator.approve(&code).unwrap();
    first.press(&path, "check").await;
    let page = second.open(&path).await;
    assert_eq!((page.status, title(&page)), (403, "This link was used"));
    assert!(!page.text.contains("ada@"), "{page:?}");
    let page = first.open(&path).await;
    assert_eq!(title(&page), "You are signed in", "{page:?}");
}

#[tokio::test]
async fn a_browser_that_follows_the_link_again_is_led_to_its_page() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let (mut browser, _) = bound(&server, &path).await;
    let page = browser.send("GET", &path, "cross-site", "").await;
    assert_shows(&page, &[&format!("content=\"0; url={path}\"")]);
    assert_eq!(page.header("set-cookie"), None);
    let page = browser.send("GET", &path, "same-origin", "").await;
    assert_eq!(title(&page), "Enter this code at OpenAI");
}

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
        assert_eq!(page.status, 400, "{body}");
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
    let asks = Browser::new(&server.public)
        .open(&server.link().await)
        .await;
    let unknown = browser.open("/connect/x").await;
    for page in [asks, code, account, unknown] {
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
        "Max-Age=4500",
    ] {
        assert!(cookie.split("; ").any(|it| it == attribute), "{cookie}");
    }
    let name = |cookie: &str| cookie.split('=').next().unwrap().to_owned();
    let first = name(cookie);
    let other = browser.open(&server.link().await).await;
    assert_ne!(name(other.header("set-cookie").unwrap()), first);

    let plain = TestServer::with_page().await;
    let page = Browser::new(&plain.public).open(&plain.link().await).await;
    let cookie = page.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("connect-") && !cookie.contains("Secure"),
        "{cookie}"
    );
}

/// Faults: G48
#[tokio::test]
async fn a_link_that_has_expired_or_is_not_there_says_so() {
    let server = TestServer::with_page().await;
    let links = Links::new(server.host.entries().unwrap());
    let new = NewLink {
        profile: "ada".parse().unwrap(),
        asks: "The Assistant".parse().unwrap(),
    };
    let made = links.create(new, links.now() - LINK_LIFE).await.unwrap();
    let mut browser = Browser::new(&server.public);
    let path = format!("/connect/{}", made.secret.reveal());
    for page in [
        browser.open(&path).await,
        browser.press(&path, "continue").await,
    ] {
        assert_eq!((page.status, title(&page)), (410, "This link has expired"));
    }
    for path in [
        "/connect/",
        "/connect/x",
        "/connect/x/y",
        "/connect/x/events",
    ] {
        let page = browser.open(path).await;
        assert_eq!(
            (page.status, title(&page)),
            (404, "This link is not valid"),
            "{path}"
        );
    }
    let mut page = browser.open("/connect/").await;
    for _ in 0..30 {
        let guess = LinkSecret::generate().unwrap();
        page = browser.open(&format!("/connect/{}", guess.reveal())).await;
    }
    assert_eq!((page.status, title(&page)), (429, "Too many attempts"));
}

#[tokio::test]
async fn a_login_that_ends_says_why_and_another_can_begin() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let (mut browser, page) = bound(&server, &path).await;
    server.simulator.deny(of_class(&page, "code")).unwrap();
    let page = browser.press(&path, "check").await;
    assert_eq!(title(&page), "You declined", "{page:?}");
    let page = browser.open(&path).await;
    assert_eq!(title(&page), "You declined", "{page:?}");

    let page = browser.press(&path, "new-code").await;
    server
        .simulator
        .expire_code(of_class(&page, "code"))
        .unwrap();
    server.pass_seconds(60);
    let page = browser.press(&path, "check").await;
    assert_eq!(title(&page), "The code has expired", "{page:?}");

    browser.press(&path, "new-code").await;
    server.ada.logout(false).await.unwrap();
    let page = browser.open(&path).await;
    assert_eq!(title(&page), "You are signed out", "{page:?}");
}

#[tokio::test]
async fn a_service_that_fails_leaves_a_page_to_try_again() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let mut browser = Browser::new(&server.public);
    browser.open(&path).await;
    server
        .simulator
        .fault(Endpoint::UserCode, Fault::status(500));
    let page = browser.press(&path, "continue").await;
    assert_eq!((page.status, title(&page)), (503, "That did not work"));
    assert_shows(&page, &["upstream-error", "Try again"]);
    let page = browser.open(&path).await;
    assert_eq!(title(&page), "You have no code yet");
    let page = browser.press(&path, "new-code").await;
    assert_eq!(title(&page), "Enter this code at OpenAI");
    for _ in 0..3 {
        server.ada.logout(false).await.unwrap();
        browser.press(&path, "new-code").await;
    }
    let page = browser.press(&path, "new-code").await;
    assert_eq!((page.status, title(&page)), (429, "Too many attempts"));
}

#[tokio::test]
async fn the_account_of_another_login_is_not_shown() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let (mut browser, page) = bound(&server, &path).await;
    server.simulator.approve(of_class(&page, "code")).unwrap();
    browser.press(&path, "check").await;
    server.simulator.update_account(0, |account: &mut Account| {
        account.email = "other@example.com".to_owned();
    });
    server.pass_seconds(60);
    server.sign_in().await;
    let page = browser.open(&path).await;
    assert!(!page.text.contains("other@"), "{page:?}");
    let page = browser.press(&path, "disconnect").await;
    assert_eq!(title(&page), "Disconnected");
    let status = server.ada.status().await.unwrap();
    assert_eq!(status.email.as_deref(), Some("other@example.com"));
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

/// Reads a stream until a text has come.
async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut read = Vec::new();
    let reading = async {
        loop {
            let so_far = String::from_utf8_lossy(&read).into_owned();
            if so_far.contains(text) {
                return so_far;
            }
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).await.unwrap();
            assert!(count > 0, "the end, without {text}: {so_far}");
            read.extend_from_slice(&buffer[..count]);
        }
    };
    tokio::time::timeout(support::LONG, reading).await.unwrap()
}

/// Listens to the events of a link.
async fn listen(server: &TestServer, browser: &Browser, path: &str) -> TcpStream {
    let mut stream = connect(&server.public).await;
    let events = format!("{path}/events");
    let request = browser.request("GET", &events, "same-origin", "");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_browser_that_listens_hears_that_the_login_is_approved() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let (mut browser, page) = bound(&server, &path).await;
    let mut events = listen(&server, &browser, &path).await;
    let heard = read_until(&mut events, "event: status").await;
    assert!(heard.contains("content-type: text/event-stream"), "{heard}");
    server.simulator.approve(of_class(&page, "code")).unwrap();
    server.pass_seconds(120);
    read_until(&mut events, "event: change").await;
    let page = browser.open(&path).await;
    assert_eq!(title(&page), "You are signed in", "{page:?}");
}

#[tokio::test]
async fn a_browser_that_listens_hears_that_the_service_fails() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let (browser, _) = bound(&server, &path).await;
    server
        .simulator
        .fault(Endpoint::DevicePoll, Fault::status(500));
    let mut events = listen(&server, &browser, &path).await;
    read_until(&mut events, "data: OpenAI cannot be reached").await;
}

#[tokio::test]
async fn the_service_is_asked_while_somebody_listens_and_not_longer() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let (browser, _) = bound(&server, &path).await;
    let mut events = listen(&server, &browser, &path).await;
    read_until(&mut events, "event: status").await;
    drop(events);
    let asked = server.simulator.requests_to(Endpoint::DevicePoll).len();
    server.pass_seconds(60);
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(
        server.simulator.requests_to(Endpoint::DevicePoll).len(),
        asked
    );
    let streams = server.order("GET", "/metrics", "").await;
    assert_shows(&streams, &["chatgpt_oauth_streams_open 0"]);
}

#[tokio::test]
async fn a_listening_browser_does_not_hold_a_server_that_ends() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let (browser, _) = bound(&server, &path).await;
    let mut events = listen(&server, &browser, &path).await;
    read_until(&mut events, "event: status").await;
    server.handle.drain();
    support::read_to_end(&mut events).await;
    tokio::time::timeout(support::LONG, server.serving)
        .await
        .unwrap()
        .unwrap();
}
