//! What a call has done outside of its sandbox so far.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use chatgpt_oauth_storage::StoreError;
use tokio::time::Instant;

/// The requests, answers, writes and store errors of one call.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    sent: AtomicBool,
    login_written: AtomicBool,
    answered: Mutex<Option<Instant>>,
    login_answered: AtomicBool,
    fault: Mutex<Option<StoreError>>,
}

impl Activity {
    /// Notes that a request is about to leave.
    pub(crate) fn note_sent(&self) {
        self.sent.store(true, Ordering::Relaxed);
    }

    /// Notes that the login was written, or may have been.
    pub(crate) fn note_login_written(&self) {
        self.login_written.store(true, Ordering::Relaxed);
    }

    /// Whether the login was written, or may have been.
    pub(crate) fn has_written_login(&self) -> bool {
        self.login_written.load(Ordering::Relaxed)
    }

    /// Notes that an answer has come, of the endpoint for tokens or of another one.
    pub(crate) fn note_answered(&self, is_of_tokens: bool) {
        self.login_answered
            .fetch_or(is_of_tokens, Ordering::Relaxed);
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Notes why the store failed: the guest gets one word of it.
    pub(crate) fn note_fault(&self, fault: StoreError) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
    }

    /// The last error of the store.
    pub(crate) fn fault(&self) -> Option<StoreError> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.clone()
    }

    /// Whether a request has left, or was about to.
    pub(crate) fn has_sent(&self) -> bool {
        self.sent.load(Ordering::Relaxed)
    }

    /// Whether the service has answered about the login's tokens.
    pub(crate) fn has_login_answer(&self) -> bool {
        self.login_answered.load(Ordering::Relaxed)
    }

    /// When the last answer came. A value that is stored after it may exist nowhere else.
    pub(crate) fn answered_at(&self) -> Option<Instant> {
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
