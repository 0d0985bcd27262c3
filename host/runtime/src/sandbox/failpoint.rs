//! Points at which a test kills the process or lets the call panic: before and after each
//! operation of the bucket and each request.
//!
//! Only a build with the feature `failpoints` has them; no released build has it. The
//! points of a process are numbered from 1. Each point appends a line to the file that
//! `CHATGPT_OAUTH_TEST_POINTS` names. `CHATGPT_OAUTH_TEST_DIE_AT` and
//! `CHATGPT_OAUTH_TEST_PANIC_AT` hold the number, or the line, of the point at which the
//! process dies or the call panics.

/// One step: an operation of the bucket, or a request with its answer.
#[cfg(not(feature = "failpoints"))]
pub(super) fn step<T>(
    _verb: &str,
    _object: &str,
    io: impl Future<Output = T>,
) -> impl Future<Output = T> {
    io
}

/// One step: an operation of the bucket, or a request with its answer.
#[cfg(feature = "failpoints")]
pub(super) async fn step<T>(verb: &str, object: &str, io: impl Future<Output = T>) -> T {
    points::pass("before", verb, object);
    let outcome = io.await;
    points::pass("after", verb, object);
    outcome
}

#[cfg(feature = "failpoints")]
mod points {
    use std::env;
    use std::ffi::OsString;
    use std::fs::OpenOptions;
    use std::io::Write;
    use std::sync::atomic::{AtomicU32, Ordering};

    use rustix::process::{Signal, getpid, kill_process};

    static PASSED: AtomicU32 = AtomicU32::new(0);

    pub(super) fn pass(when: &str, verb: &str, object: &str) {
        let number = PASSED.fetch_add(1, Ordering::Relaxed) + 1;
        let line = format!("{when} {verb} {object}");
        if let Some(file) = env::var_os("CHATGPT_OAUTH_TEST_POINTS") {
            note(file, &line);
        }
        let is_at =
            |variable| env::var(variable).is_ok_and(|at| at == number.to_string() || at == line);
        if is_at("CHATGPT_OAUTH_TEST_DIE_AT") {
            die();
        }
        assert!(!is_at("CHATGPT_OAUTH_TEST_PANIC_AT"), "a test wants it");
    }

    fn note(file: OsString, line: &str) {
        let file = OpenOptions::new().append(true).create(true).open(file);
        let noted = file.and_then(|mut file| writeln!(file, "{line}"));
        noted.expect("a test names a file that can be written");
    }

    /// As by `kill -9`: flushes, closes and prints nothing.
    fn die() -> ! {
        _ = kill_process(getpid(), Signal::KILL);
        std::process::abort()
    }
}
