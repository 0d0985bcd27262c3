//! Protects the memory of this process, and checks that it can open enough files.
//!
//! Tokens pass through the memory, so the process leaves no core dump and lets no
//! other process of this user trace it.

/// Forbids core dumps and, on Linux, tracing by others than root.
pub(crate) fn keep_memory_private() {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // A second line of defence: the program runs without it where the system refuses.
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// How many files a command has open at a time, with some to spare.
const FILES: usize = 16;

/// Checks that a command can open as many files as it needs. Without this check, a
/// library can reach the limit later, and report it less clearly or panic.
pub(crate) fn check_open_files() -> std::io::Result<()> {
    let held: std::io::Result<Vec<_>> = (0..FILES).map(|_| std::fs::File::open("/")).collect();
    held.map(drop)
}
