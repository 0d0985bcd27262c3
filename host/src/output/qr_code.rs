//! An address as a QR code, for a phone.

use anstyle::{AnsiColor, Color, Style};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

use super::text::{Line, Text};

/// The light modules are blocks, so that the code can be read on a dark terminal too.
const LIGHT_ON_DARK: Style = Style::new()
    .fg_color(Some(Color::Ansi(AnsiColor::BrightWhite)))
    .bg_color(Some(Color::Ansi(AnsiColor::Black)));

/// The address as a QR code with its quiet zone, two rows of modules in one row of text; no
/// lines if the address is too long for one.
pub(crate) fn to_text(address: &str) -> Text {
    let mut text = Text::default();
    if let Ok(code) = QrCode::with_error_correction_level(address, EcLevel::L) {
        let mut image = code.render::<Dense1x2>();
        image
            .dark_color(Dense1x2::Light)
            .light_color(Dense1x2::Dark);
        for row in image.build().lines() {
            text.push(Line::default().then_styled(LIGHT_ON_DARK, row));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use textwrap::core::display_width;

    use super::to_text;

    #[test]
    fn the_address_of_openai_fits_into_forty_columns() {
        let text = to_text("https://auth.openai.com/codex/device").join();
        let widths: Vec<_> = text.lines().map(display_width).collect();
        assert_eq!(widths, [widths[0]; 19]);
        assert!(widths[0] < 40, "{text}");
        // The quiet zone is light.
        assert!(text.starts_with('█'), "{text}");
    }
}
