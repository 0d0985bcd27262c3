//! The changes of a process to the files below a directory, recorded by strace.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The system calls that change files or sync them. Unsupported calls are traced too, so that
/// the test fails if one is used.
const CALLS: &str = "trace=openat,?mkdir,mkdirat,?unlink,unlinkat,pwrite64,write,ftruncate,fsync,\
                     fdatasync,?rename,renameat,renameat2,?link,linkat,fallocate,writev,pwritev,\
                     pwritev2,sync_file_range,copy_file_range,sendfile";

/// A change of a path below the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    MakeDirectory(PathBuf),
    /// Opened with `O_CREAT`.
    Make(PathBuf),
    Remove(PathBuf),
    Write {
        path: PathBuf,
        offset: usize,
        bytes: Vec<u8>,
    },
    Resize {
        path: PathBuf,
        length: usize,
    },
    Sync(PathBuf),
    FailedSync(PathBuf),
    /// A note of the process.
    Note(String),
}

/// Runs a command under strace and returns its changes below `root`. `fails` is the number of a
/// sync that fails. Lines in the file `notes` are notes.
pub fn record(root: &Path, notes: &str, command: &Command, fails: Option<usize>) -> Vec<Event> {
    let file = root.join("trace");
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-y", "-xx", "-s", "1000000", "-e", CALLS, "-o"])
        .arg(&file)
        .stdout(Stdio::null());
    if let Some(number) = fails {
        let fault = format!("inject=fsync,fdatasync:error=EIO:when={number}");
        strace.args(["-e", &fault]);
    }
    strace.arg(command.get_program()).args(command.get_args());
    let variables = command.get_envs();
    strace.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    let status = strace
        .status()
        .expect("this test runs strace: install it, such as by `apt-get install strace`");
    assert!(status.success());
    let trace = std::fs::read_to_string(file).unwrap();
    let lines = whole_lines(&trace);
    lines
        .iter()
        .filter_map(|line| event(line, root, notes))
        .collect()
}

/// The calls in the order of their return. strace writes a call that another thread interrupts
/// in two parts.
fn whole_lines(trace: &str) -> Vec<String> {
    let mut begun: HashMap<&str, &str> = HashMap::new();
    let mut whole = Vec::new();
    for line in trace.lines() {
        let (thread, call) = line.split_once(char::is_whitespace).unwrap();
        let call = call.trim_start();
        if let Some(beginning) = call.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, beginning);
        } else if let Some((_, end)) = call.split_once(" resumed>") {
            whole.push(format!("{}{end}", begun.remove(thread).unwrap()));
        } else {
            whole.push(call.to_owned());
        }
    }
    whole
}

fn event(line: &str, root: &Path, notes: &str) -> Option<Event> {
    let (name, rest) = line.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    // strace aligns the results of a call in two parts.
    let arguments = arguments.trim_end();
    // A question mark: the process ended before the call returned.
    let succeeded = !result.starts_with(['-', '?']);
    let below = |path: PathBuf| path.strip_prefix(root).ok().map(Path::to_owned);
    let named = || below(path(bytes(arguments.split('"').nth(1)?)));
    let opened = || below(path(bytes(between(arguments, '<', '>')?)));
    match name {
        "fsync" | "fdatasync" if succeeded => return opened().map(Event::Sync),
        "fsync" | "fdatasync" => return opened().map(Event::FailedSync),
        _ if !succeeded => return None,
        "openat" if arguments.contains("O_CREAT") => return named().map(Event::Make),
        "openat" => return None,
        "mkdir" | "mkdirat" => return named().map(Event::MakeDirectory),
        "unlink" | "unlinkat" => return named().map(Event::Remove),
        _ => {}
    }
    let path = opened()?;
    let data = || bytes(arguments.split('"').nth(1).unwrap());
    let last = || {
        let number = arguments.trim_end_matches(')').rsplit_once(", ").unwrap().1;
        let number = number.parse();
        number.unwrap_or_else(|_| panic!("no number at the end of {arguments}"))
    };
    Some(match name {
        "write" if path == Path::new(notes) => {
            Event::Note(String::from_utf8(data()).unwrap().trim_end().to_owned())
        }
        "pwrite64" => Event::Write {
            path,
            offset: last(),
            bytes: data(),
        },
        "ftruncate" => Event::Resize {
            path,
            length: last(),
        },
        _ => panic!("unsupported call: {name} on {}", path.display()),
    })
}

fn between(text: &str, opening: char, closing: char) -> Option<&str> {
    Some(text.split_once(opening)?.1.split_once(closing)?.0)
}

/// Decodes `\x41\x42`.
fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits = hexadecimal.split("\\x").skip(1);
    digits
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

fn path(bytes: Vec<u8>) -> PathBuf {
    OsString::from_vec(bytes).into()
}
