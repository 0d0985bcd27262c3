//! The store of the wasmtime CLI: limits, failures and concurrent writers.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use chatgpt_oauth_packaging::{Builder, plug};
use tempfile::TempDir;

use super::login::between;
use super::{Wasmtime, names, printed, workspace};

/// The longest wait for what must happen.
const LONG: Duration = Duration::from_secs(60);

/// `tests/keyvalue-guest` with the store plugged in.
static COMPONENT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let builder = Builder::new(workspace(), env!("CARGO_TARGET_TMPDIR"));
    let [guest, store] = ["keyvalue-guest", "keyvalue-filesystem"];
    let [guest, store] = [guest, store].map(|package| builder.guest(package).unwrap());
    plug(guest, store).unwrap()
});

/// The guest, with an empty directory for its store.
struct World {
    wasmtime: Wasmtime,
    store: PathBuf,
    _directory: TempDir,
}

impl World {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let component = directory.path().join("guest.wasm");
        fs::write(&component, &*COMPONENT).unwrap();
        let store = directory.path().join("store");
        fs::create_dir(&store).unwrap();
        Self {
            wasmtime: Wasmtime {
                component,
                directory: Some(store.clone()),
            },
            store,
            _directory: directory,
        }
    }

    fn ask(&self, call: &str) -> String {
        self.wasmtime.ask(call)
    }

    /// The files of unfinished values.
    fn leftovers(&self) -> Vec<PathBuf> {
        let names = names(&self.store).into_iter();
        let unfinished = names.filter(|name| name.starts_with("tmp-"));
        unfinished.map(|name| self.store.join(name)).collect()
    }

    /// Waits until a writer has begun a value that is not among these leftovers.
    fn wait_for_another_than(&self, leftovers: &[PathBuf]) {
        let started = Instant::now();
        while self.leftovers() == leftovers {
            assert!(started.elapsed() < LONG, "no value was begun");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// How many times a reader meets another value than before.
    fn changes(&self) -> u32 {
        let answer = self.ask("read-many(\"a\", 4000)");
        let values: u32 = between(&answer, "ok(", ")").parse().unwrap();
        values - 1
    }
}

/// Sets a flag at its end, also when a check fails.
struct SetsAtEnd<'a>(&'a AtomicBool);

impl Drop for SetsAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

fn set_modified(files: &[PathBuf], time: SystemTime) {
    for file in files {
        let file = File::options().write(true).open(file).unwrap();
        file.set_modified(time).unwrap();
    }
}

#[test]
fn values_are_found_by_the_next_process() {
    let world = World::new();
    assert_eq!(world.ask("get(\"A/é\")"), "ok(none)");
    assert_eq!(world.ask("keys()"), "ok([])");
    assert_eq!(world.ask("delete(\"A/é\")"), "ok");
    assert_eq!(names(&world.store), [""; 0]);

    assert_eq!(world.ask("set(\"A/é\", \"one\")"), "ok");
    assert_eq!(world.ask("set(\"a\", \"two\")"), "ok");
    assert_eq!(world.ask("set(\"a\", \"three\")"), "ok");
    assert_eq!(names(&world.store), ["key-%41%2f%c3%a9", "key-a"]);
    assert_eq!(world.ask("keys()"), "ok([\"A/é\", \"a\"])");
    assert_eq!(world.ask("get(\"A/é\")"), "ok(some(\"one\"))");
    assert_eq!(world.ask("get(\"a\")"), "ok(some(\"three\"))");

    assert_eq!(world.ask("delete(\"a\")"), "ok");
    assert_eq!(world.ask("exists(\"a\")"), "ok(false)");
    assert_eq!(world.ask("exists(\"A/é\")"), "ok(true)");
}

#[test]
fn the_bucket_has_two_names_and_wants_a_directory() {
    let mut world = World::new();
    assert_eq!(world.ask("open(\"default\")"), "ok");
    assert_eq!(world.ask("open(\"\")"), "ok");
    assert_eq!(world.ask("open(\"other\")"), "err(\"no-such-store\")");
    world.wasmtime.directory = None;
    let missing = "err(\"no directory: give one with --dir\")";
    assert_eq!(world.ask("open(\"default\")"), missing);
}

#[test]
fn values_have_at_most_256_kib() {
    let world = World::new();
    assert_eq!(world.ask("set-size(\"a\", 262144)"), "ok");
    let refused = "err(\"too-large: a value has at most 256 KiB\")";
    assert_eq!(world.ask("set-size(\"a\", 262145)"), refused);
    let file = world.store.join("key-a");
    assert_eq!(file.metadata().unwrap().len(), 262_144);

    File::create(&file).unwrap().set_len(1 << 40).unwrap();
    let corrupt = "err(\"corrupt: the file key-a has more than 256 KiB\")";
    assert_eq!(world.ask("get(\"a\")"), corrupt);
}

#[test]
fn only_regular_files_are_read_overwritten_or_removed() {
    let world = World::new();
    let outside = world.wasmtime.component.with_file_name("outside");
    fs::write(&outside, "secret").unwrap();
    symlink(&outside, world.store.join("key-link")).unwrap();
    symlink("key-a", world.store.join("key-inside")).unwrap();
    symlink("nowhere", world.store.join("key-dangling")).unwrap();
    fs::create_dir(world.store.join("key-directory")).unwrap();
    let pipe = world.store.join("key-pipe");
    assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
    assert_eq!(world.ask("set(\"a\", \"mine\")"), "ok");

    let before = names(&world.store);
    for key in ["link", "inside", "dangling", "directory", "pipe"] {
        let refused = format!("err(\"key-{key} is a link, a directory or a device, not a file\")");
        for call in [
            "get(\"K\")",
            "set(\"K\", \"new\")",
            "delete(\"K\")",
            "exists(\"K\")",
        ] {
            assert_eq!(world.ask(&call.replace('K', key)), refused);
        }
    }
    assert_eq!(world.ask("keys()"), "ok([\"a\"])");
    assert_eq!(names(&world.store), before);
    assert_eq!(fs::read_to_string(outside).unwrap(), "secret");
}

#[test]
fn a_read_only_directory_can_be_read() {
    let world = World::new();
    assert_eq!(world.ask("set(\"a\", \"one\")"), "ok");
    fs::set_permissions(&world.store, fs::Permissions::from_mode(0o500)).unwrap();
    let ask = |call| printed(&mut without_privileges(&world.wasmtime.command(call)));
    let refused = "err(\"the directory cannot be written (access)\")";
    assert_eq!(ask("set(\"a\", \"two\")"), refused);
    assert_eq!(ask("delete(\"a\")"), refused);
    assert_eq!(ask("get(\"a\")"), "ok(some(\"one\"))");
    assert_eq!(names(&world.store), ["key-a"]);
    fs::set_permissions(&world.store, fs::Permissions::from_mode(0o700)).unwrap();
}

/// The same command for a process to which file modes apply: they do not apply to root.
fn without_privileges(command: &Command) -> Command {
    let closed = TempDir::new().unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
    let is_root = File::create(closed.path().join("file")).is_ok();
    let mut restricted = match is_root {
        true => {
            let mut setpriv = Command::new("setpriv");
            setpriv
                .arg("--bounding-set=-all")
                .arg(command.get_program());
            setpriv
        }
        false => Command::new(command.get_program()),
    };
    restricted.args(command.get_args());
    restricted
}

#[test]
fn a_reader_never_sees_half_a_value_of_two_writers() {
    let world = World::new();
    assert_eq!(world.ask("write-many(\"a\", 'z', 1)"), "ok");
    let is_over = AtomicBool::new(false);
    let write = |call: &str| {
        while !is_over.load(Relaxed) {
            assert_eq!(world.ask(call), "ok");
        }
    };
    thread::scope(|scope| {
        let _over = SetsAtEnd(&is_over);
        scope.spawn(|| write("write-many(\"a\", 'x', 400)"));
        scope.spawn(|| write("write-many(\"a\", 'y', 400)"));
        let started = Instant::now();
        let mut changes = 0;
        while changes <= 100 {
            assert!(started.elapsed() < 5 * LONG, "only {changes} changes");
            changes += world.changes();
        }
    });
    assert_eq!(names(&world.store), ["key-a"]);
}

#[test]
fn a_killed_writer_leaves_a_whole_value_and_a_later_write_cleans_up() {
    let world = World::new();
    assert_eq!(world.ask("write-many(\"a\", 'z', 1)"), "ok");
    let mut kills = 0;
    while kills < 20 || world.leftovers().is_empty() {
        assert!(kills < 200, "no writer was killed while it wrote");
        let leftovers = world.leftovers();
        let mut writer = world.wasmtime.command("write-many(\"a\", 'x', 1000000)");
        let mut writer = writer.stdout(Stdio::null()).spawn().unwrap();
        world.wait_for_another_than(&leftovers);
        // Each writer is killed at another moment.
        thread::sleep(Duration::from_millis(7 * kills));
        writer.kill().unwrap();
        writer.wait().unwrap();
        kills += 1;
        assert_eq!(world.ask("read-many(\"a\", 1)"), "ok(1)");
        assert_eq!(world.ask("keys()"), "ok([\"a\"])");
    }

    let young = world.leftovers();
    set_modified(&young, SystemTime::now());
    assert_eq!(world.ask("set(\"a\", \"new\")"), "ok");
    assert_eq!(world.leftovers(), young);
    set_modified(&young, SystemTime::now() - Duration::from_secs(360));
    assert_eq!(world.ask("set(\"a\", \"newer\")"), "ok");
    assert_eq!(names(&world.store), ["key-a"]);
}
