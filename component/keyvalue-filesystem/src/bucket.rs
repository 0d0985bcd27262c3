//! The bucket. Each function reads the directory and keeps nothing in memory.

pub use crate::bindings::store::Error;

use crate::directory::{DescriptorType, Directory, ErrorCode, File};
use crate::{fault, leftovers, mount, name, replace};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;

/// The identifiers of the bucket.
const IDENTIFIERS: [&str; 2] = ["default", ""];

/// The largest value, in bytes.
const MAX_VALUE: usize = 256 * 1024;

/// A handle of the bucket in a directory.
pub struct Bucket<D> {
    directory: D,
    /// Whether this handle has removed leftovers.
    has_tidied: Cell<bool>,
}

impl<D: Directory> Bucket<D> {
    /// Opens the bucket in the directory `/login`, else in the only one.
    ///
    /// # Errors
    ///
    /// If the identifier is another one, if there is no directory, or if there are
    /// several without that name.
    pub fn open(identifier: &str, directories: Vec<(D, String)>) -> Result<Self, Error> {
        if !IDENTIFIERS.contains(&identifier) {
            return Err(Error::NoSuchStore);
        }
        Ok(Self {
            directory: mount::choose(directories)?,
            has_tidied: Cell::new(false),
        })
    }

    /// The value of a key, if it has one.
    ///
    /// # Errors
    ///
    /// `corrupt` if `set` cannot have written the file; any other text if the directory
    /// cannot be read.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let name = name::of_key(key)?;
        // Opening a pipe would wait for its other end.
        if !self.has(&name)? {
            return Ok(None);
        }
        match self.directory.open(&name) {
            Ok(file) => read(&file, &name).map(Some),
            Err(ErrorCode::NoEntry) => Ok(None),
            Err(code) => Err(fault::reading(code)),
        }
    }

    /// Whether a key has a value.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), but it reads no value.
    pub fn exists(&self, key: &str) -> Result<bool, Error> {
        self.has(&name::of_key(key)?)
    }

    /// Sets the value of a key.
    ///
    /// # Errors
    ///
    /// One of the words of the table in `fault`, or any other text if the directory
    /// cannot be written. The new value is then not stored, unless the disk fails in
    /// the last step.
    pub fn set(&self, key: &str, value: &[u8]) -> Result<(), Error> {
        let name = name::of_key(key)?;
        if value.len() > MAX_VALUE {
            return Err(fault::value_too_large());
        }
        self.has(&name)?;
        self.tidy();
        replace::replace(&self.directory, &name, value)
    }

    /// Deletes the value of a key, if it has one.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn delete(&self, key: &str) -> Result<(), Error> {
        let name = name::of_key(key)?;
        if !self.has(&name)? {
            return Ok(());
        }
        self.tidy();
        match self.directory.remove(&name) {
            Ok(()) => replace::sync_names(&self.directory),
            Err(ErrorCode::NoEntry) => Ok(()),
            Err(code) => Err(fault::writing(code)),
        }
    }

    /// All keys at once, in any order: there are no cursors.
    ///
    /// # Errors
    ///
    /// If there is a cursor, or if the directory cannot be read.
    pub fn keys(&self, cursor: Option<u64>) -> Result<Vec<String>, Error> {
        if cursor.is_some() {
            return Err(fault::foreign_cursor());
        }
        let entries = self.directory.entries().map_err(fault::reading)?;
        let files = entries
            .iter()
            .filter(|entry| entry.kind == DescriptorType::RegularFile);
        Ok(files.filter_map(|file| name::key(&file.name)).collect())
    }

    /// Removes leftovers, once for each handle.
    fn tidy(&self) {
        if !self.has_tidied.replace(true) {
            leftovers::remove(&self.directory);
        }
    }

    /// Whether there is a file with this name. Anything but a regular file is an error.
    fn has(&self, name: &str) -> Result<bool, Error> {
        match self.directory.metadata(name) {
            Ok(metadata) => require_file(metadata.kind, name).map(|()| true),
            Err(ErrorCode::NoEntry) => Ok(false),
            Err(code) => Err(fault::reading(code)),
        }
    }
}

fn require_file(kind: DescriptorType, name: &str) -> Result<(), Error> {
    match kind {
        DescriptorType::RegularFile => Ok(()),
        _ => Err(fault::no_file(name)),
    }
}

/// Reads a whole file. Its size cannot change, because `set` never writes to an
/// existing file.
fn read(file: &impl File, name: &str) -> Result<Vec<u8>, Error> {
    let metadata = file.metadata().map_err(fault::reading)?;
    require_file(metadata.kind, name)?;
    let size = usize::try_from(metadata.size).unwrap_or(usize::MAX);
    if size > MAX_VALUE {
        return Err(fault::file_too_large(name));
    }
    let mut value = Vec::with_capacity(size);
    while value.len() < size {
        let piece = file.read(size - value.len(), value.len());
        let piece = piece.map_err(fault::reading)?;
        if piece.is_empty() {
            return Err(fault::file_cut_short(name));
        }
        value.extend(piece);
    }
    Ok(value)
}

#[cfg(test)]
mod tests;
