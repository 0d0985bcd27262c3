//! Claims of tokens, and times.

use super::NOW;
use super::promises::are_claims;
use crate::openai::claims::{Claims, expiry};
use crate::openai::timestamp;
use alloc::format;
use alloc::string::String;
use base64ct::{Base64UrlUnpadded, Encoding};

/// The latest time that is accepted, Unix seconds: the end of the year 9999 in
/// the westernmost time zone.
const LATEST: u64 = 253_402_300_800 + 86_400;

/// A token, or the claims in one if the bytes begin an object.
pub fn claims(bytes: &[u8]) -> &'static str {
    let token = match bytes.starts_with(b"{") {
        true => format!("e30.{}.c2ln", Base64UrlUnpadded::encode_string(bytes)),
        false => String::from_utf8_lossy(bytes).into_owned(),
    };
    let claims = Claims::read(Some(&token), None);
    are_claims(&claims);
    assert_eq!(claims, Claims::read(None, Some(&token)));
    assert!(!claims.contradicts(&claims));
    let end = expiry(&token, NOW);
    assert!(end.is_none_or(|end| (1..=NOW + 90 * 86_400).contains(&end)));
    match claims == Claims::default() && end.is_none() {
        true => "unknown",
        false => "known",
    }
}

/// A time as in a header or a body of the service.
pub fn time(bytes: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(bytes);
    let (http, rfc_3339) = (timestamp::http_date(&text), timestamp::rfc_3339(&text));
    let times = [http, rfc_3339];
    assert!(times.into_iter().flatten().all(|time| time < LATEST));
    match (http, rfc_3339) {
        (Some(_), _) => "http",
        (None, Some(_)) => "rfc-3339",
        (None, None) => "none",
    }
}
