//! Content codings of requests (RFC 9110, section 8.4.1).

use std::borrow::Cow;
use std::io::Read as _;

use super::request::{MAX_BODY, header};

/// The body without its content coding; as it is, if the coding is unknown or wrong. The Codex CLI compresses what it
/// sends to a model with zstd (RFC 8878).
pub(crate) fn decoded<'a>(headers: &[(String, String)], body: &'a [u8]) -> Cow<'a, [u8]> {
    match header(headers, "content-encoding") {
        Some("zstd") => unzstd(body).map_or(Cow::Borrowed(body), Cow::Owned),
        _ => Cow::Borrowed(body),
    }
}

fn unzstd(body: &[u8]) -> Option<Vec<u8>> {
    let decoder = ruzstd::decoding::StreamingDecoder::new(body).ok()?;
    let mut decoded = Vec::new();
    let most = MAX_BODY as u64 + 1;
    decoder.take(most).read_to_end(&mut decoded).ok()?;
    (decoded.len() <= MAX_BODY).then_some(decoded)
}
