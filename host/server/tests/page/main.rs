//! The connect page: what each browser sees, and what each button does.

mod answers;
mod events;
mod links;
mod login;
#[path = "../support/mod.rs"]
mod support;

use support::browser::Browser;
use support::{Answer, TestServer};

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

/// A browser that has continued, and the page with its code.
async fn bound(server: &TestServer, path: &str) -> (Browser, Answer) {
    let mut browser = Browser::new(&server.public);
    browser.open(path).await;
    let page = browser.press(path, "continue").await;
    assert_eq!(title(&page), "Enter this code at OpenAI", "{page:?}");
    (browser, page)
}

/// A browser whose person has signed in.
async fn signed_in(server: &TestServer, path: &str) -> Browser {
    let (mut browser, page) = bound(server, path).await;
    server.simulator.approve(of_class(&page, "code")).unwrap();
    let page = browser.press(path, "check").await;
    assert_eq!(title(&page), "You are signed in", "{page:?}");
    browser
}
