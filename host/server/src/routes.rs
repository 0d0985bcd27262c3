//! Which handler answers which path, and what the path is called in logs and metrics.

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, delete, get, post};
use http::Uri;

use crate::app::App;
use crate::refused::{Refused, Shape};
use crate::server::Side;
use crate::{metrics, openai, openapi, profiles};

/// The routes of a listener, for requests that have a key of this listener.
pub(crate) fn of(side: Side, app: Arc<App>) -> Router {
    let routes = match side {
        Side::Public => public(),
        Side::Admin => admin(),
    };
    routes
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(app)
}

fn public() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/{*path}", any(openai::call))
        .nest("/api/v1/me", functions())
}

fn admin() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/profiles", get(profiles::list))
        .route("/api/v1/profiles/{profile}", delete(profiles::remove))
        .nest("/api/v1/profiles/{profile}", functions().merge(keys()))
        .route("/metrics", get(metrics::show))
        .route("/openapi.json", get(openapi::show))
}

/// The seven functions of one profile.
fn functions() -> Router<Arc<App>> {
    Router::new()
        .route("/status", get(profiles::status))
        .route("/start", post(profiles::start))
        .route("/poll", post(profiles::poll))
        .route("/logout", post(profiles::logout))
        .route("/refresh", post(profiles::refresh))
        .route("/models", get(profiles::models))
        .route("/usage", get(profiles::usage))
}

/// The API keys of one profile.
fn keys() -> Router<Arc<App>> {
    Router::new()
        .route(
            "/keys",
            get(profiles::keys::list).post(profiles::keys::create),
        )
        .route("/keys/{id}", delete(profiles::keys::revoke))
        .route("/keys/{id}/rotate", post(profiles::keys::rotate))
}

async fn not_found(uri: Uri) -> axum::response::Response {
    Refused::not_found().into_answer(Shape::of(uri.path()))
}

async fn method_not_allowed(uri: Uri) -> axum::response::Response {
    Refused::method_not_allowed().into_answer(Shape::of(uri.path()))
}

/// The paths whose names are themselves.
const PLAIN: [&str; 16] = [
    "/v1/responses",
    "/v1/responses/compact",
    "/v1/chat/completions",
    "/v1/models",
    "/api/v1/me/status",
    "/api/v1/me/start",
    "/api/v1/me/poll",
    "/api/v1/me/logout",
    "/api/v1/me/refresh",
    "/api/v1/me/models",
    "/api/v1/me/usage",
    "/api/v1/profiles",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
];

/// The names of paths with a profile in them, by what comes after the profile.
const OF_A_PROFILE: [(&str, &str); 9] = [
    ("", "/api/v1/profiles/{profile}"),
    ("/status", "/api/v1/profiles/{profile}/status"),
    ("/start", "/api/v1/profiles/{profile}/start"),
    ("/poll", "/api/v1/profiles/{profile}/poll"),
    ("/logout", "/api/v1/profiles/{profile}/logout"),
    ("/refresh", "/api/v1/profiles/{profile}/refresh"),
    ("/models", "/api/v1/profiles/{profile}/models"),
    ("/usage", "/api/v1/profiles/{profile}/usage"),
    ("/keys", "/api/v1/profiles/{profile}/keys"),
];

/// The name of a path: one of few, with nothing that the caller has chosen.
pub(crate) fn name(path: &str) -> &'static str {
    if let Some(plain) = PLAIN.iter().find(|plain| **plain == path) {
        return plain;
    }
    if path.starts_with("/v1/models/") {
        return "/v1/models/{id}";
    }
    of_a_profile(path).unwrap_or("none")
}

fn of_a_profile(path: &str) -> Option<&'static str> {
    let rest = path.strip_prefix("/api/v1/profiles/")?;
    let after = &rest[rest.find('/').unwrap_or(rest.len())..];
    let plain = OF_A_PROFILE.iter().find(|(known, _)| *known == after);
    if let Some((_, name)) = plain {
        return Some(name);
    }
    let (_, of_key) = after.strip_prefix("/keys/")?.split_at_checked(10)?;
    match of_key {
        "" => Some("/api/v1/profiles/{profile}/keys/{id}"),
        "/rotate" => Some("/api/v1/profiles/{profile}/keys/{id}/rotate"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::name;

    /// Faults: G29
    #[test]
    fn a_path_has_a_name_without_what_the_caller_has_chosen() {
        for (path, expected) in [
            ("/v1/responses", "/v1/responses"),
            ("/v1/models/a/b", "/v1/models/{id}"),
            ("/api/v1/me/status", "/api/v1/me/status"),
            ("/api/v1/profiles/ada", "/api/v1/profiles/{profile}"),
            (
                "/api/v1/profiles/ada/poll",
                "/api/v1/profiles/{profile}/poll",
            ),
            (
                "/api/v1/profiles/ada/keys",
                "/api/v1/profiles/{profile}/keys",
            ),
            (
                "/api/v1/profiles/ada/keys/0123456789/rotate",
                "/api/v1/profiles/{profile}/keys/{id}/rotate",
            ),
            ("/api/v1/profiles/ada/keys/x", "none"),
            ("/api/v1/profiles/ada/x", "none"),
            ("/v1/x", "none"),
            ("/", "none"),
        ] {
            assert_eq!(name(path), expected, "{path}");
        }
    }
}
