//! What the operations on links take and return.

use super::{Asks, LinkRecord, LinkSecret, MOST_LINKS};
use crate::{ProfileName, StoreError};

/// What a new link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLink {
    /// The profile that the person signs in.
    pub profile: ProfileName,
    /// Who asks the person to do so.
    pub asks: Asks,
}

/// A link that was made, with the only copy of its secret.
#[derive(Debug)]
pub struct CreatedLink {
    /// What its address ends with.
    pub secret: LinkSecret,
    /// What the store keeps of it.
    pub record: LinkRecord,
}

/// Why a link was not made or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// There is no such link.
    #[error("there is no such link")]
    Unknown,
    /// The link has expired.
    #[error("the link has expired")]
    Ended,
    /// The link is bound to another browser.
    #[error("the link is bound to another browser")]
    Bound,
    /// The profile has as many links as it may have.
    #[error("the profile has {MOST_LINKS} links that have not ended")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
