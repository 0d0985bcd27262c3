//! Noticing a restored backup: a store whose logins are older than what was
//! written last.
//!
//! A backup holds refresh tokens that were used since, and presenting one can end
//! the login. So the host keeps, apart from the store, the highest version of
//! each profile's login that it has written: the *mark*. A login below its mark is
//! served as it is, but not written over, so that no refresh begins; only a new
//! login or a logout may, and takes the mark along.
//!
//! One small file a profile, named by a hash of the store's own name and the
//! profile's. A mark that cannot be read or written is passed over with a
//! warning: it guards against a person's mistake and must not stop a login.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use crate::store::file::{create_directory, open_private};
use crate::store::{ProfileName, Version};

/// How often, and after what pause, to try what another process holds for a moment.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(1);

/// The marks of one store.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    directory: PathBuf,
    store: String,
}

impl Marks {
    pub(crate) fn new(directory: PathBuf, store: &str) -> Self {
        Self {
            directory,
            store: store.to_owned(),
        }
    }

    /// The highest version that this host has written, if it has written any.
    pub(crate) fn of(&self, profile: &ProfileName) -> Option<Version> {
        let mark = match fs::read_to_string(self.path(profile)) {
            Ok(text) => text.trim().parse().ok(),
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(%error, "the mark against restored backups cannot be read");
                return None;
            }
        };
        if mark.is_none() {
            tracing::warn!("the mark against restored backups is damaged and counts for nothing");
        }
        mark.map(Version)
    }

    /// Notes a version that was written; a lower one changes nothing.
    pub(crate) fn raise(&self, profile: &ProfileName, version: Version) {
        let raised = self.locked(|| match self.of(profile) {
            Some(mark) if mark >= version => Ok(()),
            _ => self.write(profile, version),
        });
        warn_unless(raised);
    }

    /// Makes this version the mark, whatever it was; none takes the mark away.
    pub(crate) fn set(&self, profile: &ProfileName, version: Option<Version>) -> io::Result<()> {
        self.locked(|| match version {
            Some(version) => self.write(profile, version),
            None => fs::remove_file(self.path(profile)),
        })
    }

    /// One writer at a time, among all processes; waits for no other one long.
    fn locked(&self, change: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        create_directory(&self.directory)?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let lock = open_private(&mut options, &self.directory.join("lock"))?;
        for _ in 1..TRIES {
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return change(),
                Err(Errno::WOULDBLOCK) => sleep(PAUSE),
                Err(error) => return Err(error.into()),
            }
        }
        Err(ErrorKind::TimedOut.into())
    }

    fn write(&self, profile: &ProfileName, version: Version) -> io::Result<()> {
        let path = self.path(profile);
        let next = path.with_extension("next");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        let mut file = open_private(&mut options, &next)?;
        writeln!(file, "{}", version.0)?;
        fs::rename(next, path)
    }

    /// A hash, since file systems may not tell names apart that differ in case, and
    /// a store may give itself any name.
    fn path(&self, profile: &ProfileName) -> PathBuf {
        let hash = Sha256::digest([&self.store, "\0", profile.as_str()].concat());
        let hash: String = hash[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.directory.join(format!("{hash}.mark"))
    }
}

/// A mark that is not kept must not stop a login.
pub(crate) fn warn_unless(written: io::Result<()>) {
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

    #[test]
    fn the_highest_version_wins_and_only_setting_lowers_it() {
        let directory = tempfile::tempdir().unwrap();
        let marks = Marks::new(directory.path().join("made/when/needed"), "a");
        let ada = name("ada");
        assert_eq!(marks.of(&ada), None);
        for (raised, mark) in [(5, 5), (9, 9), (7, 9)] {
            marks.raise(&ada, Version(raised));
            assert_eq!(marks.of(&ada), Some(Version(mark)));
        }
        marks.set(&ada, Some(Version(7))).unwrap();
        assert_eq!(marks.of(&ada), Some(Version(7)));
        marks.set(&ada, None).unwrap();
        assert_eq!(marks.of(&ada), None);
    }

    #[test]
    fn m17_profiles_and_stores_have_marks_of_their_own() {
        let directory = tempfile::tempdir().unwrap();
        let [one, other] = ["a", "b"].map(|store| Marks::new(directory.path().into(), store));
        one.raise(&name("ada"), Version(5));
        assert_eq!(one.of(&name("Ada")), None);
        assert_eq!(one.of(&name("..")), None);
        assert_eq!(other.of(&name("ada")), None);
    }

    #[test]
    fn a_damaged_mark_counts_for_nothing_and_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let marks = Marks::new(directory.path().into(), "a");
        let ada = name("ada");
        fs::write(marks.path(&ada), "").unwrap();
        assert_eq!(marks.of(&ada), None);
        marks.raise(&ada, Version(3));
        assert_eq!(marks.of(&ada), Some(Version(3)));
    }

    #[test]
    fn where_no_mark_can_be_kept_nothing_else_fails() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let marks = Marks::new(file, "a");
        marks.raise(&name("ada"), Version(3));
        assert_eq!(marks.of(&name("ada")), None);
        marks.set(&name("ada"), Some(Version(3))).unwrap_err();
    }

    #[test]
    fn of_many_writers_the_highest_stays() {
        let directory = tempfile::tempdir().unwrap();
        let marks = Marks::new(directory.path().into(), "a");
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let marks = &marks;
                scope.spawn(move || {
                    (0..50).for_each(|n| marks.raise(&name("ada"), Version(n * 8 + thread)));
                });
            }
        });
        assert_eq!(marks.of(&name("ada")), Some(Version(399)));
    }
}
