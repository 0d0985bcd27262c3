//! An address as a QR code, for a phone.

use anstyle::{AnsiColor, Color, Style};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

use super::Screen;
use super::text::{Line, Text};

/// The light modules are blocks, so that the code can be read on a dark terminal too.
const LIGHT_ON_DARK: Style = Style::new()
    .fg_color(Some(Color::Ansi(AnsiColor::BrightWhite)))
    .bg_color(Some(Color::Ansi(AnsiColor::Black)));

/// The address as a QR code with its quiet zone, two rows of modules in one row of text.
///
/// # Errors
///
/// Why the screen cannot show it, in words.
pub(crate) fn to_text(address: &str, screen: Option<Screen>) -> Result<Text, &'static str> {
    let screen = screen.ok_or("a QR code needs a terminal on which it can be drawn")?;
    if !screen.has_colors {
        // A terminal's own colors can be dark on light or light on dark, and not every phone
        // reads a code whose dark modules are light.
        return Err("a QR code needs colors, and they are switched off");
    }
    let code = QrCode::with_error_correction_level(address, EcLevel::L);
    let code = code.map_err(|_| "the address is too long for a QR code")?;
    let mut image = code.render::<Dense1x2>();
    image
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark);
    let mut text = Text::default();
    for row in image.build().lines() {
        text.push(Line::default().then_styled(LIGHT_ON_DARK, row));
    }
    match text.width() <= screen.columns {
        true => Ok(text),
        false => Err("the terminal is too narrow for a QR code"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "https://auth.openai.com/codex/device";

    fn screen(columns: usize) -> Screen {
        Screen {
            columns,
            rows: 60,
            has_colors: true,
        }
    }

    #[test]
    fn the_address_of_openai_fits_into_forty_columns() {
        let text = to_text(ADDRESS, Some(screen(39))).unwrap();
        assert_eq!((text.width(), text.rows(39)), (37, 19));
        // The quiet zone is light.
        assert!(text.join().starts_with('█'), "{}", text.join());
    }

    #[test]
    fn a_screen_that_cannot_show_a_code_says_why() {
        let without_colors = Screen {
            has_colors: false,
            ..screen(39)
        };
        let screens = [
            (None, "terminal"),
            (Some(without_colors), "colors"),
            (Some(screen(36)), "narrow"),
        ];
        for (screen, why) in screens {
            let said = to_text(ADDRESS, screen).err().unwrap();
            assert!(said.contains(why), "{said}");
        }
    }
}
