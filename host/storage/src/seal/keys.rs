//! The source of the keys of a store, and when the keys are read.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use super::key::{Key, KeyId, Keyring};
use super::key_file::{self, Rights};
use super::value::Place;
use crate::StoreError;

/// The keys that values are sealed with. Cheap to clone; clones share their state.
///
/// The first value that is sealed or decrypted reads the keys.
#[derive(Clone)]
pub struct Keys {
    parts: Arc<Parts>,
}

struct Parts {
    source: Source,
    /// The keys that were read last.
    ring: Mutex<Option<Arc<Keyring>>>,
    /// Whether these keys have decrypted or sealed a value of this store.
    opened: AtomicBool,
}

/// Which keys the values of a store are sealed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SealedBefore {
    /// There are no values.
    Nothing,
    /// At least one value is sealed with one of these keys.
    ByThese,
    /// All values are sealed with other keys.
    ByOthersAlone,
}

impl SealedBefore {
    /// The same with one more value, which is sealed with the key of this id; none for a
    /// tombstone. A value of an unknown form counts as sealed with another key.
    pub(crate) fn and(self, id: Result<Option<KeyId>, StoreError>, ring: Option<&Keyring>) -> Self {
        match id {
            _ if self == Self::ByThese => self,
            Ok(None) => self,
            Ok(Some(id)) if ring.is_some_and(|ring| ring.find(id).is_some()) => Self::ByThese,
            _ => Self::ByOthersAlone,
        }
    }
}

#[derive(Debug)]
enum Source {
    /// The program provides the keys; there is no file.
    Provided,
    File {
        path: PathBuf,
        rights: Rights,
        /// Whether a missing file is created.
        creates: bool,
    },
}

impl Keys {
    /// The keys in this file, which must exist, have the mode 0600 and belong to this user. It
    /// holds one or two lines of 64 hexadecimal digits; the first key seals.
    pub fn in_file(path: impl Into<PathBuf>) -> Self {
        Self::from(Source::File {
            path: path.into(),
            rights: Rights::OwnerOnly,
            creates: false,
        })
    }

    /// The keys of a store in a file. Uses `chatgpt-oauth.key` in the directory that systemd
    /// names in `$CREDENTIALS_DIRECTORY`, if that file exists. Else uses the store's own key
    /// file, the path of the store with `.key` appended, which is created when the first
    /// value is sealed.
    pub fn of_store(store: impl AsRef<Path>) -> Self {
        let credential = systemd_credential(env::var_os("CREDENTIALS_DIRECTORY"));
        Self::from(match credential {
            Some(path) => Source::File {
                path,
                rights: Rights::SystemdCredential,
                creates: false,
            },
            None => Source::File {
                path: beside(store.as_ref()),
                rights: Rights::OwnerOnly,
                creates: true,
            },
        })
    }

    /// The keys of a store that is not a file: `chatgpt-oauth.key` in the directory that systemd
    /// names in `$CREDENTIALS_DIRECTORY`.
    ///
    /// # Errors
    ///
    /// [`NoKey`](StoreError::NoKey) if there is no such file.
    pub fn of_service() -> Result<Self, StoreError> {
        let credential = systemd_credential(env::var_os("CREDENTIALS_DIRECTORY"));
        let path = credential.ok_or_else(|| StoreError::NoKey {
            message: "a store in a database has no key file of its own".into(),
            hint: "name one with --key-file; `openssl rand -hex 32` prints a new key, and a copied store needs that of its file".into(),
        })?;
        Ok(Self::from(Source::File {
            path,
            rights: Rights::SystemdCredential,
            creates: false,
        }))
    }

    /// A key that the program keeps itself, and a previous key that still decrypts.
    #[must_use]
    pub fn provided(sealing: [u8; 32], previous: Option<[u8; 32]>) -> Self {
        let key = |bytes| Key::of(Zeroizing::new(bytes));
        let ring = Keyring {
            sealing: key(sealing),
            previous: previous.map(key),
        };
        let keys = Self::from(Source::Provided);
        keys.remember(ring);
        keys
    }

    /// The key file, if there is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.parts.source {
            Source::Provided => None,
            Source::File { path, .. } => Some(path),
        }
    }

    /// Reads the key file, unless it is yet to be created.
    ///
    /// # Errors
    ///
    /// [`NoKey`](StoreError::NoKey), with the fix.
    pub fn check(&self) -> Result<(), StoreError> {
        match self.known() {
            Err(_) if self.is_yet_to_be_created() => Ok(()),
            known => known.map(drop),
        }
    }

    /// Decrypts a value. If the key is unknown, reads the file again.
    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let opened = match place.open(&*self.known()?, sealed) {
            Err(StoreError::KeyUnknown) => place.open(&*self.read()?, sealed),
            opened => opened,
        }?;
        self.note_opened();
        Ok(opened)
    }

    /// Seals a value. `sealed_before` says which keys the values of this store are sealed
    /// with.
    pub(crate) async fn seal(
        &self,
        place: Place<'_>,
        value: &[u8],
        sealed_before: impl AsyncFnOnce(Option<&Keyring>) -> Result<SealedBefore, StoreError>,
    ) -> Result<Vec<u8>, StoreError> {
        let ring = self.for_sealing(sealed_before).await?;
        self.note_opened();
        place.seal(&ring.sealing, value)
    }

    /// Reads the file again, since another process may have replaced the keys. Keys that
    /// decrypt no value of the store are not used: the keys that this process has used so far
    /// continue to seal, so that a lost or wrong file loses no answer. A key file is created
    /// only for an empty store.
    async fn for_sealing(
        &self,
        sealed_before: impl AsyncFnOnce(Option<&Keyring>) -> Result<SealedBefore, StoreError>,
    ) -> Result<Arc<Keyring>, StoreError> {
        let known = self.ring().clone().filter(|_| self.has_opened());
        match (self.read(), known) {
            (Ok(read), Some(known)) if read.find(known.sealing.id()).is_some() => Ok(read),
            (Ok(read), known) => match sealed_before(Some(&read)).await? {
                SealedBefore::ByThese | SealedBefore::Nothing => Ok(read),
                SealedBefore::ByOthersAlone => {
                    let known = known.ok_or(StoreError::KeyUnknown)?;
                    Ok(self.remember(known))
                }
            },
            (Err(_), Some(known)) => Ok(known),
            (Err(_), None) if self.is_yet_to_be_created() => match sealed_before(None).await? {
                SealedBefore::Nothing => self.create(),
                // Another process has created the file since, or the file is lost.
                SealedBefore::ByThese | SealedBefore::ByOthersAlone => self.read(),
            },
            (Err(error), None) => Err(error),
        }
    }

    /// The keys; reads the file if it has not been read.
    pub(crate) fn known(&self) -> Result<Arc<Keyring>, StoreError> {
        let known = self.ring().clone();
        match known {
            Some(ring) => Ok(ring),
            None => self.read(),
        }
    }

    /// The ids of the keys, the sealing one first.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn ids(&self) -> Result<Vec<KeyId>, StoreError> {
        let ring = self.read()?;
        let keys = [Some(&ring.sealing), ring.previous.as_ref()];
        Ok(keys.into_iter().flatten().map(Key::id).collect())
    }

    /// Keeps other processes from replacing the keys while the returned file is open.
    ///
    /// # Errors
    ///
    /// [`Busy`](StoreError::Busy) while another process replaces the keys, and
    /// [`NoKey`](StoreError::NoKey) if the key file is not the store's own.
    pub fn lock(&self) -> Result<File, StoreError> {
        key_file::lock(self.own_file()?)
    }

    /// Writes a new key before the sealing key, which still decrypts.
    ///
    /// # Errors
    ///
    /// As [`lock`](Self::lock).
    pub fn rotate(&self) -> Result<(), StoreError> {
        let path = self.own_file()?;
        let ring = Keyring {
            sealing: key_file::generate()?,
            previous: Some(self.read()?.sealing.clone()),
        };
        key_file::replace(path, &ring)?;
        self.remember(ring);
        Ok(())
    }

    fn read(&self) -> Result<Arc<Keyring>, StoreError> {
        let Source::File { path, rights, .. } = &self.parts.source else {
            // There is no file to read again.
            return self.ring().clone().ok_or(StoreError::KeyUnknown);
        };
        let ring = key_file::read(path, *rights)?.ok_or_else(|| key_file::missing(path))?;
        Ok(self.remember(ring))
    }

    fn create(&self) -> Result<Arc<Keyring>, StoreError> {
        Ok(self.remember(key_file::create(self.own_file()?)?))
    }

    /// Whether the file is created when the first value is sealed, and does not exist yet.
    #[must_use]
    pub fn is_yet_to_be_created(&self) -> bool {
        self.own_file().is_ok_and(is_absent)
    }

    /// The key file, if this software may write it.
    pub(crate) fn own_file(&self) -> Result<&Path, StoreError> {
        match &self.parts.source {
            Source::File {
                path,
                creates: true,
                ..
            } => Ok(path),
            _ => Err(StoreError::NoKey {
                message: "the key file is not the store's own".into(),
                hint: "write a new first key into it, then run `chatgpt-oauth rekey --reseal`"
                    .into(),
            }),
        }
    }

    fn has_opened(&self) -> bool {
        self.parts.opened.load(Ordering::Relaxed)
    }

    fn note_opened(&self) {
        self.parts.opened.store(true, Ordering::Relaxed);
    }

    fn remember(&self, ring: impl Into<Arc<Keyring>>) -> Arc<Keyring> {
        self.ring().insert(ring.into()).clone()
    }

    /// Ignores poisoning, since no panic leaves a change incomplete.
    fn ring(&self) -> std::sync::MutexGuard<'_, Option<Arc<Keyring>>> {
        self.parts
            .ring
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Source> for Keys {
    fn from(source: Source) -> Self {
        Self {
            parts: Arc::new(Parts {
                source,
                ring: Mutex::new(None),
                opened: AtomicBool::new(false),
            }),
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keys").field(&self.parts.source).finish()
    }
}

/// The key file in systemd's directory of credentials, if it exists.
fn systemd_credential(directory: Option<OsString>) -> Option<PathBuf> {
    let path = PathBuf::from(directory?).join(key_file::SYSTEMD_CREDENTIAL);
    (!is_absent(&path)).then_some(path)
}

/// A store's own key file.
fn beside(store: &Path) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(".key");
    path.into()
}

/// Any error but `NotFound` counts as present.
fn is_absent(path: &Path) -> bool {
    let found = fs::symlink_metadata(path);
    found.is_err_and(|error| error.kind() == ErrorKind::NotFound)
}
