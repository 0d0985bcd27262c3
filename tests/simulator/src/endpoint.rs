//! The endpoints, with the names that faults and the request log use.

use serde::{Deserialize, Serialize};

/// An endpoint of `auth.openai.com` or `chatgpt.com`. Both hosts share one listener, and the path decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `POST /api/accounts/deviceauth/usercode`: requests a device code.
    UserCode,
    /// `POST /api/accounts/deviceauth/token`: polls for the person's decision.
    DevicePoll,
    /// `POST /oauth/token`: exchanges an authorization code, or refreshes.
    Token,
    /// `POST /oauth/revoke`
    Revoke,
    /// `GET` and `POST /codex/device`: the page on which a person types the user code.
    DevicePage,
    /// `GET /.well-known/openid-configuration`
    Discovery,
    /// `GET /.well-known/jwks.json`
    Jwks,
    /// `GET /backend-api/codex/models`
    Models,
    /// `GET /backend-api/wham/usage`
    Usage,
    /// `GET /backend-api/wham/accounts/check`: which backend serves a workspace.
    AccountsCheck,
    /// `POST /backend-api/codex/responses`: a model's answer.
    Responses,
    /// `POST /backend-api/codex/responses/compact`: a conversation, shortened by a model.
    ResponsesCompact,
    /// Every other path; the simulator answers 404.
    Other,
}

impl Endpoint {
    /// The endpoint of a path, for any method.
    pub(crate) fn of(path: &str) -> Self {
        match path {
            "/api/accounts/deviceauth/usercode" => Self::UserCode,
            "/api/accounts/deviceauth/token" => Self::DevicePoll,
            // Discovery names the second path; clients use the first, a working alias.
            "/oauth/token" | "/api/accounts/oauth/token" => Self::Token,
            "/oauth/revoke" => Self::Revoke,
            "/codex/device" => Self::DevicePage,
            "/.well-known/openid-configuration" => Self::Discovery,
            "/.well-known/jwks.json" => Self::Jwks,
            "/backend-api/codex/models" => Self::Models,
            "/backend-api/wham/usage" => Self::Usage,
            "/backend-api/wham/accounts/check" => Self::AccountsCheck,
            "/backend-api/codex/responses" => Self::Responses,
            "/backend-api/codex/responses/compact" => Self::ResponsesCompact,
            _ => Self::Other,
        }
    }

    /// Whether the endpoint answers to the method.
    pub(crate) fn allows(self, method: &str) -> bool {
        match self {
            Self::UserCode
            | Self::DevicePoll
            | Self::Token
            | Self::Revoke
            | Self::ResponsesCompact => method == "POST",
            Self::DevicePage | Self::Responses => matches!(method, "GET" | "POST"),
            Self::Discovery | Self::Jwks | Self::Models | Self::Usage | Self::AccountsCheck => {
                method == "GET"
            }
            Self::Other => true,
        }
    }
}
