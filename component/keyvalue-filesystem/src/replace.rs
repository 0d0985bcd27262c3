//! Writes a value: to a new file, to the disk, and then over the old file by one
//! rename.

use crate::bucket::Error;
use crate::directory::{Directory, ErrorCode, File};
use crate::{fault, name};

/// Replaces the file `name` with one that holds `value`, or creates it.
pub(crate) fn replace(directory: &impl Directory, name: &str, value: &[u8]) -> Result<(), Error> {
    let unfinished = name::unfinished(directory.random());
    let file = directory.create(&unfinished).map_err(fault::writing)?;
    let written = write(file, value).and_then(|()| directory.rename(&unfinished, name));
    if let Err(code) = written {
        // If this fails, a later writer removes the leftover.
        let _ = directory.remove(&unfinished);
        return Err(fault::writing(code));
    }
    sync_names(directory)
}

/// Syncs the names of a directory to the disk, if the system can: a system that cannot
/// returns one of these errors.
pub(crate) fn sync_names(directory: &impl Directory) -> Result<(), Error> {
    match directory.sync() {
        Err(
            ErrorCode::Unsupported
            | ErrorCode::Invalid
            | ErrorCode::BadDescriptor
            | ErrorCode::IsDirectory
            | ErrorCode::Access
            | ErrorCode::NotPermitted,
        ) => Ok(()),
        synced => synced.map_err(fault::writing),
    }
}

/// Writes the whole file and closes it: some systems cannot rename an open file.
fn write(file: impl File, value: &[u8]) -> Result<(), ErrorCode> {
    let mut written = 0;
    while written < value.len() {
        match file.write(&value[written..], written)? {
            0 => return Err(ErrorCode::Io),
            bytes => written += bytes,
        }
    }
    file.sync()
}
