//! The hostile guest, its host, and the outcome of an order.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use chatgpt_oauth::store::MemoryStore;
use chatgpt_oauth::{Error, ErrorCode, Host, Profile};
use chatgpt_oauth_packaging::Builder;

use crate::names::Names;

/// The hostile guest, as a component.
pub fn guest() -> &'static [u8] {
    static GUEST: OnceLock<Vec<u8>> = OnceLock::new();
    GUEST.get_or_init(build)
}

fn build() -> Vec<u8> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap();
    let builder = Builder::new(workspace, env!("CARGO_TARGET_TMPDIR"));
    builder.guest("hostile-guest").unwrap()
}

/// One host for all cases that need no server, which show that the host survives. It is a host
/// for real logins, whose resolver finds no address.
pub fn host() -> &'static Host {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| host_with(Names::leading_to(&[])))
}

/// Another host for real logins, with the resolver of a case.
pub fn host_with(names: Names) -> Host {
    let host = Host::builder(MemoryStore::new()).resolver(names);
    let host = host.component(guest()).build().unwrap();
    let proxy = host.proxy("auth.openai.com");
    assert_eq!(
        proxy,
        Ok(None),
        "unset the proxy: it would resolve names itself"
    );
    host
}

/// The shortest of up to three runs, in seconds: a busy machine takes longer than `most` now and
/// then.
pub async fn shortest(most: f32, run: impl AsyncFn()) -> f32 {
    let mut shortest = f32::MAX;
    for _ in 0..3 {
        let started = Instant::now();
        run().await;
        shortest = shortest.min(started.elapsed().as_secs_f32());
        if shortest < most {
            break;
        }
    }
    shortest
}

/// A profile that no other case uses.
pub fn profile(name: &str) -> Profile {
    profile_of(host(), name)
}

/// The same in another host.
pub fn profile_of(host: &Host, name: &str) -> Profile {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    host.profile(format!("{name}-{number}").parse().unwrap())
}

/// The words of an order to the guest, with its separator between them.
pub fn order(words: &[&str]) -> String {
    words.join("\u{1f}")
}

/// The error of an order that the host ends. Checks that the host still serves another profile
/// and the same one.
pub async fn end_in(host: &Host, words: &[&str]) -> Error {
    let culprit = profile_of(host, "culprit");
    let error = culprit.poll(Some(&order(words))).await.unwrap_err();
    profile_of(host, "bystander").status().await.unwrap();
    culprit.status().await.unwrap();
    error
}

/// The guest is stopped: its call ends in `internal`, without details.
pub async fn stopped(words: &[&str]) -> Error {
    stopped_in(host(), words).await
}

/// The same in another host.
pub async fn stopped_in(host: &Host, words: &[&str]) -> Error {
    let error = end_in(host, words).await;
    assert_eq!(error.code, ErrorCode::Internal, "{words:?}: {error:?}");
    assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
    error
}

/// The answer of a guest that survives its order.
pub async fn answer_to(words: &[&str]) -> String {
    answer_in(host(), words).await
}

/// The same in another host.
pub async fn answer_in(host: &Host, words: &[&str]) -> String {
    let error = end_in(host, words).await;
    let code = ErrorCode::InvalidArgument;
    assert_eq!(error.code, code, "{words:?}: {error:?}");
    error.message
}
