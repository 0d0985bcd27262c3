//! Noticing a restored backup: a store whose logins are older than what was
//! written last.
//!
//! A backup holds refresh tokens that were used since, and presenting one can end
//! the login. So the host keeps, apart from the store, the highest version of
//! each profile's login that it has written: the *mark*. A login below its mark is
//! served as it is, but not written over, so that no refresh begins; only a new
//! login or a logout may, and takes the mark along.
//!
//! One small file a profile, named by the store's own name and a hash of the
//! profile's. A mark that cannot be read or written is passed over with a
//! warning: it guards against a person's mistake and must not stop a login.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};

use crate::store::{ProfileName, Version};

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
        self.change(|| match self.of(profile) {
            Some(mark) if mark >= version => Ok(()),
            _ => self.write(profile, version),
        });
    }

    /// Makes this version the mark, whatever it was; none takes the mark away.
    pub(crate) fn set(&self, profile: &ProfileName, version: Option<Version>) {
        self.change(|| match version {
            Some(version) => self.write(profile, version),
            None => fs::remove_file(self.path(profile)),
        });
    }

    fn change(&self, change: impl FnOnce() -> io::Result<()>) {
        let changed = self.lock().and_then(|_lock| change());
        if let Err(error) = changed {
            tracing::warn!(%error, "the mark against restored backups cannot be written");
        }
    }

    /// One writer at a time, among all processes.
    fn lock(&self) -> io::Result<File> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)?;
        let directory = File::open(&self.directory)?;
        flock(&directory, FlockOperation::LockExclusive)?;
        Ok(directory)
    }

    fn write(&self, profile: &ProfileName, version: Version) -> io::Result<()> {
        let path = self.path(profile);
        let next = path.with_extension("next");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&next)?;
        writeln!(file, "{}", version.0)?;
        fs::rename(next, path)
    }

    /// A hash, since file systems may not tell names apart that differ in case.
    fn path(&self, profile: &ProfileName) -> PathBuf {
        let hash = Sha256::digest(profile.as_str());
        let hash: String = hash[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.directory.join(format!("{}-{hash}.mark", self.store))
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
        marks.set(&ada, Some(Version(7)));
        assert_eq!(marks.of(&ada), Some(Version(7)));
        marks.set(&ada, None);
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
