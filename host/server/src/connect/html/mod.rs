//! What the browser gets: pages without a script or a style of their own.

mod account;
mod ask;
mod code;
mod message;

use chatgpt_oauth::links::LinkRecord;
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use maud::{DOCTYPE, Markup, html};

use super::assets::{ICON, SCRIPT, STYLE};
use super::session::State;
use super::stop::Stop;
use super::texts::Texts;
use crate::answer::{Answer, Body, Code};

/// Nothing is loaded, sent or shown elsewhere, and no script or style is part of a page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page, before it is an answer.
struct Page {
    status: StatusCode,
    title: String,
    /// Where the page leads at once.
    leads_to: Option<String>,
    main: Markup,
}

impl Page {
    fn new(title: &str, main: Markup) -> Self {
        Self {
            status: StatusCode::OK,
            title: title.to_owned(),
            leads_to: None,
            main,
        }
    }

    fn into_answer(self, texts: &Texts) -> Answer {
        let page = html! {
            (DOCTYPE)
            html lang=(texts.language) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    @if let Some(path) = &self.leads_to {
                        meta http-equiv="refresh" content=(format!("0; url={path}"));
                    }
                    title { (self.title) }
                    link rel="icon" href=(ICON) type="image/svg+xml";
                    link rel="stylesheet" href=(STYLE);
                    script src=(SCRIPT) defer {}
                }
                body {
                    main {
                        h1 { (self.title) }
                        (self.main)
                    }
                    footer { p { (texts.not_openai) } }
                }
            }
        };
        let mut answer = Answer::new(Body::from(page.into_string()));
        *answer.status_mut() = self.status;
        let media_type = HeaderValue::from_static("text/html; charset=utf-8");
        answer
            .headers_mut()
            .insert(header::CONTENT_TYPE, media_type);
        answer
    }
}

/// The headers of every answer to a browser: they keep a page to itself.
pub(crate) fn protect(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            header::HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            header::HeaderName::from_static("x-robots-tag"),
            "noindex, nofollow",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Asks whether the person goes on.
pub(super) fn ask(texts: &Texts, record: &LinkRecord, host: &str) -> Answer {
    ask::page(texts, record, host).into_answer(texts)
}

/// The state of the login.
pub(super) fn state(texts: &Texts, record: &LinkRecord, state: &State) -> Answer {
    let page = match state {
        State::Idle => message::idle(texts),
        State::Waiting { pending, .. } => code::page(texts, pending),
        State::Connected(progress) => account::page(texts, record, progress),
        State::Lapsed => message::signed_out(texts),
        State::Ended(outcome) => message::ended(texts, outcome),
    };
    page.into_answer(texts)
}

/// Leads the browser to the page from the page itself.
pub(super) fn reload(texts: &Texts, path: &str) -> Answer {
    message::reload(texts, path).into_answer(texts)
}

/// Why the page is not shown. `back` is where the person tries again.
pub(super) fn stopped(texts: &Texts, stop: &Stop, back: Option<&str>) -> Answer {
    let mut answer = message::stopped(texts, stop, back).into_answer(texts);
    *answer.status_mut() = stop.status();
    if let Some(code) = stop.code() {
        answer.extensions_mut().insert(Code(code));
    }
    answer
}

/// A button that posts.
fn button(action: &str, class: Option<&str>, text: &str) -> Markup {
    html! { button name="action" value=(action) class=[class] { (text) } }
}

/// A form of buttons.
fn form(buttons: Markup) -> Markup {
    html! { form method="post" { (buttons) } }
}
