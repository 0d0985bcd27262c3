//! Misdeeds that take unlimited space.

use core::arch::wasm32::{memory_grow, memory_size};

use crate::bindings::wasi::http::types::Fields;
use crate::bindings::wasi::keyvalue0_2_0_draft::store;
use crate::bindings::wasi::random::random;

pub(crate) fn commit(misdeed: &str, details: &[&str]) -> Option<String> {
    match misdeed {
        "take all memory" => take_all_memory(),
        "grow the memory as far as it goes" => return Some(max_pages().to_string()),
        "overflow the stack" => _ = descend(0),
        "flood headers" => return Some(flood_headers(details[0].parse().unwrap())),
        "ask for random bytes" => {
            let bytes = random::get_random_bytes(details[0].parse().unwrap());
            return Some(format!("{} bytes", bytes.len()));
        }
        "return too much" => return Some("x".repeat(32 << 20)),
        "write a huge value" => {
            let bucket = store::open("default").unwrap();
            bucket.get("key").unwrap();
            bucket.set("key", &vec![0; 20 << 20]).unwrap();
        }
        "name a huge bucket" => _ = store::open(&"x".repeat(20 << 20)),
        "send a huge list of headers" => {
            let one = ("x".to_owned(), vec![b'x'; 1 << 20]);
            _ = Fields::from_list(&vec![one; 20]);
        }
        _ => return None,
    }
    Some("survived".into())
}

fn take_all_memory() {
    let mut held = Vec::new();
    loop {
        held.push(vec![1_u8; 1 << 20]);
        std::hint::black_box(&held);
    }
}

/// Grows the memory to its limit and returns its size in pages of 64 KiB.
fn max_pages() -> usize {
    while memory_grow::<0>(1) != usize::MAX {}
    memory_size::<0>()
}

#[allow(unconditional_recursion, reason = "that is the misdeed")]
fn descend(depth: u64) -> u64 {
    std::hint::black_box(descend(std::hint::black_box(depth + 1)) + 1)
}

/// Appends headers, and returns how many the host accepted.
fn flood_headers(headers: usize) -> String {
    let fields = Fields::new();
    for n in 0..headers {
        if let Err(refusal) = fields.append(&format!("x-{n}"), b"") {
            return format!("{n}: {refusal:?}");
        }
    }
    format!("all {headers}")
}
