//! The page with the code, while the login waits.

use chatgpt_oauth::types::PendingLogin;
use maud::{Markup, html};
use qrcode::{Color, QrCode};

use super::{Page, button, form};
use crate::connect::texts::{Texts, with};

/// The margin of a QR code, in modules.
const QUIET: usize = 4;

pub(super) fn page(texts: &Texts, pending: &PendingLogin) -> Page {
    let code = &pending.user_code;
    let address = &pending.verification_url;
    let left = texts.span(pending.expires_in_seconds);
    let main = html! {
        div.code-box {
            div {
                p.muted #code-label { (texts.code_label) }
                p.code aria-describedby="code-label" { (code) }
            }
            button type="button" hidden data-copy=(code) data-copied=(texts.copied) { (texts.copy) }
            span #copied role="status" {}
        }
        ol {
            @for step in texts.code_steps { li { (step) } }
        }
        div.actions {
            a.button.primary href=(address) target="_blank" rel="noopener noreferrer" {
                (texts.open_openai) " " (texts.new_tab)
            }
            (form(button("check", None, texts.check)))
        }
        div.state {
            span.dot aria-hidden="true" {}
            span role="status" data-live { (texts.waiting) }
            span.muted data-seconds=(pending.expires_in_seconds) data-text=(texts.time_left) {
                (with(texts.time_left, &left))
            }
        }
        details {
            summary { (texts.phone) }
            p { (texts.phone_what) }
            p.muted { (address) }
            (qr(address, texts.qr_label))
        }
        details {
            summary { (texts.refused_code) }
            p { (texts.refused_code_what) }
            p { (texts.codex_named) }
        }
    };
    Page::new(texts.code_title, main)
}

/// An address as a QR code: dark on light, whatever the colours of the page are.
fn qr(address: &str, label: &str) -> Markup {
    let Ok(code) = QrCode::new(address) else {
        return Markup::default();
    };
    let width = code.width();
    let dark = code.into_colors().into_iter().enumerate();
    let dark = dark.filter(|(_, color)| *color == Color::Dark);
    let path: String = dark
        .map(|(at, _)| format!("M{} {}h1v1h-1z", at % width + QUIET, at / width + QUIET))
        .collect();
    let side = width + 2 * QUIET;
    html! {
        svg.qr role="img" aria-label=(label) viewBox=(format!("0 0 {side} {side}")) shape-rendering="crispEdges" {
            rect width=(side) height=(side) fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_a_code_with_its_margin() {
        let svg = qr("https://auth.openai.com/codex/device", "label").into_string();
        // Version 3 has 29 modules, and a finder pattern in the corner.
        assert!(svg.contains(r#"viewBox="0 0 37 37""#), "{svg}");
        assert!(
            svg.contains("M4 4h1v1h-1z") && !svg.contains("M3 "),
            "{svg}"
        );
    }
}
