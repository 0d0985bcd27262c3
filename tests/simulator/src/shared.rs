//! What the server thread and the simulator handle share.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Deserialize;

use crate::clock::Clock;
use crate::fault::Faults;
use crate::from_memory::FromMemory;
use crate::http::Request;
use crate::issuer::Issuer;
use crate::request_log::RequestLog;

pub(crate) struct Shared {
    pub(crate) clock: Clock,
    started: Instant,
    issuer: Mutex<Issuer>,
    log: Mutex<RequestLog>,
    faults: Mutex<Faults>,
    connection_faults: Mutex<VecDeque<ConnectionFault>>,
    /// Set for a measurement: what every model call is answered with.
    pub(crate) from_memory: Option<FromMemory>,
}

/// A fault of an HTTPS connection before any request. HTTP has none, because drivers use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionFault {
    /// It is accepted and reset at once, before TLS.
    Reset,
    /// It is accepted and nothing is read or written, so that a TLS handshake stalls.
    Stall,
}

impl Shared {
    pub(crate) fn new(
        clock: Clock,
        issuer: Issuer,
        log: RequestLog,
        from_memory: Option<FromMemory>,
    ) -> Self {
        Self {
            clock,
            started: Instant::now(),
            issuer: Mutex::new(issuer),
            log: Mutex::new(log),
            faults: Mutex::default(),
            connection_faults: Mutex::default(),
            from_memory,
        }
    }

    pub(crate) fn issuer(&self) -> MutexGuard<'_, Issuer> {
        lock(&self.issuer)
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, RequestLog> {
        lock(&self.log)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(crate) fn connection_faults(&self) -> MutexGuard<'_, VecDeque<ConnectionFault>> {
        lock(&self.connection_faults)
    }

    pub(crate) fn next_connection_fault(&self) -> Option<ConnectionFault> {
        self.connection_faults().pop_front()
    }

    pub(crate) fn clear_faults(&self) {
        self.faults().clear();
        self.connection_faults().clear();
    }

    /// Adds a request to the log and returns its number.
    pub(crate) fn record(&self, request: &Request) -> u64 {
        let after_ms = self.after_ms();
        self.log().record(request, self.clock.now(), after_ms)
    }

    /// Notes that the client disconnects before it has the whole answer.
    pub(crate) fn disconnected(&self, sequence: u64) {
        let after_ms = self.after_ms();
        self.log().disconnected(sequence, after_ms);
    }

    /// Milliseconds since the simulator started.
    fn after_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }
}

/// A panic in a test's closure must not make every later assertion fail for another reason.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
