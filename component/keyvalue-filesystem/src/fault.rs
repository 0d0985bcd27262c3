//! The errors. A text begins with a word for programs if the table has one, then a
//! message for people follows. It contains names of files and never a value.
//!
//! | word        | when                                                       |
//! |-------------|------------------------------------------------------------|
//! | `read-only` | the directory does not permit writing                      |
//! | `full`      | the disk or a quota is full                                |
//! | `busy`      | the directory or a file is in use at the moment            |
//! | `too-large` | the key or the value is over the limit                     |
//! | `corrupt`   | `set` cannot have written the file of a key                |

use crate::bucket::Error;
use crate::directory::ErrorCode;

pub(crate) fn no_directory() -> Error {
    other(&["no directory: give one with --dir"])
}

pub(crate) fn several_directories() -> Error {
    other(&["several directories: mount one as /login, with --dir DIRECTORY::/login"])
}

pub(crate) fn key_too_long() -> Error {
    other(&["too-large: a key has at most 64 bytes"])
}

pub(crate) fn value_too_large() -> Error {
    other(&["too-large: a value has at most 256 KiB"])
}

pub(crate) fn file_too_large(name: &str) -> Error {
    other(&["corrupt: the file ", name, " has more than 256 KiB"])
}

pub(crate) fn file_cut_short(name: &str) -> Error {
    other(&["corrupt: the file ", name, " is shorter than it says"])
}

pub(crate) fn no_file(name: &str) -> Error {
    other(&[name, " is a link, a directory or a device, not a file"])
}

pub(crate) fn foreign_cursor() -> Error {
    other(&["unknown cursor: all keys come at once"])
}

/// Reading failed.
pub(crate) fn reading(code: ErrorCode) -> Error {
    failed("the directory cannot be read", code)
}

/// Writing or removing failed.
pub(crate) fn writing(code: ErrorCode) -> Error {
    match code {
        // Runtimes return either for a directory that they have opened read-only.
        ErrorCode::ReadOnly | ErrorCode::NotPermitted => {
            failed("read-only: the directory must not be written", code)
        }
        ErrorCode::InsufficientSpace | ErrorCode::Quota => failed("full: no room is left", code),
        ErrorCode::FileTooLarge => failed("too-large: the disk does not take it", code),
        _ => failed("the directory cannot be written", code),
    }
}

fn failed(what: &str, code: ErrorCode) -> Error {
    let busy = match code {
        ErrorCode::Busy | ErrorCode::TextFileBusy | ErrorCode::WouldBlock => "busy: ",
        _ => "",
    };
    other(&[busy, what, " (", code.name(), ")"])
}

fn other(text: &[&str]) -> Error {
    Error::Other(text.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(error: Error) -> String {
        let Error::Other(text) = error else {
            panic!("{error:?}")
        };
        text
    }

    #[test]
    fn a_failed_write_names_its_cause_in_one_word() {
        for (code, expected) in [
            (
                ErrorCode::ReadOnly,
                "read-only: the directory must not be written (read-only)",
            ),
            (
                ErrorCode::NotPermitted,
                "read-only: the directory must not be written (not-permitted)",
            ),
            (
                ErrorCode::InsufficientSpace,
                "full: no room is left (insufficient-space)",
            ),
            (ErrorCode::Quota, "full: no room is left (quota)"),
            (
                ErrorCode::FileTooLarge,
                "too-large: the disk does not take it (file-too-large)",
            ),
            (
                ErrorCode::Busy,
                "busy: the directory cannot be written (busy)",
            ),
            (
                ErrorCode::Access,
                "the directory cannot be written (access)",
            ),
            (ErrorCode::Io, "the directory cannot be written (io)"),
        ] {
            assert_eq!(text(writing(code)), expected);
        }
    }

    #[test]
    fn a_failed_read_is_never_reported_as_a_read_only_store() {
        for (code, expected) in [
            (
                ErrorCode::NotPermitted,
                "the directory cannot be read (not-permitted)",
            ),
            (ErrorCode::Access, "the directory cannot be read (access)"),
            (
                ErrorCode::WouldBlock,
                "busy: the directory cannot be read (would-block)",
            ),
        ] {
            assert_eq!(text(reading(code)), expected);
        }
    }
}
