//! What the page says, and in which language. `{}` is where a value stands.

mod translations;

use chatgpt_oauth::ErrorCode;
use http::header::{self, HeaderMap};

use translations::{ENGLISH, GERMAN};

/// What the page says in one language.
pub(super) struct Texts {
    pub(super) language: &'static str,
    pub(super) not_openai: &'static str,

    pub(super) ask_title: &'static str,
    pub(super) who_asks: &'static str,
    pub(super) profile: &'static str,
    pub(super) server: &'static str,
    pub(super) ask_what: &'static str,
    pub(super) ask_warning: &'static str,
    pub(super) ask_browser: &'static str,
    pub(super) continue_button: &'static str,

    pub(super) code_title: &'static str,
    pub(super) code_label: &'static str,
    pub(super) copy: &'static str,
    pub(super) copied: &'static str,
    pub(super) code_steps: [&'static str; 3],
    pub(super) open_openai: &'static str,
    pub(super) new_tab: &'static str,
    pub(super) time_left: &'static str,
    pub(super) waiting: &'static str,
    pub(super) check: &'static str,
    pub(super) phone: &'static str,
    pub(super) phone_what: &'static str,
    pub(super) qr_label: &'static str,
    pub(super) refused_code: &'static str,
    pub(super) refused_code_what: &'static str,
    pub(super) codex_named: &'static str,

    pub(super) account_title: &'static str,
    pub(super) account: &'static str,
    pub(super) account_unknown: &'static str,
    pub(super) plan: &'static str,
    pub(super) usage: &'static str,
    pub(super) used: &'static str,
    pub(super) usage_unknown: &'static str,
    pub(super) resets_in: &'static str,
    pub(super) hours_window: &'static str,
    pub(super) days_window: &'static str,
    pub(super) models: &'static str,
    pub(super) close_page: &'static str,
    pub(super) not_my_account: &'static str,
    pub(super) not_my_account_what: &'static str,
    pub(super) disconnect: &'static str,

    pub(super) idle_title: &'static str,
    pub(super) idle_what: &'static str,
    pub(super) new_code: &'static str,
    pub(super) denied: [&'static str; 2],
    pub(super) expired_code: [&'static str; 2],
    pub(super) replaced: [&'static str; 2],
    pub(super) exchange_failed: [&'static str; 2],
    pub(super) signed_out: [&'static str; 2],
    pub(super) disconnected: [&'static str; 2],

    pub(super) unknown: [&'static str; 2],
    pub(super) expired: [&'static str; 2],
    pub(super) over: [&'static str; 2],
    pub(super) foreign: [&'static str; 2],
    pub(super) used_link: [&'static str; 2],
    pub(super) no_cookie: [&'static str; 2],
    pub(super) other_site: [&'static str; 2],
    pub(super) unreadable: [&'static str; 2],
    pub(super) under_way: [&'static str; 2],
    pub(super) replace: &'static str,
    pub(super) replace_what: &'static str,
    pub(super) too_many: [&'static str; 2],
    pub(super) failed: &'static str,
    pub(super) failed_code: &'static str,
    pub(super) back: &'static str,
    pub(super) reload: [&'static str; 2],

    network: &'static str,
    not_enabled: &'static str,
    region: &'static str,
    of_server: &'static str,

    day: &'static str,
    days: &'static str,
    hours: &'static str,
    minutes: &'static str,
}

impl Texts {
    /// Why a call failed, and what helps.
    pub(super) const fn of_error(&self, code: ErrorCode) -> &'static str {
        match code {
            ErrorCode::Network
            | ErrorCode::UpstreamError
            | ErrorCode::UpstreamBlocked
            | ErrorCode::RateLimited
            | ErrorCode::UnexpectedAnswer => self.network,
            ErrorCode::CodexNotEnabled => self.not_enabled,
            ErrorCode::RegionUnsupported => self.region,
            _ => self.of_server,
        }
    }

    /// A time span in its two largest units.
    pub(super) fn span(&self, seconds: u64) -> String {
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        let unit = |number: u64, name: &str| format!("{number} {name}");
        let (h, min) = (unit(hours, self.hours), unit(minutes, self.minutes));
        match (days, hours) {
            (0, 0) => unit(minutes.max(1), self.minutes),
            (0, _) => format!("{h} {min}"),
            (1, _) => format!("{} {h}", unit(1, self.day)),
            _ => format!("{} {h}", unit(days, self.days)),
        }
    }

    /// The name of a window of the usage.
    pub(super) fn window(&self, seconds: Option<u64>, name: &str) -> String {
        match seconds.map(|seconds| (seconds / 86_400, seconds / 3600, seconds % 3600)) {
            Some((days @ 2.., _, 0)) => with(self.days_window, &days.to_string()),
            Some((_, hours @ 2.., 0)) => with(self.hours_window, &hours.to_string()),
            _ => name.to_owned(),
        }
    }
}

/// A text with a value in it.
pub(super) fn with(text: &str, value: &str) -> String {
    text.replacen("{}", value, 1)
}

/// The texts in the language that a browser prefers: English, if it names neither.
pub(super) fn of(headers: &HeaderMap) -> &'static Texts {
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    let ranges = accepted.unwrap_or_default().split(',').map(range);
    let known = ranges.filter_map(|(language, quality)| Some((known(language)?, quality)));
    // Of equal ones the first counts.
    let best = known.reduce(|best, next| if next.1 > best.1 { next } else { best });
    match best {
        Some((texts, quality)) if quality > 0.0 => texts,
        _ => &ENGLISH,
    }
}

/// A language range and its quality, by RFC 9110, section 12.5.4.
fn range(text: &str) -> (&str, f32) {
    let (language, parameter) = text.split_once(';').unwrap_or((text, ""));
    let quality = parameter.trim().strip_prefix("q=");
    let quality = quality.and_then(|quality| quality.parse().ok());
    (language.trim(), quality.unwrap_or(1.0))
}

fn known(language: &str) -> Option<&'static Texts> {
    let primary = language.split('-').next().unwrap_or_default();
    [&ENGLISH, &GERMAN]
        .into_iter()
        .find(|texts| texts.language.eq_ignore_ascii_case(primary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_the_language_that_it_prefers() {
        for (accepted, expected) in [
            ("", "en"),
            ("de", "de"),
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("en-GB, de;q=0.9", "en"),
            ("fr, DE;q=0.5, en;q=0.4", "de"),
            ("fr-FR", "en"),
            ("de;q=0", "en"),
            ("de;q=x", "de"),
        ] {
            let headers = [(header::ACCEPT_LANGUAGE, accepted.parse().unwrap())];
            let texts = of(&headers.into_iter().collect());
            assert_eq!(texts.language, expected, "{accepted:?}");
        }
    }

    #[test]
    fn a_time_span_has_its_two_largest_units() {
        for (seconds, english, german) in [
            (0, "1 min", "1 Min."),
            (7500, "2 h 5 min", "2 Std. 5 Min."),
            (90_000, "1 day 1 h", "1 Tag 1 Std."),
            (259_200, "3 days 0 h", "3 Tagen 0 Std."),
        ] {
            assert_eq!(ENGLISH.span(seconds), english);
            assert_eq!(GERMAN.span(seconds), german);
        }
        assert_eq!(GERMAN.window(Some(18_000), "5 hours"), "5 Stunden");
        assert_eq!(GERMAN.window(Some(604_800), "weekly"), "7 Tage");
        assert_eq!(GERMAN.window(None, "spend limit"), "spend limit");
    }
}
