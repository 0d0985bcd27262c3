//! What writers leave that were killed before they were done. It may hold secrets,
//! so it does not stay for ever.

use crate::directory::{DescriptorType, Directory, Entry};
use crate::name;

/// How old a leftover is, in seconds: no write takes that long. Should one do so
/// all the same, because its machine slept, it fails, and the old value stays.
const AGE: u64 = 300;

/// Removes leftovers. What goes wrong is no matter: the next writer tries again.
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
