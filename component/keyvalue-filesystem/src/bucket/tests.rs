//! Tests of the bucket with a directory in memory.

use super::*;
use crate::fake::{self, FaultPlan};

const OLD: &[u8] = b"old";

/// A value that takes three writes and three reads.
fn large() -> Vec<u8> {
    (0..MAX_VALUE).map(|at| (at % 251) as u8).collect()
}

/// A directory with one value, and a handle of it.
fn one_value() -> (fake::Directory, Bucket<fake::Directory>) {
    let directory = fake::Directory::default();
    directory.put("key-a", OLD);
    let bucket = open(&directory);
    (directory, bucket)
}

fn open(directory: &fake::Directory) -> Bucket<fake::Directory> {
    Bucket::open("default", mounts([("ada", directory)])).unwrap()
}

/// Directories as the runtime opens them.
fn mounts<const N: usize>(
    directories: [(&str, &fake::Directory); N],
) -> Vec<(fake::Directory, String)> {
    let mount = |(name, directory): (&str, &fake::Directory)| (directory.clone(), name.to_owned());
    directories.into_iter().map(mount).collect()
}

fn text(error: Error) -> String {
    let Error::Other(text) = error else {
        panic!("{error:?}")
    };
    text
}

/// The number of steps of a `set` without a fault.
fn steps_of_a_set(value: &[u8]) -> usize {
    let (directory, bucket) = one_value();
    bucket.set("a", value).unwrap();
    directory.steps().len()
}

#[test]
fn what_is_set_is_read_and_listed_until_it_is_deleted() {
    let (_, bucket) = one_value();
    let value = large();
    bucket.set("A/b", &value).unwrap();
    assert_eq!(bucket.get("A/b"), Ok(Some(value)));
    bucket.set("A/b", b"").unwrap();
    assert_eq!(bucket.get("A/b"), Ok(Some(Vec::new())));
    let mut keys = bucket.keys(None).unwrap();
    keys.sort();
    assert_eq!(keys, ["A/b", "a"]);
    assert_eq!(bucket.exists("A/b"), Ok(true));
    bucket.delete("A/b").unwrap();
    bucket.delete("A/b").unwrap();
    assert_eq!(bucket.exists("A/b"), Ok(false));
    assert_eq!(bucket.get("A/b"), Ok(None));
    assert_eq!(bucket.keys(None).unwrap(), ["a"]);
}

#[test]
fn the_bucket_has_two_identifiers() {
    let (directory, _) = one_value();
    for identifier in ["default", ""] {
        let bucket = Bucket::open(identifier, mounts([("ada", &directory)])).unwrap();
        assert_eq!(bucket.get("a"), Ok(Some(OLD.to_vec())));
    }
    for identifier in ["Default", "other", ".."] {
        let bucket = Bucket::open(identifier, mounts([("ada", &directory)]));
        assert_eq!(bucket.map(|_| ()), Err(Error::NoSuchStore));
    }
}

#[test]
fn among_several_directories_the_bucket_is_the_one_named_login() {
    let (directory, other) = (one_value().0, fake::Directory::default());
    for directories in [
        mounts([("/login", &directory)]),
        mounts([("/login", &directory), ("data", &other)]),
        mounts([("data", &other), ("/login", &directory)]),
    ] {
        let bucket = Bucket::open("default", directories).unwrap();
        assert_eq!(bucket.get("a"), Ok(Some(OLD.to_vec())));
    }
    let unnamed = mounts([("ada", &directory), ("login", &other)]);
    let error = Bucket::open("default", unnamed).map(|_| ());
    assert_eq!(
        text(error.unwrap_err()),
        "several directories: mount one as /login, with --dir DIRECTORY::/login"
    );
}

#[test]
fn without_a_directory_the_error_says_how_to_give_one() {
    let error = Bucket::<fake::Directory>::open("default", mounts([])).map(|_| ());
    assert_eq!(
        text(error.unwrap_err()),
        "no directory: give one with --dir"
    );
}

#[test]
fn there_are_no_cursors() {
    let (_, bucket) = one_value();
    let error = text(bucket.keys(Some(0)).unwrap_err());
    assert_eq!(error, "unknown cursor: all keys come at once");
}

#[test]
fn reading_leaves_an_empty_directory_empty() {
    let directory = fake::Directory::default();
    let bucket = open(&directory);
    assert_eq!(bucket.get("a"), Ok(None));
    assert_eq!(bucket.exists("a"), Ok(false));
    assert_eq!(bucket.keys(None), Ok(Vec::new()));
    bucket.delete("a").unwrap();
    assert_eq!(directory.names(), [""; 0]);
}

#[test]
fn a_handle_sees_what_another_handle_writes() {
    let (directory, one) = one_value();
    let other = open(&directory);
    assert_eq!(one.get("a"), Ok(Some(OLD.to_vec())));
    other.set("a", b"new").unwrap();
    assert_eq!(one.get("a"), Ok(Some(b"new".to_vec())));
    one.delete("a").unwrap();
    assert_eq!(other.get("a"), Ok(None));
}

#[test]
fn a_value_and_its_name_are_on_the_disk_before_set_returns() {
    let (directory, bucket) = one_value();
    bucket.set("a", b"new").unwrap();
    let expected = [
        "look at key-a",
        "list",
        "create tmp-",
        "write tmp-",
        "sync tmp-",
        "rename to key-a",
        "sync names",
    ];
    assert_eq!(directory.steps(), expected);
}

#[test]
fn a_deletion_is_on_the_disk_before_delete_returns() {
    let (directory, bucket) = one_value();
    bucket.delete("a").unwrap();
    assert_eq!(
        directory.steps(),
        ["look at key-a", "list", "remove key-a", "sync names"]
    );
}

#[test]
fn a_set_that_fails_at_any_step_leaves_the_old_value_and_no_other_file() {
    let value = large();
    // The last step is the directory's sync.
    let renamed = steps_of_a_set(&value) - 1;
    for at in (0..renamed).filter(|&at| at != 1) {
        let (directory, bucket) = one_value();
        directory.expect(Some(FaultPlan::Failure(at, ErrorCode::InsufficientSpace)));
        let error = text(bucket.set("a", &value).unwrap_err());
        assert!(at == 0 || error.starts_with("full: "), "{at}: {error}");
        assert_eq!(directory.names(), ["key-a"], "{at}");
        assert_eq!(directory.bytes("key-a").as_deref(), Some(OLD), "{at}");
    }
}

#[test]
fn a_set_that_is_killed_at_any_step_leaves_the_old_or_the_new_value() {
    let value = large();
    let steps = steps_of_a_set(&value);
    let mut outcomes = Vec::new();
    for at in 0..=steps {
        let (directory, bucket) = one_value();
        directory.expect(Some(FaultPlan::Death(at)));
        let _ = bucket.set("a", &value);
        directory.expect(None);
        let after = open(&directory);
        assert_eq!(after.keys(None).unwrap(), ["a"], "{at}");
        let found = after.get("a").unwrap().unwrap();
        assert!(found == OLD || found == value, "{at}");
        outcomes.push(found == value);
    }
    assert!(outcomes.is_sorted() && !outcomes[0] && outcomes[steps]);
}

#[test]
fn a_failing_disk_is_an_error_and_a_directory_that_cannot_sync_is_not() {
    let sync = steps_of_a_set(OLD) - 1;
    for (code, is_error) in [
        (ErrorCode::Unsupported, false),
        (ErrorCode::Invalid, false),
        (ErrorCode::Access, false),
        (ErrorCode::Io, true),
        (ErrorCode::InsufficientSpace, true),
    ] {
        let (directory, bucket) = one_value();
        directory.expect(Some(FaultPlan::Failure(sync, code)));
        assert_eq!(bucket.set("a", b"new").is_err(), is_error, "{code:?}");
        assert_eq!(directory.bytes("key-a").as_deref(), Some(&b"new"[..]));
    }
}

#[test]
fn an_unfinished_value_of_another_handle_is_not_removed() {
    let (directory, bucket) = one_value();
    let theirs = name::unfinished([1; 16]);
    directory.put(&theirs, b"theirs");
    let error = text(bucket.set("a", b"new").unwrap_err());
    assert_eq!(error, "the directory cannot be written (exist)");
    assert_eq!(directory.bytes(&theirs).as_deref(), Some(&b"theirs"[..]));
}

#[test]
fn the_first_write_of_a_handle_removes_old_leftovers() {
    let (directory, bucket) = one_value();
    let old = name::unfinished([0xaa; 16]);
    let young = name::unfinished([0xbb; 16]);
    directory.put(&old, b"half");
    directory.put("tmp-mine", b"a person's");
    directory.put_other(&name::unfinished([0xcc; 16]), DescriptorType::Directory);
    directory.wait(200);
    directory.put(&young, b"half");
    directory.wait(101);
    let before = directory.names().len();
    assert_eq!(bucket.keys(None).unwrap(), ["a"]);
    assert!(directory.bytes(&old).is_some(), "reading removes nothing");

    bucket.set("a", b"new").unwrap();
    assert_eq!(directory.names().len(), before - 1);
    assert_eq!(directory.bytes(&old), None);

    directory.wait(1000);
    bucket.set("a", b"newer").unwrap();
    assert!(directory.bytes(&young).is_some(), "once a handle");
    open(&directory).delete("a").unwrap();
    assert_eq!(directory.bytes(&young), None);
}

#[test]
fn leftovers_that_cannot_be_removed_are_no_error() {
    for at in 1..=3 {
        let (directory, bucket) = one_value();
        directory.put(&name::unfinished([0xaa; 16]), b"half");
        directory.wait(301);
        directory.expect(Some(FaultPlan::Failure(at, ErrorCode::Access)));
        bucket.set("a", b"new").unwrap();
        assert_eq!(directory.bytes("key-a").as_deref(), Some(&b"new"[..]));
    }
}

#[test]
fn only_regular_files_are_read_overwritten_or_removed() {
    use DescriptorType::{BlockDevice, CharacterDevice, Directory, Fifo, SymbolicLink, Unknown};
    for kind in [
        BlockDevice,
        CharacterDevice,
        Directory,
        Fifo,
        SymbolicLink,
        Unknown,
    ] {
        let (directory, bucket) = one_value();
        directory.put_other("key-b", kind);
        let refused = Err(fault::no_file("key-b"));
        assert_eq!(bucket.get("b").map(|_| ()), refused);
        assert_eq!(bucket.exists("b").map(|_| ()), refused);
        assert_eq!(bucket.set("b", b"new"), refused);
        assert_eq!(bucket.delete("b"), refused);
        assert_eq!(bucket.keys(None).unwrap(), ["a"]);
        assert_eq!(directory.names(), ["key-a", "key-b"]);
    }
}

#[test]
fn values_over_the_limit_are_refused_before_anything_is_written() {
    let (directory, bucket) = one_value();
    let error = text(bucket.set("a", &vec![0; MAX_VALUE + 1]).unwrap_err());
    assert_eq!(error, "too-large: a value has at most 256 KiB");
    assert_eq!(directory.steps(), [""; 0]);
}

#[test]
fn a_file_over_the_limit_is_corrupt_and_not_read() {
    let (directory, bucket) = one_value();
    for size in [MAX_VALUE as u64 + 1, u64::MAX] {
        directory.claim("key-a", size);
        directory.expect(None);
        let error = text(bucket.get("a").unwrap_err());
        assert_eq!(error, "corrupt: the file key-a has more than 256 KiB");
        assert_eq!(
            directory.steps(),
            ["look at key-a", "open key-a", "look into key-a"]
        );
    }
}

#[test]
fn a_file_that_ends_early_is_corrupt() {
    let (directory, bucket) = one_value();
    directory.claim("key-a", 4);
    let error = text(bucket.get("a").unwrap_err());
    assert_eq!(error, "corrupt: the file key-a is shorter than it says");
}

#[test]
fn a_value_that_is_deleted_during_get_is_none() {
    let (directory, bucket) = one_value();
    directory.expect(Some(FaultPlan::Failure(1, ErrorCode::NoEntry)));
    assert_eq!(bucket.get("a"), Ok(None));
    directory.expect(Some(FaultPlan::Failure(1, ErrorCode::NoEntry)));
    assert_eq!(bucket.delete("a"), Ok(()));
}

#[test]
fn a_directory_that_cannot_be_read_is_never_an_empty_one() {
    let unreadable = fault::reading(ErrorCode::Access);
    for at in 0..4 {
        let (directory, bucket) = one_value();
        directory.expect(Some(FaultPlan::Failure(at, ErrorCode::Access)));
        assert_eq!(bucket.get("a"), Err(unreadable.clone()), "{at}");
    }
    let (directory, bucket) = one_value();
    directory.expect(Some(FaultPlan::Failure(0, ErrorCode::Access)));
    assert_eq!(bucket.keys(None), Err(unreadable.clone()));
    directory.expect(Some(FaultPlan::Failure(0, ErrorCode::Access)));
    assert_eq!(bucket.exists("a"), Err(unreadable));
}
