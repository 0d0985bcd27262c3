use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use super::*;
use crate::location::DIRECTORY;

fn directory() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    chmod(root.path(), 0o700);
    root
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

/// The message and the hint of a refusal.
fn refusal(outcome: Result<(), StoreError>) -> (String, String) {
    match outcome {
        Err(StoreError::Refused { message, hint }) => (message, hint),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_file_and_its_directories_are_private_to_their_owner() {
    let root = directory();
    let path = root.path().join("a/b/store.db");
    create_or_check(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&root.path().join("a/b")), 0o700);
    create_or_check(&path).unwrap();
    assert!(check_if_exists(&path).unwrap());
}

#[test]
fn a_directory_in_place_of_the_file_is_named() {
    let root = directory();
    for outcome in [
        create_or_check(root.path()),
        check_if_exists(root.path()).map(drop),
    ] {
        let (message, hint) = refusal(outcome);
        assert!(message.ends_with(" is a directory"), "{message}");
        assert!(hint.ends_with("/openai.db"), "{hint}");
    }
}

const UMASK: &str = "CHATGPT_OAUTH_TEST_UMASK";

/// The umask belongs to the process, so this test starts itself in another process.
#[test]
fn with_any_umask_the_owner_can_use_the_new_file() {
    if let Some(root) = std::env::var_os(UMASK) {
        rustix::process::umask(rustix::fs::Mode::from_bits_truncate(0o777));
        return create_or_check(&PathBuf::from(root).join("a/b/store.db")).unwrap();
    }
    let root = directory();
    let process = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "sqlite::file::tests::with_any_umask_the_owner_can_use_the_new_file",
        ])
        .env(UMASK, root.path())
        .output()
        .unwrap();
    assert!(process.status.success(), "{process:?}");
    for (path, expected) in [("a", 0o700), ("a/b", 0o700), ("a/b/store.db", 0o600)] {
        assert_eq!(mode(&root.path().join(path)), expected, "{path}");
    }
}

#[test]
fn checking_for_a_file_creates_nothing() {
    let root = directory();
    assert!(!check_if_exists(&root.path().join("a/store.db")).unwrap());
    assert!(!root.path().join("a").exists());
}

/// Faults: S13
#[test]
fn a_file_that_other_users_can_read_is_refused_with_the_fix() {
    let root = directory();
    let path = root.path().join("it's.db");
    create_or_check(&path).unwrap();
    for open in [0o640, 0o604, 0o620, 0o610] {
        chmod(&path, open);
        let (message, hint) = refusal(create_or_check(&path));
        assert!(message.ends_with("is open to other users"), "{message}");
        assert!(hint.starts_with("chmod 600 '/"), "{hint}");
        assert!(hint.ends_with(r"it'\''s.db'"), "{hint}");
        assert!(check_if_exists(&path).is_err());
    }
}

/// Faults: S13
#[test]
fn a_directory_that_others_can_enter_is_refused() {
    let root = directory();
    let ours = root.path().join(DIRECTORY);
    let path = ours.join("store.db");
    create_or_check(&path).unwrap();
    for open in [0o750, 0o701, 0o777] {
        chmod(&ours, open);
        let (_, hint) = refusal(create_or_check(&path));
        assert!(hint.starts_with("chmod 700 '/"), "{hint}");
        assert!(hint.ends_with("/chatgpt-oauth'"), "{hint}");
        assert!(check_if_exists(&path).is_err());
    }
}

#[test]
fn no_hint_changes_the_mode_of_a_shared_directory() {
    let root = directory();
    chmod(root.path(), 0o1777);
    let (message, hint) = refusal(create_or_check(&root.path().join("store.db")));
    assert!(message.ends_with("is open to other users"), "{message}");
    let command = format!("mkdir -m 700 '{}/chatgpt-oauth'", root.path().display());
    assert!(hint.ends_with(&command), "{hint}");
    assert!(!hint.contains("chmod"), "{hint}");
}

/// Faults: S14 M20
#[test]
fn links_are_refused_and_their_targets_are_not_changed() {
    let root = directory();
    let target = root.path().join("target");
    fs::write(&target, "precious").unwrap();
    chmod(&target, 0o600);

    let soft = root.path().join("soft.db");
    symlink(&target, &soft).unwrap();
    refusal(create_or_check(&soft));
    let dangling = root.path().join("dangling.db");
    symlink(root.path().join("nowhere"), &dangling).unwrap();
    refusal(create_or_check(&dangling));
    assert!(!root.path().join("nowhere").exists());
    let hard = root.path().join("hard.db");
    fs::hard_link(&target, &hard).unwrap();
    refusal(create_or_check(&hard));

    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
}

/// Faults: S14
#[test]
fn a_linked_directory_is_refused() {
    let root = directory();
    fs::create_dir(root.path().join("real")).unwrap();
    let linked = root.path().join("linked");
    symlink(root.path().join("real"), &linked).unwrap();
    refusal(create_or_check(&linked.join("store.db")));
    assert!(!root.path().join("real/store.db").exists());
}

/// Faults: S14
#[test]
fn a_path_that_is_not_a_file_is_refused() {
    let root = directory();
    let path = root.path().join("store.db");
    fs::create_dir(&path).unwrap();
    refusal(create_or_check(&path));
}

#[test]
fn a_path_that_cannot_be_created_is_a_permanent_error() {
    let root = directory();
    fs::write(root.path().join("file"), "").unwrap();
    let error = create_or_check(&root.path().join("file/a/store.db")).unwrap_err();
    assert!(matches!(error, StoreError::Unusable(_)), "{error:?}");
}

/// Faults: S15
#[cfg(target_os = "linux")]
#[test]
fn network_file_systems_are_recognized_and_local_ones_are_not() {
    for (magic, name) in [
        (0x6969, "NFS"),
        (0x0102_1997, "9p"),
        (0x00c3_6400, "Ceph"),
        (0x5346_414f, "AFS"),
        (0x6b41_4653, "AFS"),
    ] {
        assert_eq!(network_file_system(magic), Some(name));
    }
    let (ext4, xfs, btrfs) = (0xef53, 0x5846_5342, 0x9123_683e);
    let (tmpfs, overlay) = (0x0102_1994, 0x794c_7630);
    for magic in [ext4, xfs, btrfs, tmpfs, overlay] {
        assert_eq!(network_file_system(magic), None, "{magic:#x}");
    }
}

/// Faults: S13
#[test]
fn a_file_of_another_user_is_refused() {
    // Only root can change the owner of a file. Other users test a file of root's.
    let root = directory();
    let path = root.path().join("store.db");
    create_or_check(&path).unwrap();
    let foreign = match std::os::unix::fs::chown(&path, Some(12345), None) {
        Ok(()) => path,
        Err(_) => PathBuf::from("/etc/shadow"),
    };
    let (message, _) = refusal(check_file(&foreign));
    assert!(message.ends_with("belongs to another user"), "{message}");
}
