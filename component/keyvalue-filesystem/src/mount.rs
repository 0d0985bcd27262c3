//! The directory of the bucket, among those that the runtime opens.

use crate::bucket::Error;
use crate::fault;
use alloc::string::String;
use alloc::vec::Vec;

/// The name of the bucket's directory, for a runtime that opens several.
const NAME: &str = "/login";

/// The directory with this name, else the only one.
pub(crate) fn choose<D>(mut directories: Vec<(D, String)>) -> Result<D, Error> {
    let named = directories.iter().position(|(_, name)| name == NAME);
    let index = match (named, directories.len()) {
        (Some(index), _) => index,
        (None, 0) => return Err(fault::no_directory()),
        (None, 1) => 0,
        (None, _) => return Err(fault::several_directories()),
    };
    Ok(directories.swap_remove(index).0)
}
