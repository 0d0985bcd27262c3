//! The files of the page: one style sheet, one script and one picture.

use http::header::{self, HeaderValue};

use crate::answer::{Answer, Body};

/// Where the files are.
pub(super) const STYLE: &str = "/connect/style.css";
pub(super) const SCRIPT: &str = "/connect/script.js";
pub(super) const ICON: &str = "/connect/icon.svg";

/// The file at a path.
pub(super) fn at(path: &str) -> Option<Answer> {
    let (media_type, content) = match path {
        STYLE => ("text/css; charset=utf-8", include_str!("style.css")),
        SCRIPT => ("text/javascript; charset=utf-8", include_str!("script.js")),
        ICON => ("image/svg+xml", include_str!("icon.svg")),
        _ => return None,
    };
    let mut answer = Answer::new(Body::from(content));
    let media_type = HeaderValue::from_static(media_type);
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    Some(answer)
}
