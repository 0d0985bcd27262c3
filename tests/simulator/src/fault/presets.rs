//! Presets: faults that occur in practice.

use serde_json::json;

use super::Fault;

impl Fault {
    /// A content delivery network asks for a browser: 403, HTML, `cf-mitigated: challenge`.
    pub fn cloudflare_challenge() -> Self {
        Self::html(
            403,
            "<!DOCTYPE html><html lang=\"en-US\"><head><title>Just a moment...</title></head><body>\
             <noscript>Enable JavaScript and cookies to continue</noscript></body></html>",
        )
        .header("cf-mitigated", "challenge")
        .header("server", "cloudflare")
    }

    /// The service does not support the country of the client's address: 403 with a JSON error.
    pub fn region_blocked() -> Self {
        Self::json(
            403,
            json!({ "error": {
                "code": "unsupported_country_region_territory",
                "message": "Country, region, or territory not supported",
                "param": null,
                "type": "request_forbidden",
            } }),
        )
    }

    /// 429 with `retry_after` as given, so that it can be seconds, a date or nonsense.
    pub fn too_many_requests(retry_after: Option<&str>) -> Self {
        let fault = Self::openai_error(
            429,
            "rate_limit_exceeded",
            "Too many requests. Please try again later.",
        );
        match retry_after {
            Some(value) => fault.header("retry-after", value),
            None => fault,
        }
    }

    /// A captive portal or a proxy answers: 200 with HTML.
    pub fn captive_portal() -> Self {
        Self::html(
            200,
            "<html><body><h1>Welcome to the hotel network</h1></body></html>",
        )
    }

    /// 200 with JSON that ends in the middle.
    pub fn truncated_json() -> Self {
        Self::status(200)
            .header("content-type", "application/json")
            .body(r#"{"access_token":"eyJhbGciOiJFUzI1NiIsInR5"#)
    }

    /// 302 to another location.
    pub fn redirect(location: &str) -> Self {
        Self::status(302).header("location", location)
    }

    /// The nested error object of OpenAI's endpoints: `{"error": {"code": …}}`.
    pub fn openai_error(status: u16, code: &str, message: &str) -> Self {
        let error = json!({ "message": message, "type": "invalid_request_error", "param": null, "code": code });
        Self::json(status, json!({ "error": error }))
    }

    /// The flat error object of OAuth: `{"error": code}`.
    pub fn oauth_error(status: u16, code: &str) -> Self {
        Self::json(
            status,
            json!({ "error": code, "error_description": "Scripted by the test." }),
        )
    }

    /// The client polled too soon. Existing clients check for this code; no capture is public.
    pub fn slow_down() -> Self {
        Self::openai_error(403, "deviceauth_slow_down", "Polling too often.")
    }

    /// Device login is not enabled on this server: 404.
    pub fn device_login_disabled() -> Self {
        Self::json(404, json!({ "detail": "Not Found" }))
    }

    /// The plan's window is used up until `resets_at`, in Unix seconds: 429.
    pub fn usage_limit_reached(plan_type: &str, resets_at: i64) -> Self {
        let error = json!({
            "type": "usage_limit_reached",
            "message": "The usage limit has been reached",
            "plan_type": plan_type,
            "resets_at": resets_at,
        });
        Self::json(429, json!({ "error": error }))
    }

    /// The plan has no Codex: 429.
    pub fn usage_not_included() -> Self {
        let error = json!({
            "type": "usage_not_included",
            "message": "To use Codex with your ChatGPT plan, upgrade to Plus",
        });
        Self::json(429, json!({ "error": error }))
    }

    /// The models have too many requests at the moment: 503.
    pub fn overloaded() -> Self {
        let error = json!({
            "type": "server_error",
            "code": "server_is_overloaded",
            "message": "Our servers are currently overloaded. Please try again later.",
            "param": null,
        });
        Self::json(503, json!({ "error": error }))
    }

    /// The backend does not accept the access token: 401 with `token_expired`, `token_invalidated` or
    /// `token_revoked`.
    pub fn token_refused(code: &str) -> Self {
        Self::openai_error(401, code, "Please try signing in again.")
    }

    /// The workspace is gone or unpaid: 402.
    pub fn deactivated_workspace() -> Self {
        Self::json(
            402,
            json!({ "detail": { "code": "deactivated_workspace" } }),
        )
    }
}
