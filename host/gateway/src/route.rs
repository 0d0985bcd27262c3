//! Finds the endpoint that a request is for, by method, path and query.

use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode, Uri};
use percent_encoding::percent_decode_str;

use crate::error::ErrorAnswer;

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `POST /v1/responses`
    Responses,
    /// `POST /v1/responses/compact`
    Compact,
    /// `POST /v1/chat/completions`
    ChatCompletions,
    /// `GET /v1/models`
    Models {
        /// The version of a Codex CLI, which wants the backend's own list.
        client_version: Option<String>,
    },
    /// `GET /v1/models/{id}`
    Model(String),
}

impl Route {
    /// The endpoint of a request, by its path and its method. The host of the URL is not
    /// looked at.
    pub(crate) fn of(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Self, ErrorAnswer> {
        let (route, allowed) = Self::of_path(uri).ok_or_else(unsupported)?;
        if method == allowed {
            return Ok(route);
        }
        if route == Self::Responses && is_websocket(headers) {
            let status = StatusCode::UPGRADE_REQUIRED;
            let message = "There is no WebSocket here: send POST /v1/responses.";
            return Err(ErrorAnswer::new(status, "websocket_unsupported", message));
        }
        Err(not_allowed(&allowed))
    }

    /// For the log.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Responses => "responses",
            Self::Compact => "compact",
            Self::ChatCompletions => "chat_completions",
            Self::Models { .. } => "models",
            Self::Model(_) => "model",
        }
    }

    fn of_path(uri: &Uri) -> Option<(Self, Method)> {
        let path = uri.path().strip_prefix("/v1/")?;
        Some(match path {
            "responses" => (Self::Responses, Method::POST),
            "responses/compact" => (Self::Compact, Method::POST),
            "chat/completions" => (Self::ChatCompletions, Method::POST),
            "models" => {
                let client_version = client_version(uri.query());
                (Self::Models { client_version }, Method::GET)
            }
            _ => (Self::Model(model(path)?), Method::GET),
        })
    }
}

/// The id of `models/{id}`, decoded once. It may have a slash.
fn model(path: &str) -> Option<String> {
    let id = path.strip_prefix("models/")?;
    let id = percent_decode_str(id).decode_utf8().ok()?;
    (!id.is_empty()).then(|| id.into_owned())
}

fn client_version(query: Option<&str>) -> Option<String> {
    let mut pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    let (_, version) = pairs.find(|(name, _)| *name == "client_version")?;
    Some(version.to_owned())
}

fn is_websocket(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE).map(HeaderValue::as_bytes);
    upgrade.is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"))
}

fn unsupported() -> ErrorAnswer {
    let message = "There is no such endpoint here: there are /v1/responses, /v1/responses/compact, /v1/chat/completions and /v1/models.";
    ErrorAnswer::new(StatusCode::NOT_FOUND, "unsupported_endpoint", message)
}

fn not_allowed(allowed: &Method) -> ErrorAnswer {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let message = format!("This endpoint takes {allowed} only.");
    let mut answer = ErrorAnswer::new(status, "method_not_allowed", message);
    if let Ok(allowed) = HeaderValue::from_str(allowed.as_str()) {
        answer.headers.insert(header::ALLOW, allowed);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: &str, uri: &str) -> Result<Route, u16> {
        let (method, uri) = (method.parse().unwrap(), uri.parse().unwrap());
        Route::of(&method, &uri, &HeaderMap::new()).map_err(|error| error.status.as_u16())
    }

    #[test]
    fn each_endpoint_has_one_path_and_one_method() {
        let models = |version: Option<&str>| {
            Ok(Route::Models {
                client_version: version.map(str::to_owned),
            })
        };
        assert_eq!(route("POST", "/v1/responses"), Ok(Route::Responses));
        assert_eq!(route("POST", "/v1/responses/compact"), Ok(Route::Compact));
        assert_eq!(
            route("POST", "https://openai-codex.invalid/v1/responses?x"),
            Ok(Route::Responses)
        );
        assert_eq!(
            route("POST", "/v1/chat/completions"),
            Ok(Route::ChatCompletions)
        );
        assert_eq!(route("GET", "/v1/models"), models(None));
        assert_eq!(
            route("GET", "/v1/models?client_version=0.1.0"),
            models(Some("0.1.0"))
        );
        for id in ["a/b", "a%2Fb", "a%2fb"] {
            assert_eq!(
                route("GET", &format!("/v1/models/{id}")),
                Ok(Route::Model("a/b".into()))
            );
        }
        for (method, path) in [
            ("GET", "/v1/responses"),
            ("OPTIONS", "/v1/responses"),
            ("GET", "/v1/chat/completions"),
            ("HEAD", "/v1/models"),
            ("POST", "/v1/models/a"),
        ] {
            assert_eq!(route(method, path), Err(405), "{method} {path}");
        }
    }

    /// Faults: G13
    #[test]
    fn a_path_that_only_means_the_same_is_no_endpoint() {
        for path in [
            "/",
            "/v1",
            "/v1/",
            "//v1/responses",
            "/v1//responses",
            "/v1/responses/",
            "/v1/./responses",
            "/v1/x/../responses",
            "/v1/%72esponses",
            "/v1/%2e%2e/v1/responses",
            "/v1/responses;x",
            "/V1/responses",
            "/v1/responses/resp_1",
            "/v1/chat",
            "/v1/chat/completions/",
            "/v1/chat/completions/chatcmpl-1",
            "/v1/chat%2Fcompletions",
            "/v1/completions",
            "/v1/images/generations",
            "/v1/models/",
            "/v1/models/%ff",
        ] {
            assert_eq!(route("POST", path), Err(404), "{path}");
        }
    }

    #[test]
    fn a_websocket_is_answered_so_that_codex_uses_http() {
        let headers =
            HeaderMap::from_iter([(header::UPGRADE, HeaderValue::from_static("websocket"))]);
        let uri = "/v1/responses".parse().unwrap();
        let refused = Route::of(&Method::GET, &uri, &headers).unwrap_err();
        assert_eq!(refused.status, StatusCode::UPGRADE_REQUIRED);
    }
}
