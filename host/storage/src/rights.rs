//! The commands that fix the rights of a refused store.
//!
//! For a directory that holds only stores, the command restores its mode. Other users need
//! a directory such as `/tmp`: no command changes its mode or owner, and the store moves
//! to another directory. No file is opened: closing it would drop SQLite's locks.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::StoreKind;
use crate::location::DIRECTORY;
use crate::private_file::{DIRECTORY_MODE, FILE_MODE, OTHERS, this_user};

/// The sticky bit, and the right of all users to write.
const SHARED: u32 = 0o1002;
/// A directory at the root of a file system.
const LOST_AND_FOUND: &str = "lost+found";

/// The fix for a directory that is not private to this user.
pub(crate) fn of_directory(store: &Path, directory: &Path, found: &Metadata) -> String {
    let own = directory.join(DIRECTORY);
    let stored = fs::symlink_metadata(store).ok();
    let stored = stored.filter(Metadata::is_file);
    let is_for_stores = is_ours(directory) || (!is_shared(found) && holds_stores_alone(store));
    match stored {
        Some(stored) if !is_me(found.uid()) && !is_me(stored.uid()) => as_its_owner(stored.uid()),
        _ if is_me(found.uid()) && is_ours(directory) => modes(directory, found, store),
        Some(_) if is_me(found.uid()) && is_for_stores => modes(directory, found, store),
        Some(_) => format!(
            "move the store into a directory of its own, and name it there: mkdir -m 700 {} && mv {} {}",
            quoted(&own),
            listed(&files_of(store)),
            quoted(&own)
        ),
        None if is_ours(directory) => as_its_owner(found.uid()),
        None => format!(
            "put the store into a directory of its own: mkdir -m 700 {}",
            quoted(&own)
        ),
    }
}

/// The fix for a store that is not private to this user.
pub(crate) fn of_file(store: &Path, found: &Metadata) -> String {
    match is_me(found.uid()) {
        false => as_its_owner(found.uid()),
        true => chmod(&open_files(store)),
    }
}

fn as_its_owner(owner: u32) -> String {
    format!("run this program as the owner, user {owner}")
}

fn modes(directory: &Path, found: &Metadata, store: &Path) -> String {
    let directory_is_open = found.permissions().mode() & OTHERS != 0;
    let directory =
        directory_is_open.then(|| format!("chmod {DIRECTORY_MODE:o} {}", quoted(directory)));
    let files = open_files(store);
    let files = (!files.is_empty()).then(|| chmod(&files));
    let commands: Vec<_> = directory.into_iter().chain(files).collect();
    commands.join(" && ")
}

fn chmod(files: &[PathBuf]) -> String {
    format!("chmod {FILE_MODE:o} {}", listed(files))
}

fn listed(files: &[PathBuf]) -> String {
    let quoted: Vec<_> = files.iter().map(|file| quoted(file)).collect();
    quoted.join(" ")
}

/// Whether a directory has the name of the directory for stores.
fn is_ours(directory: &Path) -> bool {
    directory.file_name() == Some(DIRECTORY.as_ref())
}

fn is_shared(directory: &Metadata) -> bool {
    directory.mode() & SHARED != 0
}

fn is_me(user: u32) -> bool {
    user == this_user()
}

/// The files of all stores in the directory that are open to other users.
fn open_files(store: &Path) -> Vec<PathBuf> {
    let mut files = siblings(store);
    files.retain(|file| {
        let found = fs::symlink_metadata(file);
        is_of_a_store(store, file)
            && found.is_ok_and(|found| {
                found.is_file() && is_me(found.uid()) && found.mode() & OTHERS != 0
            })
    });
    files
}

/// The store's own files: itself, its journals and its key.
fn files_of(store: &Path) -> Vec<PathBuf> {
    let mut files = siblings(store);
    files.retain(|file| begins(file.file_name(), store.file_name()));
    files
}

fn holds_stores_alone(store: &Path) -> bool {
    siblings(store)
        .iter()
        .all(|file| file.file_name() == Some(LOST_AND_FOUND.as_ref()) || is_of_a_store(store, file))
}

/// Whether a file belongs to this store or to a store with a default name.
fn is_of_a_store(store: &Path, file: &Path) -> bool {
    let ours = [StoreKind::OpenAi, StoreKind::Test].map(|kind| format!("{kind}.db"));
    let named = |name: &String| begins(file.file_name(), Some(name.as_ref()));
    begins(file.file_name(), store.file_name()) || ours.iter().any(named)
}

fn begins(name: Option<&OsStr>, with: Option<&OsStr>) -> bool {
    let (Some(name), Some(with)) = (name, with) else {
        return false;
    };
    let (name, with) = (name.as_encoded_bytes(), with.as_encoded_bytes());
    name.strip_prefix(with)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"-") || rest.starts_with(b"."))
}

/// All files in the directory of a store, sorted.
fn siblings(store: &Path) -> Vec<PathBuf> {
    let entries = store.parent().and_then(|parent| fs::read_dir(parent).ok());
    let mut files: Vec<_> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

/// A path as a shell reads it.
pub(crate) fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    format!("'{}'", path.replace('\'', r"'\''"))
}
