//! Where the keys of a store come from, and when they are read.

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

/// The keys that values are sealed with. Cheap to clone; the clones are one.
///
/// Nothing is read before the first value is sealed or opened.
#[derive(Clone)]
pub struct Keys {
    parts: Arc<Parts>,
}

struct Parts {
    source: Source,
    /// What was read last.
    ring: Mutex<Option<Arc<Keyring>>>,
    /// Whether they have opened, or sealed, a value of this store.
    opened: AtomicBool,
}

/// What the values are sealed with that a store holds.
pub(crate) enum SealedBefore {
    /// There are none.
    Nothing,
    /// Some are sealed with one of the keys in question.
    ByThese,
    /// All are sealed with others.
    ByOthersAlone,
}

#[derive(Debug)]
enum Source {
    /// Handed over by the program; there is no file.
    Provided,
    File {
        path: PathBuf,
        rights: Rights,
        /// Whether it is made where it is missing.
        makes: bool,
    },
}

impl Keys {
    /// The keys in this file, which must exist: one or two lines of 64
    /// hexadecimal digits, the first seals. Mode 0600, and owned by this user.
    pub fn in_file(path: impl Into<PathBuf>) -> Self {
        Self::from(Source::File {
            path: path.into(),
            rights: Rights::OwnerOnly,
            makes: false,
        })
    }

    /// The keys of a store in a file: `chatgpt-oauth.key` in the directory that
    /// `$CREDENTIALS_DIRECTORY` names, if it exists, as a service manager hands
    /// it over; else the store's own, named as its file with `.key` at the end, and
    /// made when the first value is stored.
    pub fn of_store(store: impl AsRef<Path>) -> Self {
        let handed = handed(env::var_os("CREDENTIALS_DIRECTORY"));
        Self::from(match handed {
            Some(path) => Source::File {
                path,
                rights: Rights::SystemdCredential,
                makes: false,
            },
            None => Source::File {
                path: beside(store.as_ref()),
                rights: Rights::OwnerOnly,
                makes: true,
            },
        })
    }

    /// A key that the program keeps itself, and one that still opens what it
    /// sealed before.
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

    /// The file that the keys are read from, if they are.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.parts.source {
            Source::Provided => None,
            Source::File { path, .. } => Some(path),
        }
    }

    /// Reads the file, unless it is yet to be made.
    ///
    /// # Errors
    ///
    /// [`NoKey`](StoreError::NoKey), with the way out.
    pub fn check(&self) -> Result<(), StoreError> {
        match self.known() {
            Err(_) if self.is_yet_to_be_made() => Ok(()),
            known => known.map(drop),
        }
    }

    /// Opens a value; a key that is not known is looked for in the file once more.
    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let opened = match place.open(&*self.known()?, sealed) {
            Err(StoreError::KeyUnknown) => place.open(&*self.read()?, sealed),
            opened => opened,
        }?;
        self.note_opened();
        Ok(opened)
    }

    /// Seals a value. `sealed_before` says what the values of this store are sealed
    /// with: with one of these keys, with others, or that there are none.
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

    /// The keys that the file holds now, since they may have been exchanged. Keys
    /// that open no value of the store are not used in it: those that have served
    /// until now are, if there are any, so that no answer is lost with a file. One
    /// that is yet to be made is made only for an empty store.
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
            (Err(_), None) if self.is_yet_to_be_made() => match sealed_before(None).await? {
                SealedBefore::Nothing => self.make(),
                // Made by another process meanwhile, or lost.
                SealedBefore::ByThese | SealedBefore::ByOthersAlone => self.read(),
            },
            (Err(error), None) => Err(error),
        }
    }

    /// The keys, read if they have not been.
    pub(crate) fn known(&self) -> Result<Arc<Keyring>, StoreError> {
        let known = self.ring().clone();
        match known {
            Some(ring) => Ok(ring),
            None => self.read(),
        }
    }

    /// Which keys there are, the sealing one first.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn ids(&self) -> Result<Vec<KeyId>, StoreError> {
        let ring = self.read()?;
        let keys = [Some(&ring.sealing), ring.previous.as_ref()];
        Ok(keys.into_iter().flatten().map(Key::id).collect())
    }

    /// Keeps others from exchanging keys as long as the file that this returns is open.
    ///
    /// # Errors
    ///
    /// [`Busy`](StoreError::Busy) while another process exchanges them, and
    /// [`NoKey`](StoreError::NoKey) where the file is not this software's own.
    pub fn lock(&self) -> Result<File, StoreError> {
        key_file::lock(self.own_file()?)
    }

    /// Puts a new key before the sealing one, which still opens.
    ///
    /// # Errors
    ///
    /// As [`lock`](Self::lock).
    pub fn exchange(&self) -> Result<(), StoreError> {
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
            // What was given is all there is.
            return self.ring().clone().ok_or(StoreError::KeyUnknown);
        };
        let ring = key_file::read(path, *rights)?.ok_or_else(|| key_file::missing(path))?;
        Ok(self.remember(ring))
    }

    fn make(&self) -> Result<Arc<Keyring>, StoreError> {
        Ok(self.remember(key_file::create(self.own_file()?)?))
    }

    /// Whether the file is made when the first value is sealed, and is not there yet.
    #[must_use]
    pub fn is_yet_to_be_made(&self) -> bool {
        self.own_file().is_ok_and(is_absent)
    }

    /// The file, if it is this software's own to write: no other store's, and
    /// nobody else's.
    pub(crate) fn own_file(&self) -> Result<&Path, StoreError> {
        match &self.parts.source {
            Source::File {
                path, makes: true, ..
            } => Ok(path),
            _ => Err(StoreError::NoKey {
                message: "the key is kept by somebody else".into(),
                hint: "put a new first key there, then run `chatgpt-oauth rekey --reseal`".into(),
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

    /// No change is ever left half-made, so a panic elsewhere does no harm here.
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

/// The file in the directory of a service manager, if there is one.
fn handed(directory: Option<OsString>) -> Option<PathBuf> {
    let path = PathBuf::from(directory?).join(key_file::SYSTEMD_CREDENTIAL);
    (!is_absent(&path)).then_some(path)
}

/// A store's own key file.
fn beside(store: &Path) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(".key");
    path.into()
}

/// One that cannot be looked at is there.
fn is_absent(path: &Path) -> bool {
    let found = fs::symlink_metadata(path);
    found.is_err_and(|error| error.kind() == ErrorKind::NotFound)
}
