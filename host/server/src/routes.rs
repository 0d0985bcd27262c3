//! Which handler answers which path, which methods the path takes, and what it is called in
//! logs and metrics. Model calls have no handler here: the front passes them to the gateway.

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post};
use http::{Method, Uri};

use crate::app::App;
use crate::refused::{Refused, Shape};
use crate::server::Side;
use crate::{mcp, metrics, openapi, profiles};

/// The routes of a listener, for requests that have a key of this listener.
pub(crate) fn of(side: Side, app: Arc<App>) -> Router {
    let routes = match side {
        Side::Public => public(),
        Side::Admin => admin(),
    };
    routes.fallback(not_found).with_state(app)
}

fn public() -> Router<Arc<App>> {
    Router::new()
        .nest("/api/v1/me", functions())
        .route(MCP, post(mcp::answer))
}

fn admin() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/profiles", get(profiles::list))
        .route("/api/v1/profiles/{profile}", delete(profiles::remove))
        .nest("/api/v1/profiles/{profile}", functions().merge(keys()))
        .route("/metrics", get(metrics::show))
        .route("/openapi.json", get(openapi::show))
}

/// The seven functions of one profile, and links to sign it in.
fn functions() -> Router<Arc<App>> {
    Router::new()
        .route("/status", get(profiles::status))
        .route("/start", post(profiles::start))
        .route("/poll", post(profiles::poll))
        .route("/logout", post(profiles::logout))
        .route("/refresh", post(profiles::refresh))
        .route("/models", get(profiles::models))
        .route("/usage", get(profiles::usage))
        .route("/links", post(profiles::links::create))
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

/// A path as logs, metrics and refusals know it.
pub(crate) struct Route {
    /// One of few, with nothing that the caller has chosen.
    pub(crate) name: &'static str,
    /// The methods that it takes.
    pub(crate) methods: &'static [Method],
}

/// The path of the tools.
pub(crate) const MCP: &str = "/mcp";

const fn route(name: &'static str, methods: &'static [Method]) -> Route {
    Route { name, methods }
}

const GET: &[Method] = &[Method::GET, Method::HEAD];
const POST: &[Method] = &[Method::POST];
const DELETE: &[Method] = &[Method::DELETE];
const GET_AND_POST: &[Method] = &[Method::GET, Method::HEAD, Method::POST];

/// Any other path. The gateway refuses methods of paths below `/v1` itself.
const OTHER: Route = route("none", GET_AND_POST);

/// The paths whose names are themselves.
const PLAIN: [Route; 21] = [
    route("/v1/responses", GET_AND_POST),
    route("/v1/responses/compact", GET_AND_POST),
    route("/v1/chat/completions", GET_AND_POST),
    route("/v1/models", GET_AND_POST),
    route("/api/v1/me/status", GET),
    route("/api/v1/me/start", POST),
    route("/api/v1/me/poll", POST),
    route("/api/v1/me/logout", POST),
    route("/api/v1/me/refresh", POST),
    route("/api/v1/me/models", GET),
    route("/api/v1/me/usage", GET),
    route("/api/v1/me/links", POST),
    route(MCP, POST),
    route("/api/v1/profiles", GET),
    route("/healthz", GET),
    route("/readyz", GET),
    route("/metrics", GET),
    route("/openapi.json", GET),
    route("/connect/style.css", GET),
    route("/connect/script.js", GET),
    route("/connect/icon.svg", GET),
];

/// The page of a link. The link itself is a secret.
const LINK: Route = route("/connect/{link}", GET_AND_POST);
const EVENTS: Route = route("/connect/{link}/events", GET);

const MODEL: Route = route("/v1/models/{id}", GET_AND_POST);

/// The paths with a profile in them.
const OF_A_PROFILE: [Route; 10] = [
    route("/api/v1/profiles/{profile}", DELETE),
    route("/api/v1/profiles/{profile}/status", GET),
    route("/api/v1/profiles/{profile}/start", POST),
    route("/api/v1/profiles/{profile}/poll", POST),
    route("/api/v1/profiles/{profile}/logout", POST),
    route("/api/v1/profiles/{profile}/refresh", POST),
    route("/api/v1/profiles/{profile}/models", GET),
    route("/api/v1/profiles/{profile}/usage", GET),
    route("/api/v1/profiles/{profile}/keys", GET_AND_POST),
    route("/api/v1/profiles/{profile}/links", POST),
];

const KEY: Route = route("/api/v1/profiles/{profile}/keys/{id}", DELETE);
const ROTATE: Route = route("/api/v1/profiles/{profile}/keys/{id}/rotate", POST);

/// What is at a path.
pub(crate) fn at(path: &str) -> &'static Route {
    if let Some(plain) = PLAIN.iter().find(|plain| plain.name == path) {
        return plain;
    }
    if path.starts_with("/v1/models/") {
        return &MODEL;
    }
    of_a_link(path)
        .or_else(|| of_a_profile(path))
        .unwrap_or(&OTHER)
}

fn of_a_link(path: &str) -> Option<&'static Route> {
    match path.strip_prefix("/connect/")?.split_once('/') {
        None => Some(&LINK),
        Some((_, "events")) => Some(&EVENTS),
        Some(_) => None,
    }
}

fn of_a_profile(path: &str) -> Option<&'static Route> {
    let rest = path.strip_prefix("/api/v1/profiles/")?;
    let after = &rest[rest.find('/').unwrap_or(rest.len())..];
    let plain = OF_A_PROFILE.iter().find(|known| {
        let of_known = known.name.strip_prefix("/api/v1/profiles/{profile}");
        of_known == Some(after)
    });
    plain.or_else(|| match after.strip_prefix("/keys/")?.split_once('/') {
        None => Some(&KEY),
        Some((_, "rotate")) => Some(&ROTATE),
        Some(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::at;

    /// Faults: G29
    #[test]
    fn a_path_has_a_name_without_what_the_caller_has_chosen() {
        for (path, expected) in [
            ("/v1/responses", "/v1/responses"),
            ("/v1/models/a/b", "/v1/models/{id}"),
            ("/api/v1/me/status", "/api/v1/me/status"),
            ("/mcp", "/mcp"),
            ("/mcp/x", "none"),
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
            (
                "/api/v1/profiles/ada/keys/x",
                "/api/v1/profiles/{profile}/keys/{id}",
            ),
            ("/api/v1/profiles/ada/keys/x/y", "none"),
            ("/api/v1/profiles/ada/x", "none"),
            ("/connect/0123456789abcdefghijkl", "/connect/{link}"),
            (
                "/connect/0123456789abcdefghijkl/events",
                "/connect/{link}/events",
            ),
            ("/connect/style.css", "/connect/style.css"),
            ("/connect/0123456789abcdefghijkl/x", "none"),
            ("/v1/x", "none"),
            ("/", "none"),
        ] {
            assert_eq!(at(path).name, expected, "{path}");
        }
    }
}
