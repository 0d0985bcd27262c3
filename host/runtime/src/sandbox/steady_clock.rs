//! A clock that is never set, for the ages of stored values: a guest reads it from its
//! bucket, under a reserved key.
//!
//! NTP, people and the resumption of a virtual machine step the wall clock. With the wall
//! clock alone, a guest would take another process's refresh for abandoned while it is in
//! flight. A reading is `NAME SECONDS`. Two readings with the same name can be subtracted,
//! even if different processes took them. The name stands for one boot of one machine. For
//! readings with different names the wall clock counts.

#[cfg(target_os = "linux")]
use std::sync::LazyLock;

use super::wall_clock::WallClock;

/// The key of the bucket under which a guest reads the clock. It cannot be written.
pub(super) const KEY: &str = "clock";

/// The current reading, if this machine has such a clock.
pub(super) fn reading(clock: &WallClock) -> Option<String> {
    match clock {
        WallClock::OfStore(_) => system(),
        #[cfg(feature = "test-clock")]
        WallClock::File(path) => super::wall_clock::steady_of_file(path),
    }
}

/// The name of this boot, and the seconds since it. They exclude the time in which the
/// machine is suspended, because a refresh in flight makes no progress then.
#[cfg(target_os = "linux")]
fn system() -> Option<String> {
    use rustix::time::{ClockId, clock_gettime};

    static NAME: LazyLock<Option<String>> = LazyLock::new(name);
    let name = NAME.as_ref()?;
    let seconds = clock_gettime(ClockId::Monotonic).tv_sec;
    Some(format!("{name} {seconds}"))
}

#[cfg(not(target_os = "linux"))]
fn system() -> Option<String> {
    None
}

/// Identifies this boot of this machine without revealing it. The time namespace is a part
/// of the name, since it can shift the clock of a container.
#[cfg(target_os = "linux")]
fn name() -> Option<String> {
    use sha2::{Digest as _, Sha256};

    let boot = std::fs::read("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = std::fs::read_link("/proc/self/ns/time").unwrap_or_default();
    let digest = Sha256::new()
        .chain_update(b"chatgpt-oauth steady clock\0")
        .chain_update(boot)
        .chain_update(namespace.as_os_str().as_encoded_bytes())
        .finalize();
    Some(
        digest[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    )
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn two_readings_have_one_name_and_count_on() {
        let read = || {
            let reading = system().expect("Linux has one");
            let (name, seconds) = reading.split_once(' ').expect("two words");
            (name.to_owned(), seconds.parse::<u64>().expect("seconds"))
        };
        let (first, second) = (read(), read());
        assert_eq!(first.0, second.0);
        assert_eq!(first.0.len(), 32);
        assert!(first.1 <= second.1);
    }
}
