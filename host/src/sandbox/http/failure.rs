//! What went wrong, in the codes of `wasi:http`.
//!
//! One distinction matters above all: a refresh token counts once, so its owner
//! must know whether the request that carried it may have been processed. These
//! codes are used **only** while not a byte of a request has left:
//!
//! `DNS-timeout`, `DNS-error`, `destination-not-found`, `destination-unavailable`,
//! `destination-IP-prohibited`, `connection-refused`, `connection-timeout`,
//! `TLS-certificate-error`, `HTTP-request-denied`.
//!
//! All others mean that it may have arrived.

use std::error::Error as StdError;
use std::io;

use wasmtime_wasi_http::Error;

use crate::sandbox::resolve::Unresolved;

/// Why there is no answer.
pub(super) fn of_sending(error: &reqwest::Error) -> Error {
    if error.is_connect() {
        return before_sending(error);
    }
    if error.is_timeout() {
        return Error::HttpResponseTimeout;
    }
    match cause::<hyper::Error>(error) {
        Some(error) if error.is_parse() => Error::HttpProtocolError,
        _ => Error::ConnectionTerminated,
    }
}

/// Why an answer has no end.
pub(super) fn of_reading(error: &reqwest::Error) -> Error {
    if error.is_timeout() {
        Error::HttpResponseTimeout
    } else {
        Error::HttpResponseIncomplete
    }
}

/// Why there is no connection: from the name to the end of the TLS handshake.
fn before_sending(error: &reqwest::Error) -> Error {
    if let Some(unresolved) = cause::<Unresolved>(error) {
        return match unresolved {
            Unresolved::TimedOut => Error::DnsTimeout,
            Unresolved::NoAddress => Error::DestinationNotFound,
            Unresolved::NotPublic => Error::DestinationIpProhibited,
            Unresolved::Failed => Error::DnsError {
                rcode: None,
                info_code: None,
            },
        };
    }
    if let Some(rustls::Error::InvalidCertificate(_)) = cause::<rustls::Error>(error) {
        return Error::TlsCertificateError;
    }
    if error.is_timeout() {
        return Error::ConnectionTimeout;
    }
    match cause::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => Error::ConnectionRefused,
        Some(io::ErrorKind::TimedOut) => Error::ConnectionTimeout,
        _ => Error::DestinationUnavailable,
    }
}

/// The first error of this type, from the outermost in.
fn cause<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        // An I/O error's source is the source of what it wraps: look at that too.
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}
