//! Finds the [`Shortage`] that stopped a sandbox, and makes the caller's error of it.

use std::io;

use chatgpt_oauth_storage::shortage::{RETRY_AFTER, Shortage};
use rustix::io::Errno;

use crate::error::{Error, ErrorCode};

/// The shortage that stopped the sandbox, if there was one.
pub(crate) fn of_sandbox(error: &wasmtime::Error) -> Option<Shortage> {
    if error.is::<wasmtime::error::OutOfMemory>() {
        return Some(Shortage::Memory);
    }
    let of_io = || error.downcast_ref::<io::Error>().map(Errno::from_io_error);
    let errno = error.downcast_ref::<Errno>().copied();
    match errno.or_else(|| of_io().flatten())? {
        // Of all system calls of the sandbox, only this one can lack permission.
        Errno::ACCESS | Errno::PERM => Some(Shortage::MachineCode),
        errno => Shortage::of_errno(errno),
    }
}

/// The error for the caller, with this code.
pub(crate) fn error(shortage: Shortage, code: ErrorCode) -> Error {
    match shortage.may_pass() {
        true => Error::transient(code, shortage.to_string(), shortage.hint(), RETRY_AFTER),
        false => Error::permanent(code, shortage.to_string(), shortage.hint()),
    }
}
