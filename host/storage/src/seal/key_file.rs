//! The key file: one or two lines with one key each, as 64 hexadecimal digits; lines
//! starting with `#` are comments. `openssl rand -hex 32` prints a line.
//!
//! A key file that this software creates has mode 0600. It is written beside its place
//! first, so that it exists whole or not at all. If several processes create it at once,
//! the first one wins, and the others read its file.

use std::fmt::{Display, Write as _};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use super::key::{Key, Keyring};
use crate::StoreError;
use crate::private_file::{self, Exposure, OTHERS, this_user};
use crate::rights::quoted;
use crate::shortage::Shortage;

/// The name of the key in `$CREDENTIALS_DIRECTORY`.
pub(super) const SYSTEMD_CREDENTIAL: &str = "chatgpt-oauth.key";
/// The largest key file, in bytes.
const LARGEST: u64 = 4096;

const COMMENT: &str = "\
# The keys of the logins beside this file: the first seals, the second still opens.
# Whoever has both can use the logins. Keep a copy of it apart from theirs.
";

/// Which owners and modes a key file may have.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rights {
    /// Owned by this user, and private to the owner.
    OwnerOnly,
    /// As systemd passes credentials to a service: owned by this user or root, and readable
    /// for the group.
    SystemdCredential,
}

/// Reads the keys; none if there is no file.
pub(super) fn read(path: &Path, rights: Rights) -> Result<Option<Keyring>, StoreError> {
    let file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(path, &error)),
    };
    let found = file.metadata().map_err(|error| unusable(path, &error))?;
    check(path, &found, rights)?;
    let mut text = Zeroizing::new(String::with_capacity(LARGEST as usize));
    let read = file.take(LARGEST).read_to_string(&mut text);
    read.map_err(|error| unusable(path, &error))?;
    parse(&text).map(Some).ok_or_else(|| refused(
        path,
        "does not hold one or two keys and nothing else",
        "restore the right file; a new key, the 64 hexadecimal digits of `openssl rand -hex 32`, cannot open the stored logins",
    ))
}

/// Creates the file with a new key, and returns the keys in the file: another process may
/// have created it first.
pub(super) fn create(path: &Path) -> Result<Keyring, StoreError> {
    let ring = Keyring {
        sealing: generate()?,
        previous: None,
    };
    let created = private_file::create(path, text_of(&ring).as_bytes());
    created.map_err(|error| unusable(path, &error))?;
    read(path, Rights::OwnerOnly)?.ok_or_else(|| missing(path))
}

/// Replaces the keys in the file.
pub(super) fn replace(path: &Path, ring: &Keyring) -> Result<(), StoreError> {
    let replaced = private_file::replace(path, text_of(ring).as_bytes());
    replaced.map_err(|error| unusable(path, &error))
}

/// Keeps other processes from replacing the keys until the returned file is closed.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let lock = || {
        let file = private_file::open_lock(&path.with_extension("key-lock"))?;
        let is_locked = private_file::try_lock(&file)?;
        Ok(is_locked.then_some(file))
    };
    match lock() {
        Ok(locked) => locked.ok_or(StoreError::Busy),
        Err(error) => Err(unusable(path, &error)),
    }
}

pub(super) fn generate() -> Result<Key, StoreError> {
    let key = Key::generate();
    key.map_err(|error| StoreError::unavailable(format!("no random bytes: {error}")))
}

pub(super) fn missing(path: &Path) -> StoreError {
    refused(
        path,
        "is missing, the key that the stored logins are sealed with",
        "restore the file, or name it: --key-file, or $CREDENTIALS_DIRECTORY. If the file is lost, so is what the store holds: `chatgpt-oauth explain key-unknown`",
    )
}

fn open(path: &Path) -> io::Result<File> {
    // `NONBLOCK`: opening a pipe does not wait for its other end.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

fn check(path: &Path, found: &Metadata, rights: Rights) -> Result<(), StoreError> {
    if found.len() > LARGEST {
        return Err(refused(
            path,
            "is too large for a key file",
            "restore the right file",
        ));
    }
    if !found.is_file() {
        return Err(refused(
            path,
            "is not a regular file",
            "name the key file itself",
        ));
    }
    let me = this_user();
    let (owners, forbidden): (&[u32], _) = match rights {
        Rights::OwnerOnly => (&[me], OTHERS),
        Rights::SystemdCredential => (&[me, 0], 0o027),
    };
    let Some(exposure) = Exposure::of(found, owners, forbidden) else {
        return Ok(());
    };
    let fix = match exposure {
        Exposure::Owner => format!("chown {me} {}", quoted(path)),
        Exposure::Mode => format!("chmod 600 {}", quoted(path)),
    };
    Err(refused(path, exposure, fix))
}

pub(super) fn parse(text: &str) -> Option<Keyring> {
    let lines = text.lines().map(str::trim);
    let mut keys = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(Key::parse);
    let ring = Keyring {
        sealing: keys.next()??,
        previous: match keys.next() {
            Some(key) => Some(key?),
            None => None,
        },
    };
    keys.next().is_none().then_some(ring)
}

pub(super) fn text_of(ring: &Keyring) -> Zeroizing<String> {
    // Large enough from the start: growing would leave copies of the keys in memory.
    let mut text = Zeroizing::new(String::with_capacity(LARGEST as usize));
    text.push_str(COMMENT);
    for key in [Some(&ring.sealing), ring.previous.as_ref()]
        .into_iter()
        .flatten()
    {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}", *key.digits());
    }
    text
}

fn refused(path: &Path, what: impl Display, fix: impl Into<String>) -> StoreError {
    StoreError::NoKey {
        message: format!("{} {what}", path.display()),
        hint: fix.into(),
    }
}

fn unusable(path: &Path, error: &io::Error) -> StoreError {
    if let Some(shortage) = Shortage::of_io(error) {
        return shortage.into();
    }
    if matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    ) {
        return StoreError::Full;
    }
    let hint = match error.raw_os_error() {
        Some(code) if code == rustix::io::Errno::LOOP.raw_os_error() => {
            "name the key file itself, not a link"
        }
        _ => "let this user read and write the key file and its directory",
    };
    StoreError::NoKey {
        message: format!("the key file {} cannot be used: {error}", path.display()),
        hint: hint.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn directory() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn write(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        chmod(path, 0o600);
    }

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn digits(of: char) -> String {
        String::from(of).repeat(64)
    }

    #[track_caller]
    fn refusal<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> String {
        match outcome {
            Err(StoreError::NoKey { message, hint }) => format!("{message}; {hint}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_new_file_is_private_to_its_owner_and_leaves_no_file_beside_it() {
        let directory = directory();
        let path = directory.path().join("openai.db.key");
        assert!(read(&path, Rights::OwnerOnly).unwrap().is_none());
        let made = create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        let read = read(&path, Rights::OwnerOnly).unwrap().unwrap();
        assert_eq!(read.sealing.id(), made.sealing.id());
    }

    #[test]
    fn the_second_of_two_creators_reads_the_key_of_the_first() {
        let directory = directory();
        let path = directory.path().join("openai.db.key");
        let ids: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| create(&path).unwrap().sealing.id()))
                .collect();
            threads
                .into_iter()
                .map(|made| made.join().unwrap())
                .collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_first_key_seals_and_a_second_one_opens() {
        let directory = directory();
        let path = directory.path().join("openai.db.key");
        write(
            &path,
            &format!("# words\n\n  {}\r\n{}\n", digits('a'), digits('b')),
        );
        let ring = read(&path, Rights::OwnerOnly).unwrap().unwrap();
        assert_eq!(*ring.sealing.digits(), digits('a'));
        assert_eq!(*ring.previous.as_ref().unwrap().digits(), digits('b'));
        replace(&path, &ring).unwrap();
        let again = read(&path, Rights::OwnerOnly).unwrap().unwrap();
        assert_eq!(again.sealing.id(), ring.sealing.id());
        assert_eq!(again.previous.unwrap().id(), ring.previous.unwrap().id());
    }

    #[test]
    fn a_file_without_keys_is_refused_and_not_quoted() {
        let directory = directory();
        let path = directory.path().join("openai.db.key");
        let three = [digits('a'), digits('b'), digits('c')].join("\n");
        for text in ["", "# nothing\n", "CANARY", &digits('a')[1..], &three] {
            write(&path, text);
            let text = refusal(read(&path, Rights::OwnerOnly));
            assert!(text.contains("openssl rand -hex 32"), "{text}");
            assert!(!text.contains("CANARY") && !text.contains("aaaa"), "{text}");
        }
        fs::write(&path, [0xff; 64]).unwrap();
        refusal(read(&path, Rights::OwnerOnly));
        write(&path, &format!("{}\n{}", digits('a'), "#".repeat(5000)));
        refusal(read(&path, Rights::OwnerOnly));
    }

    /// Faults: S13
    #[test]
    fn a_key_file_that_other_users_can_read_is_refused_with_the_fix() {
        let directory = directory();
        let path = directory.path().join("openai.db.key");
        write(&path, &digits('a'));
        for (mode, rights, fits) in [
            (0o600, Rights::OwnerOnly, true),
            (0o400, Rights::OwnerOnly, true),
            (0o640, Rights::OwnerOnly, false),
            (0o604, Rights::OwnerOnly, false),
            (0o440, Rights::SystemdCredential, true),
            (0o460, Rights::SystemdCredential, false),
            (0o444, Rights::SystemdCredential, false),
        ] {
            chmod(&path, mode);
            let outcome = read(&path, rights);
            match fits {
                true => assert!(outcome.is_ok(), "{mode:o}: {outcome:?}"),
                false => assert!(refusal(outcome).contains("chmod 600 '"), "{mode:o}"),
            }
        }
    }

    /// Faults: S14
    #[test]
    fn links_directories_and_pipes_are_refused() {
        let directory = directory();
        let (file, link) = (directory.path().join("file"), directory.path().join("link"));
        write(&file, &digits('a'));
        symlink(&file, &link).unwrap();
        refusal(read(&link, Rights::OwnerOnly));
        refusal(read(directory.path(), Rights::OwnerOnly));
        let pipe = directory.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        refusal(read(&pipe, Rights::OwnerOnly));
    }

    #[test]
    fn one_process_at_a_time_replaces_the_key() {
        let directory = directory();
        let path = directory.path().join("openai.db.key");
        let held = lock(&path).unwrap();
        assert_eq!(lock(&path).unwrap_err(), StoreError::Busy);
        drop(held);
        // A child that another test starts has the file open until it executes its program.
        let is_free = |_| {
            std::thread::sleep(std::time::Duration::from_millis(1));
            lock(&path).is_ok()
        };
        assert!((0..10_000).any(is_free));
    }
}
