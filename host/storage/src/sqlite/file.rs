//! The file of a store, private to this user.
//!
//! SQLite creates its file with the mode that the umask leaves. So this module creates the
//! file first, with mode 0600, in a directory with mode 0700. SQLite gives `-wal` and
//! `-shm` the mode of the file. An existing file or directory is refused, with the command
//! that fixes it, if other users can read it, if it belongs to another user, or if it is a
//! link.
//!
//! An existing file is never opened for the check: closing it would drop the locks that
//! SQLite holds on it elsewhere in this process. No other user can replace the file between
//! check and use, since the directory is private.

use std::fmt::Display;
use std::fs::{self, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustix::process::Resource;

use crate::StoreError;
use crate::private_file::{self, Exposure, FILE_MODE, OTHERS, create_directory, directory_of};
use crate::rights;
use crate::shortage::{Shortage, limit};

/// One thread at a time: the thread that creates the file must close it before SQLite locks
/// it in another thread.
static CREATION: Mutex<()> = Mutex::new(());

/// Creates the file and its directory, unless they exist, and checks them.
pub(super) fn create_or_check(path: &Path) -> Result<(), StoreError> {
    let _one_at_a_time = CREATION.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = directory_of(path);
    create_directory(&directory).map_err(|error| failed("create", &directory, &error))?;
    check_directory(path)?;
    match create_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            check_file(path)?;
            restore_modes_beside(path);
            Ok(())
        }
        Err(error) => Err(failed("create", path, &error)),
    }
}

/// Makes SQLite's files beside the store writable for the owner. SQLite creates them with
/// the mode of the store, so after a read-only phase of the store they are read-only.
fn restore_modes_beside(path: &Path) {
    let mode = |path: &Path| fs::symlink_metadata(path).map(|found| found.mode());
    if mode(path).is_ok_and(|mode| mode & FILE_MODE != FILE_MODE) {
        return;
    }
    for beside in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(beside);
        let found = fs::symlink_metadata(&name);
        if found.is_ok_and(|found| found.is_file() && found.mode() & FILE_MODE != FILE_MODE) {
            // SQLite reports an error when it opens a file that is still read-only.
            _ = fs::set_permissions(&name, Permissions::from_mode(FILE_MODE));
        }
    }
}

/// Checks the file and its directory, and returns whether the file exists.
pub(super) fn check_if_exists(path: &Path) -> Result<bool, StoreError> {
    match fs::symlink_metadata(path) {
        Err(error) if is_absent(&error) => return Ok(false),
        Err(error) => return Err(failed("look at", path, &error)),
        Ok(_) => {}
    }
    check_directory(path)?;
    check_file(path)?;
    Ok(true)
}

/// Whether SQLite's journals beside the file are empty, so that the file holds all writes.
pub(super) fn holds_all(path: &Path) -> bool {
    ["-wal", "-journal"].iter().all(|journal| {
        let mut name = path.as_os_str().to_owned();
        name.push(journal);
        match fs::symlink_metadata(name) {
            Ok(found) => found.is_file() && found.len() == 0,
            Err(error) => is_absent(&error),
        }
    })
}

/// Checks that the store and its journal may each grow by this many bytes.
pub(super) fn check_growth(path: &Path, bytes: u64) -> Result<(), StoreError> {
    let Some(limit) = limit(Resource::Fsize) else {
        return Ok(());
    };
    let mut journal = path.as_os_str().to_owned();
    journal.push("-wal");
    let fits = |path: &Path| {
        let length = fs::symlink_metadata(path).map_or(0, |found| found.len());
        length.saturating_add(bytes) <= limit
    };
    match fits(path) && fits(Path::new(&journal)) {
        true => Ok(()),
        false => Err(Shortage::FileSize.into()),
    }
}

/// Whether the disk has less room than this, in bytes.
pub(super) fn is_disk_full(path: &Path, room: u64) -> bool {
    let disk = rustix::fs::statvfs(directory_of(path));
    disk.is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < room)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Creates the file with `O_EXCL` and `O_NOFOLLOW`: opens no existing file and no link.
fn create_file(path: &Path) -> io::Result<()> {
    let no_follow = rustix::fs::OFlags::NOFOLLOW.bits();
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create_new(true)
        .custom_flags(no_follow.cast_signed());
    private_file::open(&mut options, path).map(drop)
}

fn check_directory(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        let hint = format!("name a file in it: {}", path.join("openai.db").display());
        return Err(refused(path, "is a directory", hint));
    }
    let directory = &*directory_of(path);
    let found = fs::symlink_metadata(directory);
    let found = found.map_err(|error| failed("look at", directory, &error))?;
    if !found.is_dir() {
        return Err(refused(
            directory,
            "is a link or not a directory",
            "name the store by its real path",
        ));
    }
    if let Some(exposure) = exposure(&found) {
        return Err(refused(
            directory,
            exposure,
            rights::of_directory(path, directory, &found),
        ));
    }
    check_file_system(directory)
}

fn check_file(path: &Path) -> Result<(), StoreError> {
    let found = fs::symlink_metadata(path);
    let found = found.map_err(|error| failed("look at", path, &error))?;
    if !found.is_file() {
        return Err(refused(
            path,
            "is not a file",
            "name the store by its real path",
        ));
    }
    if found.nlink() != 1 {
        return Err(refused(
            path,
            "has a second name, a hard link",
            "remove the other name, or copy the file",
        ));
    }
    match exposure(&found) {
        Some(exposure) => Err(refused(path, exposure, rights::of_file(path, &found))),
        None => Ok(()),
    }
}

fn exposure(found: &Metadata) -> Option<Exposure> {
    Exposure::of(found, &[private_file::this_user()], OTHERS)
}

/// Refuses network file systems: SQLite needs locks and shared memory, which these do not
/// provide reliably.
#[cfg(target_os = "linux")]
fn check_file_system(directory: &Path) -> Result<(), StoreError> {
    let found = rustix::fs::statfs(directory);
    let found = found.map_err(|error| failed("look at", directory, &error.into()))?;
    // The width of the type depends on the platform.
    #[allow(clippy::unnecessary_cast)]
    let found = (found.f_type as i64) & 0xffff_ffff;
    match network_file_system(found) {
        None => Ok(()),
        Some(name) => Err(refused(
            directory,
            format_args!("is on {name}, where locks are unreliable"),
            "put the store on a local disk",
        )),
    }
}

/// The name of a file system on a network or on the host of a virtual machine, by the
/// number in the kernel's headers (`linux/magic.h`, `fs/smb/`, OpenAFS).
#[cfg(target_os = "linux")]
fn network_file_system(magic: i64) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "NFS",
        0x517b | 0xfe53_4d42 => "SMB",
        0xff53_4d42 => "CIFS",
        0x6573_5546 => "FUSE",
        0x0102_1997 => "9p",
        0x00c3_6400 => "Ceph",
        0x5346_414f | 0x6b41_4653 => "AFS",
        _ => return None,
    })
}

#[cfg(not(target_os = "linux"))]
fn check_file_system(_: &Path) -> Result<(), StoreError> {
    Ok(())
}

fn refused(path: &Path, what: impl Display, fix: impl Into<String>) -> StoreError {
    StoreError::Refused {
        message: format!("{} {what}", path.display()),
        hint: fix.into(),
    }
}

/// An error that lasts until a person fixes it, except for a full disk.
fn failed(doing: &str, path: &Path, error: &io::Error) -> StoreError {
    if let Some(shortage) = Shortage::of_io(error) {
        return shortage.into();
    }
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full,
        _ => StoreError::Unusable(format!("cannot {doing} {}: {error}", path.display())),
    }
}

#[cfg(test)]
mod tests {
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
}
