//! Copies text: by a program that reaches the clipboard, or by the terminal (OSC 52).

use std::io::{self, Write};
use std::process::Stdio;
use std::time::Duration;

use base64ct::{Base64, Encoding as _};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use super::view;

/// Programs that copy their standard input. Each fails without its display.
const PROGRAMS: [&[&str]; 3] = [
    &["pbcopy"],
    &["wl-copy"],
    &["xclip", "-selection", "clipboard"],
];

/// How long a program may take. One whose display hangs is ended then.
const PATIENCE: Duration = Duration::from_secs(3);

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
pub(crate) async fn copy(text: &str) -> Copied {
    for program in PROGRAMS {
        if copy_by(program, text).await.is_ok() {
            return Copied::Clipboard;
        }
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

async fn copy_by(program: &[&str], text: &str) -> io::Result<()> {
    let mut child = Command::new(program[0])
        .args(&program[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let input = child.stdin.take();
    let copied = async {
        if let Some(mut input) = input {
            input.write_all(text.as_bytes()).await?;
        }
        child.wait().await
    };
    match timeout(PATIENCE, copied).await??.success() {
        true => Ok(()),
        false => Err(io::ErrorKind::Other.into()),
    }
}
