//! The prompt of a login: where a person goes, and what to enter there.

use chatgpt_oauth::answers::connection::Start;

use super::text::{Line, STRONG, Text};
use super::{block_letters, format};

/// From this width on, the code also stands in large letters. The last column stays free.
const LARGE_FROM: usize = 59;

/// The prompt as text. The code comes last, so that a small screen, and one that becomes
/// smaller, shows it.
pub(crate) fn to_text(prompt: &Start, canvas: Option<usize>) -> Text {
    let pending = &prompt.pending;
    let left = format::countdown(pending.expires_in_seconds);
    let code = &pending.user_code;
    let mut text = Text::from(prompt.instructions.clone());
    text.paragraph(labelled("Address:", &pending.verification_url));
    let columns = canvas.filter(|columns| *columns >= LARGE_FROM);
    if let Some(rows) = columns.and_then(|columns| block_letters::rows(code, columns)) {
        let mut large = Text::default();
        large.extend(rows.iter().map(|row| Line::default().then(row)));
        text.paragraph(large);
    }
    text.paragraph(labelled(&format!("Code (expires in {left}):"), code));
    text
}

/// A label, and below it the value, so that a double click selects the value alone.
fn labelled(label: &str, value: &str) -> Text {
    let mut text = Text::default();
    text.push(Line::new(label));
    text.push(Line::default().then("  ").then_styled(STRONG, value));
    text
}

#[cfg(test)]
mod tests {
    use chatgpt_oauth::answers::True;
    use chatgpt_oauth::answers::connection::{LoginStatus, PendingLogin};

    use super::*;

    fn prompt() -> Start {
        Start {
            ok: True,
            status: LoginStatus::Pending,
            pending: PendingLogin {
                pending_id: "740f8415bc60c0a9fa29b69875184413".to_owned(),
                user_code: "ABCD-12345".to_owned(),
                verification_url: "https://auth.openai.com/codex/device".to_owned(),
                interval_seconds: 5,
                expires_in_seconds: 900,
                expires_at: 1_800_000_900,
            },
            instructions: "Open the page.".to_owned(),
            replaced_user_code: None,
        }
    }

    #[test]
    fn address_and_code_stand_on_lines_of_their_own() {
        let lines = "Open the page.\n\n\
            Address:\n  https://auth.openai.com/codex/device\n\n\
            Code (expires in 15:00):\n  ABCD-12345";
        for canvas in [None, Some(19), Some(39), Some(58)] {
            assert_eq!(to_text(&prompt(), canvas).join(), lines);
        }
    }

    #[test]
    fn a_terminal_of_sixty_columns_shows_the_code_in_large_letters_too() {
        for columns in [59, 79] {
            let shown = to_text(&prompt(), Some(columns)).join();
            let end = "\n\nCode (expires in 15:00):\n  ABCD-12345";
            assert!(shown.ends_with(end), "{shown}");
            assert_eq!(shown.lines().filter(|row| row.contains('█')).count(), 5);
        }
    }
}
