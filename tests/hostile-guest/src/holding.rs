//! Misdeeds that take unlimited handles, of every kind.

use crate::bindings::wasi::clocks::monotonic_clock;
use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{Fields, OutgoingRequest, RequestOptions};
use crate::bindings::wasi::keyvalue0_2_0_draft::store;
use crate::requesting::Order;

pub(crate) fn commit(misdeed: &str, details: &[&str]) -> Option<String> {
    if misdeed != "hold" {
        return None;
    }
    match details[0] {
        "fields" => hold(Fields::new),
        "pollables" => hold(|| monotonic_clock::subscribe_duration(1)),
        "options" => hold(RequestOptions::new),
        "requests" => hold(request),
        "bodies" => hold(|| {
            let request = request();
            (request.body().unwrap(), request)
        }),
        "streams" => hold(|| {
            let request = request();
            let body = request.body().unwrap();
            (body.write().unwrap(), body, request)
        }),
        "buckets" => hold(|| store::open("default").unwrap()),
        "answers that have not come" => {
            hold(|| outgoing_handler::handle(Order::default().request().unwrap(), None).unwrap());
        }
        _ => return None,
    }
    Some("survived".into())
}

fn request() -> OutgoingRequest {
    OutgoingRequest::new(Fields::new())
}

fn hold<T>(take: impl Fn() -> T) {
    let mut held = Vec::new();
    for _ in 0..100_000 {
        held.push(take());
    }
}
