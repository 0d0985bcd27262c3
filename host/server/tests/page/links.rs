//! Who can open a link, and for how long.

use chatgpt_oauth::links::{LINK_LIFE, LinkSecret, Links, NewLink, SESSION_LIFE};

use super::*;

fn links(server: &TestServer) -> (Links, u64) {
    let links = Links::new(server.host.entries().unwrap());
    let now = links.now();
    (links, now)
}

/// A link for ada, made at this time.
async fn made(links: &Links, at: u64) -> LinkSecret {
    let new = NewLink {
        profile: "ada".parse().unwrap(),
        asks: "The Assistant".parse().unwrap(),
    };
    links.create(new, at).await.unwrap().secret
}

fn path_of(link: &LinkSecret) -> String {
    format!("/connect/{}", link.reveal())
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

/// Faults: G48
#[tokio::test]
async fn a_link_that_has_expired_or_is_not_there_says_so() {
    let server = TestServer::with_page().await;
    let (links, now) = links(&server);
    let link = made(&links, now - LINK_LIFE).await;
    let mut browser = Browser::new(&server.public);
    let path = path_of(&link);
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
    let page = support::until_refused(20, 404, async |_| {
        let guess = LinkSecret::generate().unwrap();
        browser.open(&format!("/connect/{}", guess.reveal())).await
    })
    .await;
    assert_eq!(title(&page), "Too many attempts");
}

/// Faults: G48
#[tokio::test]
async fn a_page_ends_after_an_hour_and_says_so() {
    let server = TestServer::with_page().await;
    let (links, now) = links(&server);
    let link = made(&links, now - SESSION_LIFE).await;
    let browser = LinkSecret::generate().unwrap();
    let bound = links.bind(&link, &browser, now - SESSION_LIFE).await;
    assert_eq!(bound.unwrap().expires_at, now);
    let mut browser = Browser::new(&server.public);
    let page = browser.open(&path_of(&link)).await;
    assert_eq!((page.status, title(&page)), (410, "This page has ended"));
}

#[tokio::test]
async fn a_page_lasts_as_long_as_the_code_that_it_shows() {
    let server = TestServer::with_page().await;
    let (links, now) = links(&server);
    let begun = now - SESSION_LIFE + 60;
    let (link, secret) = (made(&links, begun).await, LinkSecret::generate().unwrap());
    links.bind(&link, &secret, begun).await.unwrap();
    let mut browser = Browser::new(&server.public);
    let cookie = format!("connect-{}", &link.id().as_str()[..16]);
    browser.cookies.insert(cookie, secret.reveal().to_owned());
    let page = browser.press(&path_of(&link), "new-code").await;
    assert_eq!(title(&page), "Enter this code at OpenAI", "{page:?}");
    let left = links.find(&link).await.unwrap().unwrap().expires_at - now;
    assert!((800..=1000).contains(&left), "{left}");
}

/// Faults: G50
#[tokio::test]
async fn a_later_link_ends_an_earlier_one_and_sees_nothing_of_its_login() {
    let server = TestServer::with_page().await;
    let (earlier, later) = (server.link().await, server.link().await);
    let (mut first, page) = bound(&server, &earlier).await;
    let code = of_class(&page, "code").to_owned();
    let mut second = Browser::new(&server.public);
    second.open(&later).await;
    let page = second.press(&later, "continue").await;
    let seen = (page.status, title(&page));
    assert_eq!(seen, (409, "Another sign-in is under way"));
    let page = first.press(&earlier, "check").await;
    assert_eq!((page.status, title(&page)), (410, "This page has ended"));

    server.simulator.approve(&code).unwrap();
    for action in ["check", "disconnect", "new-code"] {
        let page = second.press(&later, action).await;
        for secret in [&*code, "ada@"] {
            assert!(!page.text.contains(secret), "{action}: {page:?}");
        }
    }
    let page = second.press(&later, "replace").await;
    assert_ne!(of_class(&page, "code"), code, "{page:?}");
}
