//! Why the page of a link is not shown, or a button does nothing.

use chatgpt_oauth::links::LinkError;
use chatgpt_oauth::store::StoreError;
use chatgpt_oauth::{Error, answers};
use http::StatusCode;

use crate::refused::Refused;

/// Why the page of a link is not shown, or a button does nothing.
pub(super) enum Stop {
    /// There is no such link.
    Unknown,
    /// No browser has opened the link in time.
    Expired,
    /// The page of the link has ended.
    Over,
    /// The link works in another browser.
    Foreign,
    /// The link was used to sign in from another browser.
    Used,
    /// The browser sends no cookie.
    NoCookie,
    /// Another site has sent the form.
    OtherSite,
    /// A login of the profile waits that this page has not begun.
    UnderWay,
    /// Too much happens; until it may happen again, in seconds.
    TooMany(u32),
    /// A call failed.
    Failed(Error),
    /// The request cannot be read.
    Refused(Refused),
}

impl Stop {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Expired | Self::Over => StatusCode::GONE,
            Self::Foreign | Self::Used | Self::NoCookie | Self::OtherSite => StatusCode::FORBIDDEN,
            Self::UnderWay => StatusCode::CONFLICT,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Failed(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused(refused) => refused.status(),
        }
    }

    /// The code of the failure, for the log and the metrics.
    pub(super) fn code(&self) -> Option<&'static str> {
        match self {
            Self::Failed(error) => Some(answers::ErrorCode::from(error.code).name()),
            Self::Refused(refused) => Some(refused.code().name()),
            _ => None,
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
            LinkError::Ended => Self::Over,
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
