//! The page that asks whether the person goes on.

use chatgpt_oauth::links::LinkRecord;
use maud::html;

use super::{Page, button, form};
use crate::connect::texts::Texts;

pub(super) fn page(texts: &Texts, record: &LinkRecord, host: &str) -> Page {
    let main = html! {
        dl {
            dt { (texts.who_asks) }
            dd { bdi { (record.asks.as_str()) } }
            dt { (texts.profile) }
            dd { (record.profile.as_str()) }
            dt { (texts.server) }
            dd { (host) }
        }
        p { (texts.ask_what) }
        p.notice { (texts.ask_warning) }
        (form(button("continue", Some("primary"), texts.continue_button)))
        p.muted { (texts.ask_browser) " " (texts.codex_named) }
    };
    Page::new(texts.ask_title, main)
}
