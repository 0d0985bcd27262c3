//! The two formats of a time on OpenAI's wire.

/// Reads an HTTP date such as `Tue, 24 Nov 2026 10:00:00 GMT` into Unix seconds
/// (RFC 9110 §5.6.7). The two obsolete formats are not read.
pub(crate) fn http_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut words = text.trim().split(' ');
    let (_weekday, day) = (words.next()?, words.next()?);
    let (month, year) = (words.next()?, words.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let [day, year] = [number(day)?, number(year)?];
    unix_time([year, month as i64, day], numbers(words.next()?, ':')?)
}

/// Reads an RFC 3339 time such as `2026-11-24T10:00:00.5+00:00` into Unix
/// seconds. A time without an offset is taken as UTC.
pub(crate) fn rfc_3339(text: &str) -> Option<u64> {
    let (date, time) = text.trim().split_once(['T', 't', ' '])?;
    let [year, month, day] = numbers(date, '-')?;
    let zone_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(zone_at)?;
    let [hour, minute, second] = numbers(clock.split('.').next()?, ':')?;
    unix_time([year, month, day], [hour, minute, second])?.checked_add_signed(-zone_seconds(zone)?)
}

/// Unix seconds of a date and a time in UTC.
fn unix_time([year, month, day]: [i64; 3], [hour, minute, second]: [i64; 3]) -> Option<u64> {
    let in_range = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60
        && (1970..=9999).contains(&year);
    let days = days_since_1970(year, month, day);
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
    u64::try_from(seconds).ok().filter(|_| in_range)
}

/// A number of one to four digits.
fn number(text: &str) -> Option<i64> {
    let is_number = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse::<u64>()
        .ok()
        .filter(|_| is_number)
        .map(|number| number as i64)
}

/// Exactly `COUNT` numbers of one to four digits.
fn numbers<const COUNT: usize>(text: &str, separator: char) -> Option<[i64; COUNT]> {
    let mut found = [0; COUNT];
    let mut parts = text.split(separator);
    for place in &mut found {
        *place = number(parts.next()?)?;
    }
    parts.next().is_none().then_some(found)
}

fn zone_seconds(zone: &str) -> Option<i64> {
    let sign = match zone.as_bytes().first() {
        None | Some(b'Z' | b'z') => return Some(0),
        Some(b'-') => -1,
        Some(_) => 1,
    };
    let [hours, minutes] = numbers(zone.get(1..)?, ':')?;
    (hours < 24 && minutes < 60).then(|| sign * (hours * 3600 + minutes * 60))
}

/// Days since 1970-01-01 in the Gregorian calendar. The year begins in March
/// here, so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_3339_is_read_in_all_its_forms() {
        for text in [
            "2026-11-24T10:00:00Z",
            "2026-11-24T10:00:00.123456+00:00",
            "2026-11-24t11:30:00+01:30",
            "2026-11-24 10:00:00",
        ] {
            assert_eq!(rfc_3339(text), Some(1_795_514_400), "{text}");
        }
        assert_eq!(rfc_3339("2024-02-29T00:00:00Z"), Some(1_709_164_800));
        assert_eq!(rfc_3339("1970-01-01T00:00:00Z"), Some(0));
    }

    #[test]
    fn anything_but_a_time_is_none() {
        for text in [
            "",
            "tomorrow",
            "2026-13-01T00:00:00Z",
            "2026-01-01",
            "2026-01-01T00:00Z",
            "2026-01-01T25:00:00Z",
            "2026-01-01T00:00:00+",
            "2026-01-01T00:00:00+99999999999999999:00",
            "2026-01-01T00:00:00+1:2:3",
            "2026-01-01T00:00:00-:",
            "2026-01-01T00:00:00-24:00",
        ] {
            assert_eq!(rfc_3339(text), None, "{text}");
        }
    }

    #[test]
    fn an_http_date_is_read() {
        assert_eq!(
            http_date("Tue, 24 Nov 2026 10:00:00 GMT"),
            Some(1_795_514_400)
        );
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:09 GMT"), Some(9));
        for text in [
            "24.11.2026",
            "Tue, 24 anN 2026 10:00:00 GMT",
            "Tue, 24 Nov",
            "2026-11-24T10:00:00Z",
        ] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }
}
