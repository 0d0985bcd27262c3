//! What the page does with the login of its profile.

use chatgpt_oauth::ErrorCode;
use openai_simulator::{Account, Endpoint, Fault};

use super::*;

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
    let mut page = browser.press(&path, "new-code").await;
    assert_eq!(title(&page), "Enter this code at OpenAI");
    // The three of a minute come back while the test runs, the ten of an hour do not.
    for _ in 0..10 {
        if page.status == 429 {
            break;
        }
        server.ada.logout(false).await.unwrap();
        page = browser.press(&path, "new-code").await;
    }
    assert_eq!((page.status, title(&page)), (429, "Too many attempts"));
}

#[tokio::test]
async fn the_account_of_another_login_is_not_shown() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let mut browser = signed_in(&server, &path).await;
    server.simulator.update_account(0, |account: &mut Account| {
        account.email = "other@example.com".to_owned();
    });
    server.pass_seconds(60);
    server.sign_in().await;
    let page = browser.open(&path).await;
    assert!(!page.text.contains("other@"), "{page:?}");
    let page = browser.press(&path, "disconnect").await;
    assert_eq!(title(&page), "You are signed out");
    let status = server.ada.status().await.unwrap();
    assert_eq!(status.email.as_deref(), Some("other@example.com"));
}

/// Faults: P06
#[tokio::test]
async fn an_account_is_signed_out_also_while_another_login_waits() {
    for (action, then) in [
        ("disconnect", "Disconnected"),
        ("start-over", "Enter this code at OpenAI"),
    ] {
        let server = TestServer::with_page().await;
        let path = server.link().await;
        let mut browser = signed_in(&server, &path).await;
        server.ada.start().await.unwrap();
        let page = browser.open(&path).await;
        assert_eq!(title(&page), "You are signed in", "{page:?}");
        let page = browser.press(&path, action).await;
        assert_eq!(title(&page), then, "{page:?}");
        let status = server.ada.status().await.unwrap();
        assert!(!status.connected && status.email.is_none(), "{status:?}");
    }
}

/// Faults: G50
#[tokio::test]
async fn a_login_that_a_key_has_begun_is_replaced_when_the_person_says_so() {
    let server = TestServer::with_page().await;
    server.sign_in().await;
    server.pass_seconds(60);
    let theirs = server.ada.start().await.unwrap().pending;
    let path = server.link().await;
    let mut browser = Browser::new(&server.public);
    browser.open(&path).await;
    for action in ["continue", "new-code"] {
        let page = browser.press(&path, action).await;
        let seen = (page.status, title(&page));
        assert_eq!(seen, (409, "Another sign-in is under way"));
        assert!(!page.text.contains(&theirs.user_code), "{page:?}");
    }
    let page = browser.open(&path).await;
    assert_eq!(title(&page), "You have no code yet");
    assert!(server.ada.status().await.unwrap().connected);

    let page = browser.press(&path, "replace").await;
    assert_ne!(of_class(&page, "code"), theirs.user_code, "{page:?}");
    assert!(!server.ada.status().await.unwrap().connected);
    let replaced = server.ada.poll(Some(&theirs.pending_id)).await.unwrap_err();
    assert_eq!(replaced.code, ErrorCode::LoginSuperseded);
}

#[tokio::test]
async fn nothing_is_signed_out_when_no_other_login_waits() {
    let server = TestServer::with_page().await;
    server.sign_in().await;
    let path = server.link().await;
    let (mut browser, page) = bound(&server, &path).await;
    let again = browser.press(&path, "replace").await;
    assert_eq!(of_class(&again, "code"), of_class(&page, "code"));
    assert!(server.ada.status().await.unwrap().connected);
}
