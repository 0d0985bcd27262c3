//! Leftovers: unfinished values of writers that were killed. They may hold secrets, so
//! a later writer removes them.

use crate::directory::{DescriptorType, Directory, Entry};
use crate::name;

/// The age of a leftover, in seconds: no write takes that long. If one does, because
/// its machine slept, it fails and the old value stays.
const AGE: u64 = 300;

/// Removes leftovers and ignores failures: the next writer tries again.
pub(crate) fn remove(directory: &impl Directory) {
    for entry in directory.entries().unwrap_or_default() {
        if is_leftover(directory, &entry) {
            let _ = directory.remove(&entry.name);
        }
    }
}

fn is_leftover(directory: &impl Directory, entry: &Entry) -> bool {
    if entry.kind != DescriptorType::RegularFile || !name::is_unfinished(&entry.name) {
        return false;
    }
    let metadata = directory.metadata(&entry.name);
    let modified = metadata.ok().and_then(|metadata| metadata.modified);
    modified.is_some_and(|modified| modified.saturating_add(AGE) < directory.now())
}
