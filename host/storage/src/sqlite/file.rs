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

use rustix::fs::Access;
use rustix::io::Errno;
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

/// Whether this user cannot create a file in the directory of the store, by its mode or by
/// its file system.
pub(super) fn is_directory_read_only(path: &Path) -> bool {
    let writing = rustix::fs::access(&*directory_of(path), Access::WRITE_OK);
    matches!(writing, Err(Errno::ACCESS | Errno::ROFS))
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
mod tests;
