//! Detection of a restored backup: a store whose logins are older than the last written
//! ones.
//!
//! A backup may hold refresh tokens that were used since, and presenting such a token can
//! end the login. So the host keeps, apart from the store, the highest version of each
//! profile's login that it has written: the *mark*. A login below its mark is served, but
//! not written over, so that no refresh begins. Only a new login or a logout writes over
//! it, and sets the mark.
//!
//! Each profile has one small file, named by a hash of the store's identity and the
//! profile's name. A mark that cannot be read or written is ignored with a warning: the
//! mark guards against an operator's mistake and must not stop a login.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::sleep;

use crate::private_file::{create_directory, open_lock, replace_locked, try_lock};
use crate::{ProfileName, Version};

/// How often to try a lock that another process holds for a moment.
const MAX_ATTEMPTS: u32 = 50;
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(1);

/// The marks of one store.
#[derive(Clone, Debug)]
pub struct HighWaterMarks {
    directory: PathBuf,
    store: String,
}

impl HighWaterMarks {
    /// The marks of the store with this identity, in this directory.
    #[must_use]
    pub fn new(directory: PathBuf, store: &str) -> Self {
        Self {
            directory,
            store: store.to_owned(),
        }
    }

    /// The marks of the same store in an [era](crate::store::History::era).
    pub(crate) fn of_era(&self, era: i64) -> Self {
        match era {
            0 => self.clone(),
            era => Self::new(self.directory.clone(), &format!("{} {era}", self.store)),
        }
    }

    /// The highest version that this host has written; none if it has written none.
    #[must_use]
    pub fn of(&self, profile: &ProfileName) -> Option<Version> {
        let mark = match fs::read_to_string(self.path(profile)) {
            Ok(text) => text.trim().parse().ok(),
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(%error, "the mark against restored backups cannot be read");
                return None;
            }
        };
        if mark.is_none() {
            tracing::warn!("the mark against restored backups is damaged and is ignored");
        }
        mark.map(Version)
    }

    /// Raises the mark to a written version; a lower version changes nothing.
    pub async fn raise(&self, profile: &ProfileName, version: Version) {
        let raised = self.locked(profile, || match self.of(profile) {
            Some(mark) if mark >= version => Ok(()),
            _ => self.write(profile, version),
        });
        log_failure(raised.await);
    }

    /// Sets the mark to this version, even to a lower one; none removes the mark.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub async fn set(&self, profile: &ProfileName, version: Option<Version>) -> io::Result<()> {
        let set = self.locked(profile, || match version {
            Some(version) => self.write(profile, version),
            None => fs::remove_file(self.path(profile)),
        });
        set.await
    }

    /// Changes the mark of a profile under its lock.
    async fn locked(
        &self,
        profile: &ProfileName,
        change: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        create_directory(&self.directory)?;
        let lock = open_lock(&self.path(profile).with_extension("lock"))?;
        for _ in 1..MAX_ATTEMPTS {
            if try_lock(&lock)? {
                return change();
            }
            sleep(PAUSE).await;
        }
        Err(ErrorKind::TimedOut.into())
    }

    fn write(&self, profile: &ProfileName, version: Version) -> io::Result<()> {
        replace_locked(&self.path(profile), format!("{}\n", version.0).as_bytes())
    }

    /// A hash, since file systems may ignore the case of names, and since an identity is any
    /// text.
    fn path(&self, profile: &ProfileName) -> PathBuf {
        let hash = Sha256::digest([&self.store, "\0", profile.as_str()].concat());
        let hash = base16ct::lower::encode_string(&hash[..16]);
        self.directory.join(format!("{hash}.mark"))
    }
}

/// Logs the error, since a mark that is not written must not stop a login.
pub(crate) fn log_failure(written: io::Result<()>) {
    if let Err(error) = written {
        tracing::warn!(%error, "the mark against restored backups cannot be written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> ProfileName {
        name.parse().unwrap()
    }

    #[tokio::test]
    async fn the_highest_version_wins_and_only_setting_lowers_it() {
        let directory = tempfile::tempdir().unwrap();
        let marks = HighWaterMarks::new(directory.path().join("made/when/needed"), "a");
        let ada = name("ada");
        assert_eq!(marks.of(&ada), None);
        for (raised, mark) in [(5, 5), (9, 9), (7, 9)] {
            marks.raise(&ada, Version(raised)).await;
            assert_eq!(marks.of(&ada), Some(Version(mark)));
        }
        marks.set(&ada, Some(Version(7))).await.unwrap();
        assert_eq!(marks.of(&ada), Some(Version(7)));
        marks.set(&ada, None).await.unwrap();
        assert_eq!(marks.of(&ada), None);
    }

    /// Faults: M17
    #[tokio::test]
    async fn profiles_and_stores_have_marks_of_their_own() {
        let directory = tempfile::tempdir().unwrap();
        let [one, other] =
            ["a", "b"].map(|store| HighWaterMarks::new(directory.path().into(), store));
        one.raise(&name("ada"), Version(5)).await;
        assert_eq!(one.of(&name("Ada")), None);
        assert_eq!(one.of(&name("..")), None);
        assert_eq!(other.of(&name("ada")), None);
    }

    #[tokio::test]
    async fn a_damaged_mark_is_ignored_and_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let marks = HighWaterMarks::new(directory.path().into(), "a");
        let ada = name("ada");
        fs::write(marks.path(&ada), "").unwrap();
        assert_eq!(marks.of(&ada), None);
        marks.raise(&ada, Version(3)).await;
        assert_eq!(marks.of(&ada), Some(Version(3)));
    }

    #[tokio::test]
    async fn a_mark_that_cannot_be_written_fails_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let marks = HighWaterMarks::new(file, "a");
        marks.raise(&name("ada"), Version(3)).await;
        assert_eq!(marks.of(&name("ada")), None);
        let set = marks.set(&name("ada"), Some(Version(3))).await;
        set.unwrap_err();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn of_many_writers_the_highest_stays() {
        let directory = tempfile::tempdir().unwrap();
        let marks = HighWaterMarks::new(directory.path().into(), "a");
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let marks = marks.clone();
                tokio::spawn(async move {
                    for number in 0..50 {
                        let version = Version(number * 8 + writer);
                        // A raise gives up on a file that others keep locked.
                        for _ in 0..100 {
                            if marks.of(&name("ada")) < Some(version) {
                                marks.raise(&name("ada"), version).await;
                            }
                        }
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(marks.of(&name("ada")), Some(Version(399)));
    }
}
