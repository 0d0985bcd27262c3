//! The settings of a server operator, which tests vary.

use std::str::FromStr;
use std::time::Duration;

/// The client id of the Codex CLI, a public client, which every program for ChatGPT subscriptions uses.
pub const CLIENT_ID: &str = "app_EMoamEEZ73f0CkXaXp7hrann";

/// The issuer that the simulator stands in for.
pub const ISSUER: &str = "https://auth.openai.com";

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) client_id: String,
    /// The interval of polls in seconds.
    pub(crate) interval: u64,
    pub(crate) code_lifetime: Duration,
    /// How long after it was issued a device code is approved automatically.
    pub(crate) auto_approve: Option<Duration>,
    pub(crate) access_token_lifetime: Duration,
    pub(crate) refresh_token_lifetime: Option<Duration>,
    pub(crate) rotation: Rotation,
    pub(crate) revocation_scope: RevocationScope,
    /// The largest body of a request to a model, in bytes.
    pub(crate) largest_model_request: usize,
    /// How many requests the log keeps.
    pub(crate) kept_requests: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            client_id: CLIENT_ID.into(),
            interval: 5,
            code_lifetime: Duration::from_secs(15 * 60),
            auto_approve: None,
            // As in most measurements of the live service.
            access_token_lifetime: Duration::from_secs(10 * 24 * 3600),
            refresh_token_lifetime: None,
            rotation: Rotation::Strict,
            revocation_scope: RevocationScope::Family,
            // The live service's limit is not known; conversations of 21 MB have been reported.
            largest_model_request: 32 * 1024 * 1024,
            kept_requests: usize::MAX,
        }
    }
}

/// What the server does with a refresh token that is presented (RFC 9700, section 4.14.2).
///
/// Except for [`KeepsToken`](Rotation::KeepsToken), a used token that is presented again ends its family: the refresh
/// token and all access tokens of that sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// Each token is accepted once. The default.
    Strict,
    /// The superseded token is accepted again while its successor has not been presented; the new successor replaces
    /// the one before it.
    Grace {
        /// Only this long after it was superseded; `None` for any time.
        within: Option<Duration>,
    },
    /// The answer has no refresh token, and the presented one stays valid.
    KeepsToken,
    /// The token is rotated, but the answer has no access token.
    OmitsAccessToken,
}

/// `strict`, `grace`, `grace:SECONDS`, `keeps-token` or `omits-access-token`.
impl FromStr for Rotation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None => match text {
                "strict" => Ok(Self::Strict),
                "grace" => Ok(Self::Grace { within: None }),
                "keeps-token" => Ok(Self::KeepsToken),
                "omits-access-token" => Ok(Self::OmitsAccessToken),
                _ => Err(format!("no such rotation: {text:?}")),
            },
            Some(("grace", seconds)) => match seconds.parse() {
                Ok(seconds) => Ok(Self::Grace {
                    within: Some(Duration::from_secs(seconds)),
                }),
                Err(_) => Err(format!("no number of seconds: {seconds:?}")),
            },
            Some(_) => Err(format!("no such rotation: {text:?}")),
        }
    }
}

/// What `POST /oauth/revoke` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationScope {
    /// The sign-in that the token belongs to. The default.
    Family,
    /// Every sign-in of that person, also on other machines, as users of the live service have reported.
    User,
}
