//! Copies text: by a program that reaches the clipboard, or by the terminal (OSC 52).

use std::io::{self, Write};
use std::process::{Command, Stdio};

use base64ct::{Base64, Encoding as _};

use super::view;

/// Programs that copy their standard input. Each fails without its display.
const PROGRAMS: [&[&str]; 3] = [
    &["pbcopy"],
    &["wl-copy"],
    &["xclip", "-selection", "clipboard"],
];

/// Where a text was copied to.
#[derive(Clone, Copy)]
pub(crate) enum Copied {
    /// The clipboard of the desktop.
    Clipboard,
    /// The terminal was asked to copy it; not every terminal does.
    Terminal,
    /// There is no clipboard.
    Nowhere,
}

/// Copies the text.
pub(crate) fn copy(text: &str) -> Copied {
    if PROGRAMS
        .iter()
        .any(|program| copy_by(program, text).is_ok())
    {
        return Copied::Clipboard;
    }
    if !view::can_redraw() {
        return Copied::Nowhere;
    }
    match write!(
        io::stderr(),
        "\x1b]52;c;{}\x07",
        Base64::encode_string(text.as_bytes())
    ) {
        Ok(()) => Copied::Terminal,
        Err(_) => Copied::Nowhere,
    }
}

fn copy_by(program: &[&str], text: &str) -> io::Result<()> {
    let mut child = Command::new(program[0])
        .args(&program[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(text.as_bytes())?;
    }
    match child.wait()?.success() {
        true => Ok(()),
        false => Err(io::ErrorKind::Other.into()),
    }
}
