//! Why a request failed, as a code of `wasi:http` that says whether it may have arrived.
//!
//! A refresh token can be used once, so the guest must know whether the service may have
//! processed the request with the token. These codes are used **only** before the first
//! byte of a request has left:
//!
//! `DNS-timeout`, `DNS-error`, `destination-not-found`, `destination-unavailable`,
//! `destination-IP-prohibited`, `connection-refused`, `connection-timeout`,
//! `TLS-certificate-error`, `HTTP-request-denied`; and, for errors of the proxy,
//! `internal-error` with one of the [words](crate::egress::connect::ProxyError::word) that begin with
//! `proxy-`.
//!
//! All other codes mean that the request may have arrived.

use std::error::Error as _;

use hyper_util::client::legacy;
use wasmtime_wasi_http::Error;

use crate::egress::connect::ConnectError;
use crate::egress::resolve::Unresolved;

/// Why there is no answer.
pub(crate) fn of_sending(error: &legacy::Error) -> Error {
    if let Some(error) = of_connecting(error) {
        return before_sending(error);
    }
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    match cause.is_some_and(hyper::Error::is_parse) {
        true => Error::HttpProtocolError,
        false => Error::ConnectionTerminated,
    }
}

/// Why there is no connection, if there is no answer for that reason.
pub(crate) fn of_connecting(error: &legacy::Error) -> Option<ConnectError> {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    match cause {
        Some(cause) => Some(*cause),
        None => error.is_connect().then_some(ConnectError::Unavailable),
    }
}

/// Why there is no connection: from the name to the end of the TLS handshake.
pub(crate) fn before_sending(error: ConnectError) -> Error {
    match error {
        ConnectError::Denied => Error::HttpRequestDenied,
        ConnectError::Unresolved(unresolved) => of_resolving(unresolved),
        ConnectError::Refused => Error::ConnectionRefused,
        ConnectError::TimedOut => Error::ConnectionTimeout,
        ConnectError::Unavailable => Error::DestinationUnavailable,
        ConnectError::Certificate => Error::TlsCertificateError,
        ConnectError::Proxy(error) => Error::InternalError(Some(error.word().to_owned())),
    }
}

fn of_resolving(unresolved: Unresolved) -> Error {
    match unresolved {
        Unresolved::TimedOut => Error::DnsTimeout,
        Unresolved::NoAddress => Error::DestinationNotFound,
        Unresolved::NotPublic => Error::DestinationIpProhibited,
        Unresolved::Failed => Error::DnsError {
            rcode: None,
            info_code: None,
        },
    }
}
