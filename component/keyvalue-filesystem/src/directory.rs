//! What a bucket needs of a directory, and of the world around it.

pub use crate::bindings::wasi::filesystem::types::{DescriptorType, ErrorCode};
use alloc::string::String;
use alloc::vec::Vec;

/// A directory, and what lies in it under plain names. No operation follows a
/// link.
pub trait Directory {
    /// A file of it that is open.
    type File: File;

    /// Everything in it.
    fn entries(&self) -> Result<Vec<Entry>, ErrorCode>;

    /// What lies under a name.
    fn metadata(&self, name: &str) -> Result<Metadata, ErrorCode>;

    /// Opens a file to be read.
    fn open(&self, name: &str) -> Result<Self::File, ErrorCode>;

    /// Makes a file to be written; `exist` if there is anything of that name.
    fn create(&self, name: &str) -> Result<Self::File, ErrorCode>;

    /// Gives a file another name, in place of the file that had it.
    fn rename(&self, from: &str, to: &str) -> Result<(), ErrorCode>;

    /// Removes a file.
    fn remove(&self, name: &str) -> Result<(), ErrorCode>;

    /// Brings the names to the disk.
    fn sync(&self) -> Result<(), ErrorCode>;

    /// The time, in Unix seconds, as files have it.
    fn now(&self) -> u64;

    /// 128 bits that nobody else has.
    fn random(&self) -> [u8; 16];
}

/// An open file; dropping it closes it.
pub trait File {
    /// What it is.
    fn metadata(&self) -> Result<Metadata, ErrorCode>;

    /// Reads some of it: at most `length` bytes from `offset`, and none at its end.
    fn read(&self, length: usize, offset: usize) -> Result<Vec<u8>, ErrorCode>;

    /// Writes some of `bytes` at `offset`; returns how many.
    fn write(&self, bytes: &[u8], offset: usize) -> Result<usize, ErrorCode>;

    /// Brings its bytes to the disk.
    fn sync(&self) -> Result<(), ErrorCode>;
}

/// A name in a directory.
pub struct Entry {
    /// The name.
    pub name: String,
    /// What it names.
    pub kind: DescriptorType,
}

/// What is known of a file without reading it.
#[derive(Clone, Copy)]
pub struct Metadata {
    /// What it is.
    pub kind: DescriptorType,
    /// In bytes.
    pub size: u64,
    /// When it was last written, in Unix seconds, where that is known.
    pub modified: Option<u64>,
}
