//! What a browser hears while its login waits.

use std::time::Duration;

use openai_simulator::{Endpoint, Fault};
use support::connect;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

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
async fn the_service_is_asked_while_a_browser_listens_and_not_longer() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let (browser, _) = bound(&server, &path).await;
    let mut events = listen(&server, &browser, &path).await;
    read_until(&mut events, "event: status").await;
    drop(events);
    server.wait_for_metrics("_streams_open 0\n").await;
    let asked = server.simulator.requests_to(Endpoint::DevicePoll).len();
    server.pass_seconds(60);
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(
        server.simulator.requests_to(Endpoint::DevicePoll).len(),
        asked
    );
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

/// Faults: G51
#[tokio::test]
async fn two_tabs_agree_on_how_a_login_has_ended() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let (mut browser, page) = bound(&server, &path).await;
    let mut tabs = [
        listen(&server, &browser, &path).await,
        listen(&server, &browser, &path).await,
    ];
    for tab in &mut tabs {
        read_until(tab, "event: status").await;
    }
    server.simulator.deny(of_class(&page, "code")).unwrap();
    server.pass_seconds(120);
    for tab in &mut tabs {
        read_until(tab, "event: change").await;
    }
    let page = browser.open(&path).await;
    assert_eq!(title(&page), "You declined", "{page:?}");
}

/// Faults: G51
#[tokio::test]
async fn a_tab_hears_that_another_one_has_begun_a_login() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let (mut browser, _) = bound(&server, &path).await;
    let mut tab = listen(&server, &browser, &path).await;
    read_until(&mut tab, "event: status").await;
    server.ada.logout(false).await.unwrap();
    let page = browser.press(&path, "new-code").await;
    read_until(&mut tab, "event: change").await;
    let again = browser.open(&path).await;
    assert_eq!(of_class(&again, "code"), of_class(&page, "code"));
}

/// Faults: G50
#[tokio::test]
async fn a_page_that_has_ended_hears_so() {
    let server = TestServer::with_page().await;
    let path = server.link().await;
    let (browser, _) = bound(&server, &path).await;
    let mut replaced = listen(&server, &browser, &path).await;
    read_until(&mut replaced, "event: status").await;
    let later = server.link().await;
    let mut other = Browser::new(&server.public);
    other.open(&later).await;
    other.press(&later, "continue").await;
    other.press(&later, "replace").await;
    read_until(&mut replaced, "event: change").await;

    let mut removed = listen(&server, &other, &later).await;
    read_until(&mut removed, "event: status").await;
    let answer = server.order("DELETE", "/api/v1/profiles/ada", "").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    read_until(&mut removed, "event: change").await;
}
