//! The body of a request to the management API.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use chatgpt_oauth_answers::RefusalCode;
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::answer::Body;
use crate::app::App;
use crate::refused::Refused;

/// The largest body, in bytes.
const LARGEST: usize = 64 << 10;

/// The body of a call without fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// A body as JSON; none at all is an empty object.
pub(crate) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Json<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refused> {
        let body = collect(request.into_body(), app).await?;
        let text: &[u8] = match body.is_empty() {
            true => b"{}",
            false => &body,
        };
        // A list of values would be taken for the fields in their order.
        if !text.trim_ascii_start().starts_with(b"{") {
            return Err(Refused::invalid(
                "the body is no JSON object",
                "send an object",
            ));
        }
        serde_json::from_slice(text).map(Self).map_err(unreadable)
    }
}

/// The whole body of a request.
pub(crate) async fn collect(body: Body, app: &App) -> Result<Bytes, Refused> {
    if body.size_hint().lower() > LARGEST as u64 {
        return Err(too_large());
    }
    let body = Limited::new(body, LARGEST).collect();
    let body = timeout(app.times.body, body)
        .await
        .map_err(|_| too_late())?;
    let body = body.map_err(|error| match error.is::<LengthLimitError>() {
        true => too_large(),
        false => Refused::invalid("the body ended early", "send it whole"),
    })?;
    Ok(body.to_bytes())
}

fn too_late() -> Refused {
    let error = "the body did not come in time";
    Refused::new(RefusalCode::RequestTimeout, error, "send it again")
}

fn too_large() -> Refused {
    let error = "the body is larger than 64 KiB";
    Refused::new(
        RefusalCode::RequestTooLarge,
        error,
        "send the fields of the call alone",
    )
}

/// Says where and not what: the text may hold a secret.
fn unreadable(error: serde_json::Error) -> Refused {
    let (line, column) = (error.line(), error.column());
    let error = match error.classify() {
        serde_json::error::Category::Data => "the body has not the fields of this call",
        _ => "the body is no JSON",
    };
    let hint = format!("correct it at line {line}, column {column}; /openapi.json has the fields");
    Refused::invalid(error, hint)
}
