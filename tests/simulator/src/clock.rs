//! The simulator's clock: the system's or a driver's time, plus an offset that tests advance.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Every time in this crate is in Unix seconds and is read here, so that one `advance` moves every expiry at once.
pub(crate) struct Clock {
    source: Source,
    /// Seconds added to the source.
    offset: AtomicI64,
    /// Seconds added to the `Date` header only: a server whose clock is wrong.
    date_skew: AtomicI64,
}

enum Source {
    System,
    /// A file with Unix seconds as text, and the last value that was readable, for the time while a driver rewrites
    /// the file.
    File(PathBuf, AtomicI64),
}

impl Clock {
    pub(crate) fn system() -> Self {
        Self::new(Source::System)
    }

    /// Fails unless the file holds a number.
    pub(crate) fn file(path: PathBuf) -> io::Result<Self> {
        let first = read(&path)?;
        Ok(Self::new(Source::File(path, AtomicI64::new(first))))
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            offset: AtomicI64::new(0),
            date_skew: AtomicI64::new(0),
        }
    }

    pub(crate) fn now(&self) -> i64 {
        let base = match &self.source {
            Source::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs() as i64),
            Source::File(path, last) => {
                if let Ok(seconds) = read(path) {
                    last.store(seconds, Relaxed);
                }
                last.load(Relaxed)
            }
        };
        base + self.offset.load(Relaxed)
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.offset.fetch_add(by.as_secs() as i64, Relaxed);
    }

    pub(crate) fn skew_date(&self, seconds: i64) {
        self.date_skew.store(seconds, Relaxed);
    }

    /// The `Date` header (RFC 9110, section 5.6.7).
    pub(crate) fn date_header(&self) -> String {
        let date = instant(self.now() + self.date_skew.load(Relaxed));
        let (weekday, month) = (date.weekday().to_string(), date.month().to_string());
        format!(
            "{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
            &weekday[..3],
            date.day(),
            &month[..3],
            date.year(),
            date.hour(),
            date.minute(),
            date.second()
        )
    }
}

/// Unix seconds as an ISO 8601 string in UTC.
pub(crate) fn iso8601(seconds: i64) -> String {
    // Formatting can fail only for years beyond 9999, which `instant` does not return.
    instant(seconds).format(&Rfc3339).unwrap_or_default()
}

fn instant(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn read(path: &PathBuf) -> io::Result<i64> {
    std::fs::read_to_string(path)?.trim().parse().map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "the clock file must hold Unix seconds",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_header_has_the_form_of_rfc_9110() {
        // There is no file, so the last value applies.
        let clock = Clock::new(Source::File(PathBuf::new(), AtomicI64::new(784_111_777)));
        assert_eq!(clock.date_header(), "Sun, 06 Nov 1994 08:49:37 GMT");
        clock.skew_date(3600);
        assert_eq!(clock.date_header(), "Sun, 06 Nov 1994 09:49:37 GMT");
        assert_eq!(iso8601(784_111_777), "1994-11-06T08:49:37Z");
    }
}
