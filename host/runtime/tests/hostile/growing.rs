//! Endless growth: memory, handles, and the bytes that a host call copies.

use crate::guest::{answer_to, stopped};

/// Faults: H04
#[tokio::test]
pub async fn memory_ends_at_64_mebibytes() {
    stopped(&["take all memory"]).await;
    let pages = answer_to(&["grow the memory as far as it goes"]).await;
    assert_eq!(pages, ((64 << 20) / (64 << 10)).to_string());
    stopped(&["overflow the stack"]).await;
}

/// Faults: H05
#[tokio::test]
pub async fn handles_of_every_kind_end_at_256() {
    for kind in [
        "fields",
        "pollables",
        "options",
        "requests",
        "bodies",
        "streams",
        "buckets",
        "answers that have not come",
    ] {
        stopped(&["hold", kind]).await;
    }
}

/// Faults: H05
#[tokio::test]
pub async fn a_host_call_gives_and_takes_no_more_than_it_must() {
    stopped(&["ask for random bytes", "4097"]).await;
    stopped(&["ask for random bytes", "1048576"]).await;
    stopped(&["ask for random bytes", "18446744073709551615"]).await;
    assert_eq!(
        answer_to(&["ask for random bytes", "4096"]).await,
        "4096 bytes"
    );
    stopped(&["return too much"]).await;
    stopped(&["write a huge value"]).await;
    stopped(&["name a huge bucket"]).await;
}
