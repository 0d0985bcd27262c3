//! Files for this user alone: owner and modes, locks, and content that is written beside
//! its place and renamed.
//!
//! The store's file, the key file and the marks against restored backups use it.

use std::fmt;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

pub(crate) const DIRECTORY_MODE: u32 = 0o700;
pub(crate) const FILE_MODE: u32 = 0o600;
/// The bits of a mode that are for other users than the owner.
pub(crate) const OTHERS: u32 = 0o077;

/// How other users get at a file or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exposure {
    Owner,
    Mode,
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Owner => "belongs to another user",
            Self::Mode => "is open to other users",
        })
    }
}

impl Exposure {
    /// Checks the owner, and the bits of the mode that must not be set.
    pub(crate) fn of(found: &Metadata, owners: &[u32], forbidden: u32) -> Option<Self> {
        if !owners.contains(&found.uid()) {
            return Some(Self::Owner);
        }
        (found.mode() & forbidden != 0).then_some(Self::Mode)
    }
}

/// The user of this process.
pub(crate) fn this_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

pub(crate) fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory.into(),
        _ => ".".into(),
    }
}

/// Creates a directory and its missing parents. The owner can use each one before the
/// next is created in it.
pub(crate) fn create_directory(directory: &Path) -> io::Result<()> {
    if fs::symlink_metadata(directory).is_ok() {
        return Ok(());
    }
    if let Some(parent) = directory.parent() {
        create_directory(parent)?;
    }
    match DirBuilder::new().mode(DIRECTORY_MODE).create(directory) {
        Ok(()) => {
            // The umask may have cleared bits of the mode.
            fs::set_permissions(directory, Permissions::from_mode(DIRECTORY_MODE))?;
            // The name survives a power loss once the parent is synced. SQLite syncs the
            // names of its files.
            sync_directory_of(directory)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Opens or creates a file with the mode [`FILE_MODE`], whatever the umask is.
pub(crate) fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.mode(FILE_MODE).open(path)?;
    file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    Ok(file)
}

/// Opens or creates a lock file.
pub(crate) fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    open(&mut options, path)
}

/// Locks a file until it is closed. Returns false while another process has locked it.
pub(crate) fn try_lock(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Creates a file with this content, whole or not at all, unless the file exists.
pub(crate) fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = write_beside(path, content)?;
    let linked = fs::hard_link(&temporary, path);
    let removed = fs::remove_file(&temporary);
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => removed.and_then(|()| sync_directory_of(path)),
    }
}

/// Replaces a file, whole or not at all. The new content survives a power loss.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = write_beside(path, content)?;
    rename(&temporary, path)?;
    sync_directory_of(path)
}

/// Replaces a file that the caller has locked. After a power loss the old content may be
/// back. A temporary file that an ended process has left is overwritten.
pub(crate) fn replace_locked(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("next");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    open(&mut options, &temporary)?.write_all(content)?;
    rename(&temporary, path)
}

/// Writes and syncs a file with another name in the same directory.
fn write_beside(path: &Path, content: &[u8]) -> io::Result<PathBuf> {
    let temporary = name_beside(path)?;
    let mut file = open(OpenOptions::new().write(true).create_new(true), &temporary)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    match written {
        Ok(()) => Ok(temporary),
        Err(error) => Err(remove_after(error, &temporary)),
    }
}

fn rename(temporary: &Path, path: &Path) -> io::Result<()> {
    fs::rename(temporary, path).map_err(|error| remove_after(error, temporary))
}

/// Removes a temporary file after an error: it may hold keys.
fn remove_after(error: io::Error, temporary: &Path) -> io::Error {
    _ = fs::remove_file(temporary);
    error
}

/// A random name, so that another user cannot put a file there in advance.
fn name_beside(path: &Path) -> io::Result<PathBuf> {
    let number = getrandom::u64().map_err(io::Error::other)?;
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number:016x}"));
    Ok(name.into())
}

fn sync_directory_of(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}
