//! The exports and the directory over WASI. No other file uses WASI's functions.

use crate::bindings::store::{self, Error, KeyResponse};
use crate::bindings::wasi::clocks::wall_clock;
use crate::bindings::wasi::filesystem::preopens;
use crate::bindings::wasi::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorStat, OpenFlags, PathFlags,
};
use crate::bindings::wasi::random::random;
use crate::bucket::Bucket;
use crate::directory::{Directory, Entry, ErrorCode, File, Metadata};
use alloc::string::String;
use alloc::vec::Vec;

struct Store;

impl store::Guest for Store {
    type Bucket = Bucket<Preopened>;

    fn open(identifier: String) -> Result<store::Bucket, Error> {
        let directories = preopens::get_directories().into_iter();
        let directories = directories.map(|(directory, name)| (Preopened(directory), name));
        Bucket::open(&identifier, directories.collect()).map(store::Bucket::new)
    }
}

impl store::GuestBucket for Bucket<Preopened> {
    fn get(&self, key: String) -> Result<Option<Vec<u8>>, Error> {
        self.get(&key)
    }

    fn set(&self, key: String, value: Vec<u8>) -> Result<(), Error> {
        self.set(&key, &value)
    }

    fn delete(&self, key: String) -> Result<(), Error> {
        self.delete(&key)
    }

    fn exists(&self, key: String) -> Result<bool, Error> {
        self.exists(&key)
    }

    fn list_keys(&self, cursor: Option<u64>) -> Result<KeyResponse, Error> {
        let keys = self.keys(cursor)?;
        Ok(KeyResponse { keys, cursor: None })
    }
}

/// A directory that the runtime has opened.
struct Preopened(Descriptor);

impl Directory for Preopened {
    type File = Descriptor;

    fn entries(&self) -> Result<Vec<Entry>, ErrorCode> {
        let stream = self.0.read_directory()?;
        let mut entries = Vec::new();
        loop {
            match stream.read_directory_entry() {
                Ok(Some(entry)) => entries.push(Entry {
                    name: entry.name,
                    kind: entry.type_,
                }),
                Ok(None) => return Ok(entries),
                // A name that is not UTF-8 is not a key, and a file may be removed
                // while the directory is read.
                Err(ErrorCode::IllegalByteSequence | ErrorCode::NoEntry) => {}
                Err(code) => return Err(code),
            }
        }
    }

    fn metadata(&self, name: &str) -> Result<Metadata, ErrorCode> {
        self.0.stat_at(no_links(), name).map(metadata)
    }

    fn open(&self, name: &str) -> Result<Descriptor, ErrorCode> {
        let no_flags = OpenFlags::empty();
        self.0
            .open_at(no_links(), name, no_flags, DescriptorFlags::READ)
    }

    fn create(&self, name: &str) -> Result<Descriptor, ErrorCode> {
        let new = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
        self.0
            .open_at(no_links(), name, new, DescriptorFlags::WRITE)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), ErrorCode> {
        self.0.rename_at(from, &self.0, to)
    }

    fn remove(&self, name: &str) -> Result<(), ErrorCode> {
        self.0.unlink_file_at(name)
    }

    fn sync(&self) -> Result<(), ErrorCode> {
        self.0.sync()
    }

    fn now(&self) -> u64 {
        wall_clock::now().seconds
    }

    fn random(&self) -> [u8; 16] {
        let mut bits = [0; 16];
        for half in bits.chunks_exact_mut(8) {
            half.copy_from_slice(&random::get_random_u64().to_le_bytes());
        }
        bits
    }
}

impl File for Descriptor {
    fn metadata(&self) -> Result<Metadata, ErrorCode> {
        self.stat().map(metadata)
    }

    fn read(&self, length: usize, offset: usize) -> Result<Vec<u8>, ErrorCode> {
        let (bytes, _) = Descriptor::read(self, length as u64, offset as u64)?;
        Ok(bytes)
    }

    fn write(&self, bytes: &[u8], offset: usize) -> Result<usize, ErrorCode> {
        let written = Descriptor::write(self, bytes, offset as u64)?;
        usize::try_from(written).map_err(|_| ErrorCode::Overflow)
    }

    fn sync(&self) -> Result<(), ErrorCode> {
        Descriptor::sync(self)
    }
}

/// Without `symlink-follow`, a path whose last part is a link is not followed.
fn no_links() -> PathFlags {
    PathFlags::empty()
}

fn metadata(stat: DescriptorStat) -> Metadata {
    Metadata {
        kind: stat.type_,
        size: stat.size,
        modified: stat.data_modification_timestamp.map(|time| time.seconds),
    }
}

/// Smaller and faster in this component than the allocator of Rust's standard library.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// A panic traps without a message: printing one would be larger than all other code.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

#[allow(
    unsafe_code,
    reason = "the generated exports are called by the runtime"
)]
mod export {
    use super::Store;

    crate::bindings::export!(Store with_types_in crate::bindings);
}
