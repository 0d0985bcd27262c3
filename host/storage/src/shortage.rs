//! Resources that the machine, or a limit of this process, refuses: memory, threads,
//! machine code, open files, the size of files.
//!
//! A shortage is recognized by the error number of the operating system (`errno`). Its
//! message names the limit, and its hint says how to raise it.

use std::fs::File;
use std::{fmt, io};

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use crate::StoreError;

/// A refused resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// Memory or address space.
    Memory,
    /// A thread, or the stack for it.
    Threads,
    /// Memory that was written cannot be made executable.
    MachineCode,
    /// One more open file.
    OpenFiles,
    /// A file of this size.
    FileSize,
}

/// When to try again after a shortage that may pass, in seconds.
pub const RETRY_AFTER: u32 = 60;
/// Address space that suffices for every command, with a reserve, in KiB.
const ENOUGH_KIB: u32 = 400_000;
const MEMORY_HINT: &str = "free memory on this machine; if there is enough, raise the memory limit of its container, or `vm.max_map_count`";

impl Shortage {
    /// The shortage behind an error of the operating system, if there is one.
    pub fn of_io(error: &io::Error) -> Option<Self> {
        match Errno::from_io_error(error) {
            Some(errno) => Self::of_errno(errno),
            // A library that gets no memory sets the kind alone.
            None => (error.kind() == io::ErrorKind::OutOfMemory).then_some(Self::Memory),
        }
    }

    /// Whether this process can open fewer files than a library needs, whose error does not
    /// say so.
    pub fn of_open_files(needed: usize) -> Option<Self> {
        let held: io::Result<Vec<File>> = (0..needed).map(|_| File::open("/")).collect();
        Self::of_io(&held.err()?)
    }

    /// The shortage behind an error number, if there is one.
    #[must_use]
    pub fn of_errno(errno: Errno) -> Option<Self> {
        match errno {
            Errno::NOMEM => Some(Self::Memory),
            Errno::AGAIN => Some(Self::Threads),
            Errno::MFILE | Errno::NFILE => Some(Self::OpenFiles),
            Errno::FBIG => Some(Self::FileSize),
            _ => None,
        }
    }

    /// Whether the shortage may pass when other processes end.
    #[must_use]
    pub fn may_pass(self) -> bool {
        match self {
            Self::Memory => memory_limit().is_none(),
            Self::Threads => true,
            Self::MachineCode | Self::OpenFiles | Self::FileSize => false,
        }
    }

    /// How to raise the limit.
    #[must_use]
    pub fn hint(self) -> String {
        let hint = match self {
            Self::Memory => match memory_limit() {
                Some((name, _)) => {
                    return format!(
                        "raise `{name}`, or what the batch system gives this program: {ENOUGH_KIB} KiB are enough"
                    );
                }
                None => MEMORY_HINT,
            },
            Self::Threads => {
                "raise `ulimit -u` of this user, `TasksMax=` of the service or the container's limit of processes; a thread also needs memory for its stack (`ulimit -v`)"
            }
            Self::MachineCode => {
                "set `MemoryDenyWriteExecute=no` for this service; under SELinux, allow it `execmem`"
            }
            Self::OpenFiles => "raise `ulimit -n`, or `LimitNOFILE=` of the service: 64 are enough",
            Self::FileSize => "raise `ulimit -f`, or `LimitFSIZE=` of the service",
        };
        hint.into()
    }
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => match memory_limit() {
                Some((name, bytes)) => write!(
                    f,
                    "this program cannot get more memory: `{name}` is {} KiB",
                    bytes >> 10
                ),
                None => f.write_str("this machine gives this program no more memory"),
            },
            Self::Threads => match limit(Resource::Nproc) {
                Some(count) => write!(f, "no thread can be started: `ulimit -u` is {count}"),
                None => f.write_str("no thread can be started"),
            },
            Self::MachineCode => f.write_str(
                "this process may not make memory executable, as with `MemoryDenyWriteExecute=yes`",
            ),
            Self::OpenFiles => match limit(Resource::Nofile) {
                Some(count) => write!(f, "too many open files: `ulimit -n` is {count}"),
                None => f.write_str("too many open files"),
            },
            Self::FileSize => match limit(Resource::Fsize) {
                Some(bytes) => write!(
                    f,
                    "a file would grow too large: `ulimit -f` allows {bytes} bytes"
                ),
                None => f.write_str("a file would grow too large for its file system"),
            },
        }
    }
}

impl From<Shortage> for StoreError {
    fn from(shortage: Shortage) -> Self {
        Self::Limited {
            message: shortage.to_string(),
            hint: shortage.hint(),
            may_pass: shortage.may_pass(),
        }
    }
}

/// A limit of this process, if it has one.
pub fn limit(resource: Resource) -> Option<u64> {
    getrlimit(resource).current
}

/// The lowest memory limit of this process, in bytes.
fn memory_limit() -> Option<(&'static str, u64)> {
    let limits = [("ulimit -v", Resource::As), ("ulimit -d", Resource::Data)];
    let set = limits.map(|(name, resource)| Some((name, limit(resource)?)));
    set.into_iter().flatten().min_by_key(|(_, bytes)| *bytes)
}
