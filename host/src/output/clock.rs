//! [`Clock`]: times as the person's clock shows them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustix::time::{ClockId, clock_gettime};

use super::format;

/// A clock that is never set, and that goes on while the machine is suspended.
#[cfg(target_os = "linux")]
const STEADY: ClockId = ClockId::Boottime;
/// The same: that of macOS goes on, too.
#[cfg(not(target_os = "linux"))]
const STEADY: ClockId = ClockId::Monotonic;

/// The time, and the person's time zone.
pub(crate) struct Clock {
    now: u64,
    zone: TimeZone,
}

impl Clock {
    /// This machine's clock, in its time zone (`TZ`, or what the system is set to).
    pub(crate) fn system() -> Self {
        Self {
            now: now(),
            zone: TimeZone::system(),
        }
    }

    /// A time in Unix seconds as local clock time: `14:30` today, `Fri 14:30` within six
    /// days, else `5 Dec 2026 14:30`.
    pub(crate) fn at(&self, time: u64) -> String {
        let local = |time: u64| {
            let time = Timestamp::from_second(i64::try_from(time).ok()?).ok()?;
            Some(time.to_zoned_datetime(self.zone.clone()))
        };
        let (Some(now), Some(time)) = (local(self.now), local(time)) else {
            return "an unknown time".to_owned();
        };
        let days = (time.date() - now.date()).get_days();
        let format = match days {
            0 => "%H:%M",
            1..=6 => "%a %H:%M",
            _ => "%-d %b %Y %H:%M",
        };
        time.strftime(format).to_string()
    }

    /// A time so many seconds from now: `14:30`.
    pub(crate) fn after(&self, seconds: u64) -> String {
        self.at(self.now.saturating_add(seconds))
    }

    /// The same with the time span: `14:30, in 2 h 05 min`.
    pub(crate) fn after_with_span(&self, seconds: u64) -> String {
        format!("{}, in {}", self.after(seconds), format::span(seconds))
    }

    /// A time in Unix seconds with the time span until then.
    pub(crate) fn at_with_span(&self, time: u64) -> String {
        self.after_with_span(time.saturating_sub(self.now))
    }
}

/// This machine's time, in Unix seconds.
pub(crate) fn now() -> u64 {
    #[cfg(feature = "test-clock")]
    if let Some(time) = of_test() {
        return time;
    }
    u64::try_from(Timestamp::now().as_second()).unwrap_or_default()
}

/// The seconds of a clock that is never set, and that goes on while the machine is suspended.
pub(crate) fn steady() -> u64 {
    #[cfg(feature = "test-clock")]
    if let Some(seconds) = clocks_of_test().and_then(|clocks| clocks.last().copied()) {
        return seconds;
    }
    u64::try_from(clock_gettime(STEADY).tv_sec).unwrap_or_default()
}

/// The time that a test has set, in Unix seconds.
#[cfg(feature = "test-clock")]
pub(crate) fn of_test() -> Option<u64> {
    clocks_of_test()?.first().copied()
}

/// The time that a test has set and, if it was stepped, the seconds of the steady clock.
#[cfg(feature = "test-clock")]
fn clocks_of_test() -> Option<Vec<u64>> {
    let file = std::env::var_os("CHATGPT_OAUTH_TEST_CLOCK")?;
    let clocks = std::fs::read_to_string(file).ok()?;
    let clocks = clocks.split_whitespace();
    clocks.map(|seconds| seconds.parse().ok()).collect()
}

#[cfg(test)]
impl Clock {
    /// Friday, 15 January 2027, 09:00 in Berlin.
    pub(crate) fn of_tests() -> Self {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let now = 1_800_000_000;
        Self { now, zone }
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;

    #[test]
    fn a_time_names_its_day_unless_that_is_today() {
        let times = [
            (1_800_019_800, "14:30"),
            (1_800_054_000, "Sat 00:00"),
            (1_800_489_600, "Thu 01:00"),
            (1_800_864_000, "25 Jan 2027 09:00"),
            (1_799_900_000, "14 Jan 2027 05:13"),
            (u64::MAX, "an unknown time"),
        ];
        for (time, words) in times {
            assert_eq!(Clock::of_tests().at(time), words);
        }
    }

    #[test]
    fn a_reset_is_a_clock_time_and_a_time_span() {
        let reset = Clock::of_tests().after_with_span(7500);
        assert_eq!(reset, "11:05, in 2 h 05 min");
    }
}
