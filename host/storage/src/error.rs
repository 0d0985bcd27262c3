//! The errors of a store.

use crate::StoreKind;

/// Why an operation of a store failed. No text contains a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The row has another version than the expected one.
    #[error("the row has been written since it was read")]
    Conflict,
    /// Another process kept the store locked for too long.
    #[error("the store is locked by another process")]
    Busy,
    /// The store could not be reached or failed; the text says why. The error may pass
    /// without a fix.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The store cannot be used until a person fixes the cause, which the text says.
    #[error("the store cannot be used: {0}")]
    Unusable(String),
    /// The machine, or a limit of this process, refuses a resource.
    #[error("{message}")]
    Limited {
        /// The limit.
        message: String,
        /// How to raise the limit.
        hint: String,
        /// Whether the shortage may pass without a fix, as when other processes end.
        may_pass: bool,
    },
    /// The store can be read, but not written.
    #[error("the store is read-only")]
    ReadOnly,
    /// The disk or the bucket is full.
    #[error("the store is full")]
    Full,
    /// The value is larger than its key allows.
    #[error("the value is too large for its key")]
    TooLarge,
    /// The logins of the store were copied to another one, and only that one may refresh them.
    #[error("the logins of this store were moved to another one")]
    Moved,
    /// The database has no store, or one of an older layout.
    #[error("the database has no store of this version")]
    NeedsMigration,
    /// The store was created by an older version. Reading does not upgrade it.
    #[error("the store was made by an older version")]
    NeedsUpgrade,
    /// The store, or a value in it, was written by a newer version.
    #[error("the store was written by a newer version")]
    Newer,
    /// The store was created for another kind of logins.
    #[error("this is a store of the kind {found}, and one of the kind {wanted} is needed")]
    WrongKind {
        /// The kind of the store.
        found: StoreKind,
        /// The kind that is needed.
        wanted: StoreKind,
    },
    /// The file is not safe for secrets.
    #[error("{message}")]
    Refused {
        /// What is wrong with the file.
        message: String,
        /// The command that fixes it.
        hint: String,
    },
    /// The value is sealed with a key that this process does not have.
    #[error("the value is sealed with an unknown key")]
    KeyUnknown,
    /// The keys cannot be read.
    #[error("{message}")]
    NoKey {
        /// What is wrong with the key file.
        message: String,
        /// How to fix it.
        hint: String,
    },
    /// The value is damaged, or was moved here from another place.
    #[error("a value of the store is damaged")]
    Corrupt,
    /// The file or the database is damaged, or is no store.
    #[error("the store is damaged, or is none of this software")]
    Damaged,
    /// The value is older than the last one that this host wrote.
    #[error("the value is older than the one written before")]
    Rollback,
    /// The store may lack acknowledged writes, and no person has accepted that.
    #[error("the database may lack the latest logins, after a failover or a restore")]
    Failover,
}

impl StoreError {
    /// An [`Unavailable`](Self::Unavailable) error with this reason.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable(reason.into())
    }

    /// Whether the same operation can succeed a moment later. If a write has just succeeded
    /// (`worked`), a permanent error has just begun, and may pass too.
    #[must_use]
    pub fn may_pass(&self, worked: bool) -> bool {
        match self {
            Self::Busy | Self::Unavailable(_) | Self::Full => true,
            Self::Limited { may_pass, .. } => *may_pass || worked,
            Self::ReadOnly | Self::Unusable(_) => worked,
            _ => false,
        }
    }
}
