//! Why the page of a link is not shown, or a button does nothing.

use chatgpt_oauth::Error;
use chatgpt_oauth::links::LinkError;
use chatgpt_oauth::store::StoreError;
use http::StatusCode;

use crate::refused::Refused;

/// Why the page of a link is not shown, or a button does nothing.
pub(super) enum Stop {
    /// There is no such link.
    Unknown,
    /// The link has expired.
    Expired,
    /// The link works in another browser.
    Foreign,
    /// The link was used to sign in from another browser.
    Used,
    /// The browser sends no cookie.
    NoCookie,
    /// Another site has sent the form.
    OtherSite,
    /// Too much happens; until it may happen again, in seconds.
    TooMany(u32),
    /// A call failed.
    Failed(Error),
    /// The request cannot be read.
    Refused(Refused),
}

impl Stop {
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Expired => StatusCode::GONE,
            Self::Foreign | Self::Used | Self::NoCookie | Self::OtherSite => StatusCode::FORBIDDEN,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Failed(_) | Self::Refused(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<LinkError> for Stop {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Unknown => Self::Unknown,
            LinkError::Ended => Self::Expired,
            LinkError::Bound => Self::Foreign,
            other => Self::Failed(other.into()),
        }
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}
