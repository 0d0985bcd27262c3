//! How a value is written: beside the old one, to the disk, and then into its
//! place at once.

use crate::bucket::Error;
use crate::directory::{Directory, ErrorCode, File};
use crate::{fault, name};

/// Puts `value` into the place of the file `name`, or makes that file.
pub(crate) fn replace(directory: &impl Directory, name: &str, value: &[u8]) -> Result<(), Error> {
    let unfinished = name::unfinished(directory.random());
    let file = directory.create(&unfinished).map_err(fault::writing)?;
    let written = write(file, value).and_then(|()| directory.rename(&unfinished, name));
    if let Err(code) = written {
        // What cannot be removed now is a leftover for later.
        let _ = directory.remove(&unfinished);
        return Err(fault::writing(code));
    }
    sync_names(directory)
}

/// Brings the names of a directory to the disk, if it can: not every system syncs
/// directories, and those that do not say any of these.
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

/// Writes the whole file and closes it: an open one cannot be renamed everywhere.
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
