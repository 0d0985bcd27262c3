//! Why a server refused a request, and the answer to it.

use alloc::string::String;

use serde::{Serialize, Serializer};

use crate::False;

macro_rules! refusals {
    ($($(#[doc = $documentation:literal])* $code:ident $name:literal $status:literal,)*) => {
        /// Why a server refused a request before it made a call. The names are those that
        /// OpenAI's API has, where it has one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum RefusalCode {
            $($(#[doc = $documentation])* $code,)*
        }

        impl RefusalCode {
            /// Every code, by its HTTP status.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// The name in answers.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }

            /// The HTTP status of the answer.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self {
                    $(Self::$code => $status,)*
                }
            }
        }
    };
}

refusals! {
    /// The request is not one that the server can read.
    InvalidRequest "invalid_request" 400,
    /// An API key is in the URL.
    KeyInUrl "key_in_url" 400,
    /// There is no key, or none that is valid here.
    InvalidApiKey "invalid_api_key" 401,
    /// The key does not permit the call.
    InsufficientScope "insufficient_scope" 403,
    /// A page of another origin sends the request.
    ForeignOrigin "foreign_origin" 403,
    /// There is nothing at this path.
    NotFound "not_found" 404,
    /// The path does not take this method.
    MethodNotAllowed "method_not_allowed" 405,
    /// The state of the profile or the key does not permit the call.
    Conflict "conflict" 409,
    /// The request did not come in time.
    RequestTimeout "request_timeout" 408,
    /// The body is too large.
    RequestTooLarge "request_too_large" 413,
    /// The body is not declared as JSON.
    UnsupportedMediaType "unsupported_media_type" 415,
    /// The request names a host that this server is not.
    MisdirectedRequest "misdirected_request" 421,
    /// There were too many requests.
    RateLimitExceeded "rate_limit_exceeded" 429,
    /// The server failed.
    Internal "internal" 500,
    /// The store does not answer, or its values cannot be read.
    StoreUnavailable "store_unavailable" 503,
    /// The server ends.
    ServerShuttingDown "server_shutting_down" 503,
}

impl Serialize for RefusalCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for RefusalCode {
    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "RefusalCode".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names: alloc::vec::Vec<_> = Self::ALL.iter().map(|code| code.name()).collect();
        schemars::json_schema!({"type": "string", "enum": names})
    }
}

/// A server refused a request before it made a call.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Refusal {
    /// Always false.
    pub ok: False,
    /// What is wrong, one sentence. Never contains a key.
    pub error: String,
    /// The code that a caller acts on.
    pub code: RefusalCode,
    /// What a person can do about it.
    pub hint: String,
    /// True when the same request can succeed later.
    pub retryable: bool,
    /// How long to wait before the next attempt, in seconds.
    pub retry_after_seconds: Option<u32>,
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::RefusalCode;

    #[test]
    fn refusals_have_names_of_their_own_and_the_status_of_an_error() {
        let names: BTreeSet<_> = RefusalCode::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), RefusalCode::ALL.len());
        for code in RefusalCode::ALL {
            assert!((400..600).contains(&code.status()), "{code:?}");
        }
    }
}
