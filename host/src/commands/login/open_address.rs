//! Opens an address in the person's browser.

use std::io;
use std::process::{Command, Stdio};

/// The program that opens what it is given, as a person's double click does.
const OPENER: &str = match cfg!(target_os = "macos") {
    true => "open",
    false => "xdg-open",
};

/// Begins to open the address; does not wait for the browser, which may run until the
/// person closes it.
pub(super) fn open(address: &str) -> io::Result<()> {
    let mut opener = Command::new(OPENER);
    opener
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut opened = opener.spawn()?;
    std::thread::spawn(move || opened.wait());
    Ok(())
}
