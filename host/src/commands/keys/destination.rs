//! Where a new key goes: to a terminal, or to a file for this user alone.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::api_keys::RevealedKey;
use chatgpt_oauth::api_keys::{ApiKey, ApiKeyRecord, ApiKeys, CreatedApiKey};

use crate::open;
use crate::output::Text;

const MODE: u32 = 0o600;

/// Opened before the key is made, so that no key is made and lost.
pub(super) enum Destination {
    Terminal,
    File(NewFile),
}

/// A file for a key. It is removed if no key gets into it.
pub(super) struct NewFile {
    file: File,
    path: PathBuf,
    is_kept: bool,
}

/// A key that has reached its destination.
pub(super) struct Kept {
    pub(super) record: ApiKeyRecord,
    /// The key, if it is shown.
    key: Option<RevealedKey>,
    path: Option<PathBuf>,
}

impl Destination {
    /// The file, which must not exist, or standard output, if it is a terminal: a pipe or a
    /// log is no place for a key.
    pub(super) fn open(output: Option<PathBuf>) -> Result<Self, Error> {
        match output {
            Some(path) => match create(&path) {
                Ok(file) => Ok(Self::File(NewFile {
                    file,
                    path,
                    is_kept: false,
                })),
                Err(error) => Err(unwritable(&path, &error)),
            },
            None if io::stdout().is_terminal() => Ok(Self::Terminal),
            None => {
                let mut error =
                    open::invalid("the output is not a terminal, and would keep the key");
                error.hint =
                    "add --output FILE, which writes the key to a file with mode 0600".into();
                Err(error)
            }
        }
    }

    /// Writes the key to the file. If that fails, revokes the key.
    pub(super) async fn keep(
        self,
        keys: &ApiKeys,
        created: CreatedApiKey,
        now: u64,
    ) -> Result<Kept, Error> {
        let CreatedApiKey { key, record } = created;
        match self {
            Self::Terminal => Ok(Kept {
                record,
                key: Some(RevealedKey(key.reveal().to_owned())),
                path: None,
            }),
            Self::File(mut file) => {
                if let Err(error) = file.write(&key) {
                    keys.revoke(key.id(), now).await?;
                    return Err(unwritable(&file.path, &error));
                }
                Ok(Kept {
                    record,
                    key: None,
                    path: Some(file.path.clone()),
                })
            }
        }
    }
}

impl NewFile {
    fn write(&mut self, key: &ApiKey) -> io::Result<()> {
        writeln!(self.file, "{}", key.reveal())?;
        self.file.sync_all()?;
        self.is_kept = true;
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // An empty file stays if it cannot be removed, and the next attempt names it.
            _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Kept {
    /// The key, if it is shown.
    pub(super) fn shown(&self) -> Option<RevealedKey> {
        self.key.clone()
    }

    /// The path of the file with the key.
    pub(super) fn file(&self) -> Option<String> {
        let path = self.path.as_ref()?;
        Some(path.to_string_lossy().into_owned())
    }

    /// The key, or where it is.
    pub(super) fn to_text(&self) -> Text {
        let mut text = Text::default();
        text.field("key, shown only now", self.key.as_ref().map(|key| &key.0));
        text.field("key, in", self.file());
        text
    }
}

/// Creates the file, and follows no link to another one.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(MODE).open(path)?;
    // The umask may have cleared bits of the mode.
    file.set_permissions(Permissions::from_mode(MODE))?;
    Ok(file)
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    let mut invalid = open::invalid(format!("cannot write {}: {error}", path.display()));
    if error.kind() == ErrorKind::AlreadyExists {
        invalid.hint = "name a file that does not exist".into();
    }
    invalid
}
