//! Misdeeds that take unlimited time.

use crate::bindings::wasi::clocks::monotonic_clock;
use crate::bindings::wasi::http::types::{Fields, OutgoingRequest};
use crate::bindings::wasi::io::poll;

pub(crate) fn commit(misdeed: &str, details: &[&str]) -> Option<String> {
    match misdeed {
        "compute forever" => loop {
            std::hint::spin_loop();
        },
        "look at the clock forever" => loop {
            monotonic_clock::now();
        },
        "poll forever" => loop {
            poll::poll(&[&monotonic_clock::subscribe_duration(0)]);
        },
        "sleep" => {
            let nanoseconds = details[0].parse().unwrap();
            monotonic_clock::subscribe_duration(nanoseconds).block();
        }
        "sleep until the end of all time" => monotonic_clock::subscribe_instant(u64::MAX).block(),
        "write a body that nobody reads" => write_unread_body(),
        "poll nothing" => _ = poll::poll(&[]),
        "panic" => panic!("CANARY"),
        "trap" => core::arch::wasm32::unreachable(),
        _ => return None,
    }
    Some("survived".into())
}

fn write_unread_body() {
    let request = OutgoingRequest::new(Fields::new());
    let body = request.body().unwrap();
    let stream = body.write().unwrap();
    while stream.blocking_write_and_flush(&[0; 4096]).is_ok() {}
}
