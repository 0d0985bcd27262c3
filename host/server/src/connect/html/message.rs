//! Pages that say one thing, and perhaps offer one button.

use chatgpt_oauth::{Error, answers};
use maud::{Markup, html};

use super::{Page, button, form};
use crate::connect::session::DISCONNECTED;
use crate::connect::stop::Stop;
use crate::connect::texts::{Texts, with};

/// The link is bound, and no code is shown yet.
pub(super) fn idle(texts: &Texts) -> Page {
    Page::new(
        texts.idle_title,
        html! { p { (texts.idle_what) } (new_code(texts)) },
    )
}

/// The login has ended.
pub(super) fn ended(texts: &Texts, outcome: &str) -> Page {
    let [title, what] = match outcome {
        DISCONNECTED => texts.disconnected,
        "login-denied" => texts.denied,
        "login-expired" => texts.expired_code,
        "login-superseded" => texts.replaced,
        "login-exchange-failed" => texts.exchange_failed,
        _ => return signed_out(texts),
    };
    Page::new(title, html! { p { (what) } (new_code(texts)) })
}

/// The person was signed in.
pub(super) fn signed_out(texts: &Texts) -> Page {
    let [title, what] = texts.signed_out;
    Page::new(title, html! { p { (what) } (new_code(texts)) })
}

fn new_code(texts: &Texts) -> Markup {
    form(button("new-code", Some("primary"), texts.new_code))
}

/// Leads to the page of the link.
pub(super) fn reload(texts: &Texts, path: &str) -> Page {
    let [title, go_on] = texts.reload;
    Page {
        leads_to: Some(path.to_owned()),
        ..Page::new(title, html! { p { a href=(path) { (go_on) } } })
    }
}

/// Why the page is not shown.
pub(super) fn stopped(texts: &Texts, stop: &Stop, back: Option<&str>) -> Page {
    let [title, what] = match stop {
        Stop::Unknown => texts.unknown,
        Stop::Expired => texts.expired,
        Stop::Over => texts.over,
        Stop::Foreign => texts.foreign,
        Stop::Used => texts.used_link,
        Stop::NoCookie => texts.no_cookie,
        Stop::OtherSite => texts.other_site,
        Stop::Refused(_) => texts.unreadable,
        Stop::UnderWay => return under_way(texts),
        Stop::TooMany(seconds) => return too_many(texts, *seconds, back),
        Stop::Failed(error) => return failed(texts, error, back),
    };
    Page::new(title, html! { p { (what) } })
}

fn under_way(texts: &Texts) -> Page {
    let [title, what] = texts.under_way;
    let main = html! {
        p { (what) }
        (form(html! {
            (button("new-code", Some("primary"), texts.back))
            (button("replace", None, texts.replace))
        }))
        p.muted { (texts.replace_what) }
    };
    Page::new(title, main)
}

fn too_many(texts: &Texts, seconds: u32, back: Option<&str>) -> Page {
    let [title, what] = texts.too_many;
    let what = with(what, &texts.span(seconds.into()));
    Page::new(title, html! { p { (what) } (try_again(texts, back)) })
}

fn failed(texts: &Texts, error: &Error, back: Option<&str>) -> Page {
    let code = answers::ErrorCode::from(error.code).name();
    let main = html! {
        p { (texts.of_error(error.code)) }
        p.muted { (texts.failed_code) ": " code { (code) } }
        (try_again(texts, back))
    };
    Page::new(texts.failed, main)
}

fn try_again(texts: &Texts, back: Option<&str>) -> Markup {
    html! {
        @if let Some(path) = back { p { a.button.primary href=(path) { (texts.back) } } }
    }
}
