//! What a call has done outside of its sandbox so far.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use chatgpt_oauth_storage::StoreError;
use tokio::time::Instant;

use super::token_answer::TokenAnswer;
use crate::call::refreshes::{Refreshes, Slot};

/// The requests, answers, writes and store errors of one call.
#[derive(Default)]
pub(crate) struct Activity {
    place: Mutex<Place>,
    lacks_slot: AtomicBool,
    token_answer: Mutex<Option<TokenAnswer>>,
    sent: AtomicBool,
    login_written: AtomicBool,
    answered: Mutex<Option<Instant>>,
    login_answered: AtomicBool,
    fault: Mutex<Option<StoreError>>,
}

/// The place of a call among the refreshes of the host.
#[derive(Default)]
enum Place {
    /// The call cannot refresh the login, or has done so.
    #[default]
    Unneeded,
    Needed(Refreshes),
    Held {
        _slot: Slot,
    },
}

impl Activity {
    /// A call that may refresh the login, with the slot that it has waited for.
    pub(crate) fn of_refresh(refreshes: Refreshes, slot: Option<Slot>) -> Self {
        let place = match slot {
            Some(slot) => Place::Held { _slot: slot },
            None => Place::Needed(refreshes),
        };
        Self {
            place: Mutex::new(place),
            ..Self::default()
        }
    }

    /// Takes a slot before the login is written, unless the call has one or needs none.
    pub(crate) fn take_slot(&self) -> Result<(), StoreError> {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let Place::Needed(refreshes) = &*place else {
            return Ok(());
        };
        let slot = refreshes.try_slot();
        self.lacks_slot.store(slot.is_none(), Ordering::Relaxed);
        *place = Place::Held {
            _slot: slot.ok_or(StoreError::Busy)?,
        };
        Ok(())
    }

    /// Gives the slot back after the answer to the refresh was stored: what else the call
    /// asks of the service needs none.
    pub(crate) fn release_slot(&self) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Place::Unneeded;
    }

    /// Whether the call got no slot, and has written nothing.
    pub(crate) fn lacks_slot(&self) -> bool {
        self.lacks_slot.load(Ordering::Relaxed)
    }

    /// Notes how the token endpoint has answered.
    pub(crate) fn note_token_answer(&self, answer: TokenAnswer) {
        let noted = self.token_answer.lock();
        *noted.unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }

    /// How the token endpoint has answered, if it was asked.
    pub(crate) fn token_answer(&self) -> Option<TokenAnswer> {
        let answer = self.token_answer.lock();
        *answer.unwrap_or_else(PoisonError::into_inner)
    }

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
