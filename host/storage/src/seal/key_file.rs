//! The file that keys are kept in, as text: one key a line, 64 hexadecimal digits,
//! at most two; lines that begin with `#` say what they like. `openssl rand -hex
//! 32` makes a line.
//!
//! A file of this software's own has mode 0600 and is written beside its place
//! first, so that it is there whole or not at all. Made by several processes at
//! once, it is the first one's, and the others read it.

use std::fmt::Write as _;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use zeroize::Zeroizing;

use super::key::{Key, Keyring};
use crate::StoreError;
use crate::private_file::{directory_of, open_private, quoted};
use crate::shortage::Shortage;

/// What the file is called that a service manager hands over.
pub(super) const SYSTEMD_CREDENTIAL: &str = "chatgpt-oauth.key";
/// The largest file that is read, in bytes.
const LARGEST: u64 = 4096;

const WORDS: &str = "\
# The keys of the logins beside this file: the first seals, the second still opens.
# Whoever has both can use the logins. Keep a copy of it apart from theirs.
";

/// Who may have which rights to the file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rights {
    /// The owner alone, who is this user.
    OwnerOnly,
    /// As a service manager hands secrets to a service: nobody's but this user's,
    /// root's and their groups'.
    SystemdCredential,
}

/// Reads the keys; none when there is no file.
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
        "holds no key, more than two, or something else",
        "put one key into it, 64 hexadecimal digits, such as `openssl rand -hex 32` prints, or put the right file back",
    ))
}

/// Makes the file with a new key, and returns the keys that it holds then:
/// another process may have been faster.
pub(super) fn create(path: &Path) -> Result<Keyring, StoreError> {
    let ring = Keyring {
        sealing: generate()?,
        previous: None,
    };
    let beside = write_beside(path, &ring).map_err(|error| unusable(path, &error))?;
    let linked = fs::hard_link(&beside, path);
    let removed = fs::remove_file(&beside);
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(unusable(path, &error)),
        _ => {
            let durable = removed.and_then(|()| sync_directory(path));
            durable.map_err(|error| unusable(path, &error))?;
            read(path, Rights::OwnerOnly)?.ok_or_else(|| missing(path))
        }
    }
}

/// Puts other keys into the place of the file's.
pub(super) fn replace(path: &Path, ring: &Keyring) -> Result<(), StoreError> {
    let write = || {
        let beside = write_beside(path, ring)?;
        fs::rename(&beside, path).map_err(|error| without(&beside, error))?;
        sync_directory(path)
    };
    write().map_err(|error| unusable(path, &error))
}

/// Keeps others from exchanging keys meanwhile, as long as what it returns lives.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    let lock = open_private(&mut options, &path.with_extension("key-lock"));
    let lock = lock.map_err(|error| unusable(path, &error))?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(lock),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StoreError::Busy),
        Err(error) => Err(unusable(path, &error.into())),
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
        "put the file back, or name it: --key-file, or $CREDENTIALS_DIRECTORY. If it is lost, the logins are: `chatgpt-oauth reset` sets a profile aside, every one of them before a new key is made",
    )
}

fn open(path: &Path) -> io::Result<File> {
    // Not waiting for the other end of a pipe.
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
            "put the right file back",
        ));
    }
    if !found.is_file() {
        return Err(refused(
            path,
            "is no regular file",
            "name the key file itself",
        ));
    }
    let me = rustix::process::geteuid().as_raw();
    let (owners, others): (&[u32], _) = match rights {
        Rights::OwnerOnly => (&[me], 0o077),
        Rights::SystemdCredential => (&[me, 0], 0o027),
    };
    if !owners.contains(&found.uid()) {
        let fix = format!("chown {me} {}", quoted(path));
        return Err(refused(path, "belongs to another user", fix));
    }
    if found.mode() & others != 0 {
        let fix = format!("chmod 600 {}", quoted(path));
        return Err(refused(path, "is open to other users", fix));
    }
    Ok(())
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

/// Writes a file of another name in the same directory, to its end.
fn write_beside(path: &Path, ring: &Keyring) -> io::Result<PathBuf> {
    let beside = name_beside(path)?;
    let mut file = open_private(OpenOptions::new().write(true).create_new(true), &beside)?;
    let written = file.write_all(text_of(ring).as_bytes());
    match written.and_then(|()| file.sync_all()) {
        Ok(()) => Ok(beside),
        Err(error) => Err(without(&beside, error)),
    }
}

/// Leaves no copy of keys behind what failed.
fn without(copy: &Path, error: io::Error) -> io::Error {
    let _ = fs::remove_file(copy);
    error
}

/// A name that nobody guesses, so that nobody has put anything there.
fn name_beside(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(
        ".{:016x}",
        getrandom::u64().map_err(io::Error::other)?
    ));
    Ok(name.into())
}

pub(super) fn text_of(ring: &Keyring) -> Zeroizing<String> {
    // Long enough from the start: growing would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(LARGEST as usize));
    text.push_str(WORDS);
    for key in [Some(&ring.sealing), ring.previous.as_ref()]
        .into_iter()
        .flatten()
    {
        // A string takes whatever is written.
        let _ = writeln!(text, "{}", *key.digits());
    }
    text
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

fn refused(path: &Path, what: &str, fix: impl Into<String>) -> StoreError {
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
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

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
            let told = refusal(read(&path, Rights::OwnerOnly));
            assert!(told.contains("openssl rand -hex 32"), "{told}");
            assert!(!told.contains("CANARY") && !told.contains("aaaa"), "{told}");
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
        lock(&path).unwrap();
    }
}
