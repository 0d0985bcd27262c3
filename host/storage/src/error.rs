//! What can go wrong with a store.

use crate::StoreKind;

/// Why a store did not do what it was asked. No text contains a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The row is not the version that was expected.
    #[error("the row has been written since it was read")]
    Conflict,
    /// Others kept the store locked for too long.
    #[error("the store is locked by another process")]
    Busy,
    /// The store could not be reached or did not work; the text says how. It may
    /// work again by itself.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The store cannot be used until somebody does something about it; the text
    /// says what is in the way.
    #[error("the store cannot be used: {0}")]
    Unusable(String),
    /// The machine, or a limit of this process, is in the way.
    #[error("{message}")]
    Limited {
        /// Which limit.
        message: String,
        /// What raises it.
        hint: String,
        /// Whether it may pass by itself, as when other processes end.
        may_pass: bool,
    },
    /// The store can be read and not written.
    #[error("the store is read-only")]
    ReadOnly,
    /// There is no room left.
    #[error("the store is full")]
    Full,
    /// The value is larger than its key allows.
    #[error("the value is too large for its key")]
    TooLarge,
    /// The store was made by an older version and is not upgraded by reading.
    #[error("the store was made by an older version")]
    NeedsUpgrade,
    /// The store, or a value in it, was written by a newer version.
    #[error("the store was written by a newer version")]
    Newer,
    /// The store was made for something else.
    #[error("this is a store of the kind {found}, and one of the kind {wanted} is needed")]
    WrongKind {
        /// What it was made for.
        found: StoreKind,
        /// What it was opened for.
        wanted: StoreKind,
    },
    /// The file is not one that secrets may be put into.
    #[error("{message}")]
    Refused {
        /// What is wrong with it.
        message: String,
        /// The command that mends it.
        hint: String,
    },
    /// The value is sealed with a key that is not here.
    #[error("the value is sealed with an unknown key")]
    KeyUnknown,
    /// The keys cannot be had.
    #[error("{message}")]
    NoKey {
        /// What is wrong with their file.
        message: String,
        /// What mends it.
        hint: String,
    },
    /// The value, or the store, is damaged.
    #[error("the store or a value in it is damaged")]
    Corrupt,
    /// The value is older than the one that was written here.
    #[error("the value is older than the one written before")]
    Rollback,
}

impl StoreError {
    /// It could not be reached or did not work, for this reason.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable(reason.into())
    }

    /// Whether the same operation can succeed a moment later. What lasts until
    /// somebody mends it has only just begun where a write `worked` a moment ago.
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
