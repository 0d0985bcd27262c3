//! What a hook call costs more than the same call outside of a guest: a guest in wasmtime
//! builds a request, sends it, and reads the whole answer.

use std::time::{Duration, Instant};

use chatgpt_oauth_gateway::{Gateway, ModelAccess, ModelHooks};
use http_body_util::BodyExt;
use serde_json::json;

use crate::figures::{Times, print_difference};
use crate::guest::Guest;
use crate::{REQUEST, upstream};

pub async fn measure(time: Duration) {
    let upstream = upstream::start(&json!({}));
    let (host, profile) = upstream::signed_in(&upstream.announced).await;
    let gateway = Gateway::builder(host).build().expect("a gateway");
    let access = gateway.access(profile);
    let mut guest = Guest::new(ModelHooks::only(access.clone())).await;

    let (mut inside, mut outside) = (Times::default(), Times::default());
    for _ in 0..50 {
        by_guest(&mut guest).await;
        by_host(&access).await;
    }
    let begun = Instant::now();
    while begun.elapsed() < 2 * time {
        inside.add(by_guest(&mut guest).await);
        outside.add(by_host(&access).await);
    }
    println!("\none call after another, in turn");
    outside.print("outside of a guest");
    inside.print("by a guest's wasi:http");
    print_difference("the hook costs", &inside, &outside);
}

async fn by_guest(guest: &mut Guest) -> Duration {
    let begun = Instant::now();
    let body = format!("body={REQUEST}");
    let order = [
        "request",
        "authority=openai-codex.invalid",
        "path=/v1/responses",
        &body,
    ];
    let end = guest.obey(&order).await;
    assert!(end.starts_with("200, "), "{end}");
    begun.elapsed()
}

async fn by_host(access: &ModelAccess) -> Duration {
    let begun = Instant::now();
    let request = http::Request::post("/v1/responses").body(REQUEST.to_owned());
    let answer = access.send(request.expect("a request")).await;
    assert_eq!(answer.status(), 200);
    let Ok(_) = answer.into_body().collect().await;
    begun.elapsed()
}
