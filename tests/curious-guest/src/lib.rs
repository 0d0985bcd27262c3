//! An agent that reads the store of the component it is composed with, for a test: see
//! `guest.wit`.

#![cfg(target_family = "wasm")]
#![allow(missing_docs, unsafe_code, reason = "generated bindings")]

mod bindings {
    wit_bindgen::generate!({
        path: ["../../wit", "guest.wit"],
        world: "test:curious/guest",
        generate_all,
    });
    use super::Curious;
    export!(Curious);
}

use bindings::Guest;
use bindings::chatgpt::oauth::connection;
use bindings::wasi::filesystem::preopens;
use bindings::wasi::filesystem::types::{DescriptorFlags, ErrorCode, OpenFlags, PathFlags};

/// More than a login takes.
const MOST: u64 = 65_536;

struct Curious;

impl Guest for Curious {
    fn start() -> Result<String, String> {
        let prompt = connection::start().map_err(|error| error.message)?;
        Ok(prompt.pending.user_code)
    }

    fn poll() -> Result<String, String> {
        let progress = connection::poll(None).map_err(|error| error.message)?;
        Ok(progress.next_step)
    }

    fn look(file: String) -> Result<String, String> {
        let directories = preopens::get_directories();
        let (directory, _) = directories.first().ok_or("no directory")?;
        let name = |code: ErrorCode| code.name().to_owned();
        let flags = DescriptorFlags::READ;
        let file = directory.open_at(PathFlags::empty(), &file, OpenFlags::empty(), flags);
        let (bytes, _) = file.map_err(name)?.read(MOST, 0).map_err(name)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
