//! The four traits through which the component uses its environment.
//!
//! `wasi/` implements them for WebAssembly, `testing/fakes` for the tests.

use alloc::string::String;
use alloc::vec::Vec;

/// Sends one HTTPS request. Never resends, never follows a redirect.
pub trait Http {
    /// Sends `request` and collects the whole answer within its timeout.
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, HttpError>;
}

/// The bucket of one person's connection.
///
/// Where the host supports it, `set` and `delete` succeed only if the key was not
/// written since this bucket's last `get` of it. Elsewhere the last write wins.
pub trait Store {
    /// Returns the value of `key`, if there is one.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Writes `value`. After an error the write may still have landed.
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError>;
    /// Removes `key`. A missing key is not an error.
    fn delete(&self, key: &str) -> Result<(), StoreError>;
}

/// The wall clock.
pub trait Clock {
    /// Unix seconds.
    fn now(&self) -> u64;
}

/// Unpredictable bytes.
pub trait Random {
    /// 128 fresh random bits.
    fn bits(&self) -> [u8; 16];
}

/// The four ports together, as every function takes them.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// Outgoing HTTP.
    pub http: &'a dyn Http,
    /// The bucket.
    pub store: &'a dyn Store,
    /// The wall clock.
    pub clock: &'a dyn Clock,
    /// Unpredictable bytes.
    pub random: &'a dyn Random,
}

impl Ports<'_> {
    /// Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// 128 fresh random bits as 32 hexadecimal digits.
    pub(crate) fn random_id(&self) -> String {
        crate::text::hex(&self.random.bits())
    }
}

/// One request. It contains secrets, so it has no `Debug`.
pub struct HttpRequest {
    /// `POST` with a body, `GET` without.
    pub method: Method,
    /// The host name; the port is 443.
    pub host: &'static str,
    /// Path and query.
    pub path: String,
    /// Headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for `GET`.
    pub body: Vec<u8>,
    /// The time for everything from connecting to the last byte, in seconds.
    pub timeout_seconds: u64,
    /// The longest response that is accepted, in bytes.
    pub max_response_bytes: usize,
}

/// The two methods that the wire uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

/// One response. It contains secrets, so it has no `Debug`.
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The headers, unchanged.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// Returns the first header of that name (lower case), if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self
            .headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        core::str::from_utf8(value).ok()
    }
}

/// Why there is no response. The variant says whether the service may have
/// processed the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpError {
    /// No byte of the request was sent.
    NotSent(NotSent),
    /// The request may have arrived.
    MaybeSent(MaybeSent),
}

/// Why a request was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSent {
    /// The host does not permit the request.
    Denied,
    /// The name does not resolve.
    NameUnknown,
    /// The name resolves to no public address.
    NotPublic,
    /// The connection was refused.
    Refused,
    /// Resolving the name or connecting took too long.
    TimedOut,
    /// The destination is unreachable.
    Unreachable,
    /// The destination's certificate is not trusted.
    Certificate,
    /// The proxy settings of the host cannot be used.
    ProxyUnusable,
    /// The proxy's name does not resolve.
    ProxyNameUnknown,
    /// The proxy refuses the connection.
    ProxyRefused,
    /// The proxy is unreachable or does not respond.
    ProxyUnreachable,
    /// The proxy requires credentials, or other ones.
    ProxyAuthentication,
    /// The proxy does not permit the connection.
    ProxyDenied,
    /// The proxy's certificate is not trusted.
    ProxyCertificate,
}

/// Why there is no response to a request that may have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaybeSent {
    /// The connection broke, at an unknown point.
    Broken,
    /// The response was not complete in time.
    TimedOut,
    /// The response is too long, or in an unsupported encoding.
    Unreadable,
}

/// Why the bucket failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// Another process wrote the key since it was read.
    Conflict,
    /// Another process has locked the store for too long.
    Busy,
    /// The store did not respond, or its response is unknown.
    Unavailable,
    /// The store cannot be used until its operator repairs it.
    Unusable,
    /// The store takes no writes.
    ReadOnly,
    /// The store has no room.
    Full,
    /// The value exceeds the limit of the store.
    TooLarge,
    /// The value is sealed with a key that the host does not have.
    KeyUnknown,
    /// The value is damaged.
    Corrupt,
    /// The store's schema belongs to another version.
    Newer,
    /// The value is older than the one this host wrote last.
    Rollback,
}
