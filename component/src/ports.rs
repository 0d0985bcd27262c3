//! What the component needs of the world: four small traits.
//!
//! `wasi/` implements them for WebAssembly, the tests with fakes.

use alloc::string::String;
use alloc::vec::Vec;

/// Sends one HTTPS request. Never resends, never follows a redirect.
pub trait Http {
    /// Sends `request` and collects the whole answer within its timeout.
    fn send(&self, request: &HttpRequest) -> Result<HttpResponse, HttpError>;
}

/// The bucket of one person's connection.
///
/// Under hosts that have it, `set` and `delete` succeed only if nobody wrote the
/// key since this bucket's last `get` of it; elsewhere the last writer wins.
pub trait Store {
    /// Returns the value of `key`, if there is one.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Writes `value`. After an error the write may have landed all the same.
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError>;
    /// Removes `key`; a missing one is no error.
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

/// One request. Carries secrets: it has no `Debug`.
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
    /// The longest answer taken, in bytes.
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

/// One answer. Carries secrets: it has no `Debug`.
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Headers as they came.
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

/// Why there is no answer. The variant says whether the request may have been
/// processed: a refresh token counts once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpError {
    /// Not one byte of the request was sent.
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
    /// The name leads to no public address.
    NotPublic,
    /// The connection was refused.
    Refused,
    /// The connection, or the name before it, took too long.
    TimedOut,
    /// There is no way to the destination.
    Unreachable,
    /// The destination's certificate is not trusted.
    Certificate,
    /// The host's settings name no proxy that can be used.
    ProxyUnusable,
    /// The proxy's name does not resolve.
    ProxyNameUnknown,
    /// The proxy refuses the connection.
    ProxyRefused,
    /// The proxy cannot be reached, or does not answer.
    ProxyUnreachable,
    /// The proxy wants credentials, or other ones.
    ProxyAuthentication,
    /// The proxy does not permit the connection.
    ProxyDenied,
    /// The proxy's certificate is not trusted.
    ProxyCertificate,
}

/// Why there is no answer to a request that may have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaybeSent {
    /// The connection broke, at an unknown point.
    Broken,
    /// The answer, or its end, did not come in time.
    TimedOut,
    /// The answer is too long, or in an encoding that is not read.
    Unreadable,
}

/// Why the bucket failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// Somebody else wrote the key since it was read.
    Conflict,
    /// The store was locked by somebody else for too long.
    Busy,
    /// The store did not answer, or answered something unknown.
    Unavailable,
    /// The store cannot be used until its operator repairs it.
    Unusable,
    /// The store takes no writes.
    ReadOnly,
    /// The store has no room.
    Full,
    /// The value is over the store's limit.
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
