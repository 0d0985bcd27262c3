//! What this process needs from the start, and what it does not give away: tokens pass through its memory, so it
//! leaves no image of it behind and lets no other process of this user look
//! into it.

/// Forbids core dumps and, on Linux, tracing by others than root.
pub(crate) fn keep_memory_private() {
    use rustix::process::{Resource, Rlimit, setrlimit};

    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // It is a second line of defence: where it cannot be had, the first holds.
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// How many files a command has open at a time, with some to spare.
const FILES: usize = 16;

/// Whether so many files can be opened as a command needs: what runs short of them
/// half-way is of other libraries, which say it less clearly, or panic.
pub(crate) fn check_open_files() -> std::io::Result<()> {
    let held: std::io::Result<Vec<_>> = (0..FILES).map(|_| std::fs::File::open("/")).collect();
    held.map(drop)
}
