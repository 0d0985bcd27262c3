//! The interface between the bucket and a directory, a clock and a random source.

pub use crate::bindings::wasi::filesystem::types::{DescriptorType, ErrorCode};
use alloc::string::String;
use alloc::vec::Vec;

/// A directory with entries under plain names. No operation follows a link.
pub trait Directory {
    /// An open file of the directory.
    type File: File;

    /// All entries.
    fn entries(&self) -> Result<Vec<Entry>, ErrorCode>;

    /// The metadata of an entry.
    fn metadata(&self, name: &str) -> Result<Metadata, ErrorCode>;

    /// Opens a file for reading.
    fn open(&self, name: &str) -> Result<Self::File, ErrorCode>;

    /// Creates a file for writing; `exist` if there is an entry with this name.
    fn create(&self, name: &str) -> Result<Self::File, ErrorCode>;

    /// Renames a file, and replaces the file that has the new name.
    fn rename(&self, from: &str, to: &str) -> Result<(), ErrorCode>;

    /// Removes a file.
    fn remove(&self, name: &str) -> Result<(), ErrorCode>;

    /// Syncs the names to the disk.
    fn sync(&self) -> Result<(), ErrorCode>;

    /// The time in Unix seconds, by the clock of file times.
    fn now(&self) -> u64;

    /// 128 random bits, which are unique.
    fn random(&self) -> [u8; 16];
}

/// An open file; dropping it closes it.
pub trait File {
    /// Its metadata.
    fn metadata(&self) -> Result<Metadata, ErrorCode>;

    /// Reads at most `length` bytes from `offset`, and none at the end of the file.
    fn read(&self, length: usize, offset: usize) -> Result<Vec<u8>, ErrorCode>;

    /// Writes some of `bytes` at `offset`; returns how many.
    fn write(&self, bytes: &[u8], offset: usize) -> Result<usize, ErrorCode>;

    /// Syncs its bytes to the disk.
    fn sync(&self) -> Result<(), ErrorCode>;
}

/// An entry of a directory.
pub struct Entry {
    /// The name.
    pub name: String,
    /// The kind of file that it names.
    pub kind: DescriptorType,
}

/// The metadata of a file.
#[derive(Clone, Copy)]
pub struct Metadata {
    /// The kind of file.
    pub kind: DescriptorType,
    /// The size in bytes.
    pub size: u64,
    /// The time of the last write in Unix seconds, if it is known.
    pub modified: Option<u64>,
}
