//! The file that a store is kept in: for this user's eyes only.
//!
//! SQLite would create its file with the mode that the umask leaves. So the file
//! is made here first, with mode 0600, in a directory of mode 0700; what SQLite
//! puts beside it (`-wal`, `-shm`) gets the mode of the file. An existing file or
//! directory that others can look into, that belongs to somebody else or that is
//! not what it seems is refused, with the command that mends it.
//!
//! An existing file is never opened to look at it: closing it would drop the
//! locks that SQLite holds on it elsewhere in this process. Nobody else can
//! exchange it in between, since the directory is ours alone.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::process::Resource;

use crate::StoreError;
use crate::rights;
use crate::shortage::{Shortage, limit};

pub(super) const DIRECTORY_MODE: u32 = 0o700;
pub(super) const FILE_MODE: u32 = 0o600;
/// What of a mode is for others than the owner.
pub(super) const OTHERS: u32 = 0o077;

/// Of several threads, one at a time: the one that has made the file must have
/// closed it before another one's SQLite locks it.
static CREATION: Mutex<()> = Mutex::new(());

/// Makes the file and its directory, unless they exist, and checks them.
pub(super) fn create_or_check(path: &Path) -> Result<(), StoreError> {
    let _one_at_a_time = CREATION.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = directory_of(path);
    create_directory(&directory).map_err(|error| failed("create", &directory, &error))?;
    check_directory(path)?;
    match create_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            check_file(path)?;
            give_back_beside(path);
            Ok(())
        }
        Err(error) => Err(failed("create", path, &error)),
    }
}

/// Lets the owner write what SQLite put beside the file while the file itself was
/// read-only: it got the mode of then, and would keep a store that was repaired so.
fn give_back_beside(path: &Path) {
    let mode = |path: &Path| fs::symlink_metadata(path).map(|found| found.mode());
    if mode(path).is_ok_and(|mode| mode & FILE_MODE != FILE_MODE) {
        return;
    }
    for beside in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(beside);
        let found = fs::symlink_metadata(&name);
        if found.is_ok_and(|found| found.is_file() && found.mode() & FILE_MODE != FILE_MODE) {
            // What cannot be repaired is said when SQLite opens it.
            _ = fs::set_permissions(&name, Permissions::from_mode(FILE_MODE));
        }
    }
}

/// Checks the file and its directory, and says whether the file exists.
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

/// Whether the file itself has all that was written: SQLite's journals beside it
/// hold nothing.
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

/// Whether the store and its journal may each grow by so many bytes.
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

pub(crate) fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory.into(),
        _ => ".".into(),
    }
}

/// Makes a directory and those above it that are missing, each one usable for
/// its owner before the next is made in it.
pub(crate) fn create_directory(directory: &Path) -> io::Result<()> {
    if fs::symlink_metadata(directory).is_ok() {
        return Ok(());
    }
    if let Some(parent) = directory.parent() {
        create_directory(parent)?;
    }
    match DirBuilder::new().mode(DIRECTORY_MODE).create(directory) {
        Ok(()) => {
            // The umask may have taken from the mode.
            fs::set_permissions(directory, Permissions::from_mode(DIRECTORY_MODE))?;
            // Its name is in the one above, and survives a loss of power with that.
            // The names of files in it are synced by SQLite.
            File::open(directory_of(directory))?.sync_all()
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Opens, or makes, a file that is for this user alone, whatever the umask is.
pub(crate) fn open_private(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.mode(FILE_MODE).open(path)?;
    file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    Ok(file)
}

/// `O_EXCL` and `O_NOFOLLOW`: never an existing file, never through a link.
fn create_file(path: &Path) -> io::Result<()> {
    let no_follow = rustix::fs::OFlags::NOFOLLOW.bits();
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create_new(true)
        .custom_flags(no_follow.cast_signed());
    open_private(&mut options, path).map(drop)
}

fn check_directory(path: &Path) -> Result<(), StoreError> {
    let directory = &*directory_of(path);
    let found = fs::symlink_metadata(directory);
    let found = found.map_err(|error| failed("look at", directory, &error))?;
    if !found.is_dir() {
        return Err(refused(
            directory,
            "is a link, or no directory",
            "name the store by its real path",
        ));
    }
    if let Some(what) = not_private(&found) {
        return Err(refused(
            directory,
            what,
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
            "has another name too, a hard link",
            "remove the other name, or copy the file",
        ));
    }
    match not_private(&found) {
        Some(what) => Err(refused(path, what, rights::of_file(path, &found))),
        None => Ok(()),
    }
}

/// Why something is not this user's alone, if it is not.
fn not_private(found: &Metadata) -> Option<&'static str> {
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Some("belongs to another user");
    }
    (found.mode() & OTHERS != 0).then_some("is open to other users")
}

/// SQLite needs locks and shared memory that work, which network file systems
/// promise and do not keep.
#[cfg(target_os = "linux")]
fn check_file_system(directory: &Path) -> Result<(), StoreError> {
    let found = rustix::fs::statfs(directory);
    let found = found.map_err(|error| failed("look at", directory, &error.into()))?;
    // The type's width differs from platform to platform.
    #[allow(clippy::unnecessary_cast)]
    let found = (found.f_type as i64) & 0xffff_ffff;
    match network_file_system(found) {
        None => Ok(()),
        Some(name) => Err(refused(
            directory,
            &format!("is on {name}, where locks cannot be relied on"),
            "put the store on a local disk",
        )),
    }
}

/// The name of a file system over a network, or over a virtual machine's border,
/// by the number in the kernel's headers (`linux/magic.h`, `fs/smb/`, OpenAFS).
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

/// A path as a shell reads it.
pub(crate) fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    format!("'{}'", path.replace('\'', r"'\''"))
}

fn refused(path: &Path, what: &str, fix: impl Into<String>) -> StoreError {
    StoreError::Refused {
        message: format!("{} {what}", path.display()),
        hint: fix.into(),
    }
}

/// What fails here fails again, until somebody does something about it.
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

    /// The message and the command of a refusal.
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

    const UMASK: &str = "CHATGPT_OAUTH_TEST_UMASK";

    /// The umask is the whole process's, so this test starts itself once more.
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
                "private_file::tests::with_any_umask_the_owner_can_use_the_new_file",
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
        // Only root can give a file away; elsewhere there is a file of root's.
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
