//! Calls a function of the guest: the method of a [`Profile`] comes in, and a new sandbox runs
//! it. From the outside in:
//!
//! | | adds |
//! |---|---|
//! | [`call`](Profile::call) | repeats the call while another call refreshes the token |
//! | `call_in_own_task` | waits for its turn, is counted, and runs to its end even if the caller's future is dropped |
//! | `call_and_record` | logs the outcome, and wakes the calls that wait for a refresh |
//! | `call_in_sandbox` | makes a sandbox, and drops it after the call |

pub(crate) mod in_flight;
pub(crate) mod queue;
pub(crate) mod refreshes;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use chatgpt_oauth_storage::schedule::Paused;
use chatgpt_oauth_storage::sealed_store::LoginWrite;
use chatgpt_oauth_storage::{Change, StoreError};
use tokio::task::JoinError;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::Instrument;
use wasmtime::{Store, Trap};

use crate::error::{Error, ErrorCode};
use crate::profile::Profile;
use crate::sandbox::bindings::Platform;
use crate::sandbox::bindings::exports::chatgpt::oauth::connection;
use crate::sandbox::{Activity, State, TokenAnswer};
use crate::shortage;
use refreshes::Slot;

/// How long a call waits for another call that refreshes the token.
pub(crate) const REFRESH_WAIT: Duration = Duration::from_secs(40);
/// How often a waiting call tries again, for a refresh of another process.
const REFRESH_LOOK: Duration = Duration::from_millis(250);

/// Whether a call runs beside the other calls of its profile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Concurrency {
    /// One at a time, in the order of arrival.
    Exclusive,
    /// Beside any other call.
    Shared,
}

/// How a function of the contract is called.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    /// The name of the function.
    pub(crate) function: &'static str,
    pub(crate) concurrency: Concurrency,
    pub(crate) login_write: LoginWrite,
    /// How long it waits for another call that refreshes the token, or for a slot to do so.
    pub(crate) patience: Duration,
}

/// The guest's answer, once it comes.
pub(crate) type Answer<'a, T> =
    Pin<Box<dyn Future<Output = wasmtime::Result<Result<T, connection::Error>>> + Send + 'a>>;

/// Calls one function of a guest.
pub(crate) trait GuestCall<T>:
    for<'a> Fn(&'a Platform, &'a mut Store<State>) -> Answer<'a, T> + Clone + Send + 'static
{
}

impl<T, F> GuestCall<T> for F where
    F: for<'a> Fn(&'a Platform, &'a mut Store<State>) -> Answer<'a, T> + Clone + Send + 'static
{
}

impl Profile {
    /// Calls the guest, and calls it again while another call refreshes the token.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        call: Call,
        guest_call: impl GuestCall<T>,
    ) -> Result<T, Error> {
        let give_up = Instant::now() + call.patience;
        let mut slot = None;
        loop {
            // Enabled before the call, so that no notification is missed.
            let mut call_ended = pin!(self.queue.call_ended.notified());
            call_ended.as_mut().enable();
            let outcome = self
                .call_in_own_task(call, slot.take(), guest_call.clone())
                .await;
            if let Err(Failure::NoSlot) = outcome {
                let next = timeout_at(give_up, self.host.parts.refreshes.slot()).await;
                slot = next.map_err(|_| refreshes::too_many())?;
                continue;
            }
            let outcome = outcome.map_err(Failure::into_error);
            if !is_refreshing(&outcome) || Instant::now() + REFRESH_LOOK > give_up {
                return outcome;
            }
            // Try again after the notification as after the timeout.
            _ = timeout(REFRESH_LOOK, call_ended).await;
        }
    }

    async fn call_in_own_task<T: Send + 'static>(
        &self,
        call: Call,
        slot: Option<Slot>,
        guest_call: impl GuestCall<T>,
    ) -> Result<T, Failure> {
        let turn = match call.concurrency {
            Concurrency::Exclusive => Some(self.queue.turn().await),
            Concurrency::Shared => None,
        };
        let in_flight = self.host.parts.in_flight.begin()?;
        let span = tracing::debug_span!("call", function = call.function, profile = %self.name());
        let profile = self.clone();
        let task = async move {
            let outcome = profile.call_and_record(call, slot, guest_call).await;
            drop((turn, in_flight));
            outcome
        };
        let task = tokio::spawn(task.instrument(span));
        task.await
            .unwrap_or_else(|error| Err(cut_off(&error).into()))
    }

    async fn call_and_record<T>(
        &self,
        call: Call,
        slot: Option<Slot>,
        guest_call: impl GuestCall<T>,
    ) -> Result<T, Failure> {
        let started = Instant::now();
        let activity = Arc::new(match call.login_write {
            LoginWrite::Update => Activity::of_refresh(self.host.parts.refreshes.clone(), slot),
            LoginWrite::Replace => Activity::default(),
        });
        let outcome = self
            .call_in_sandbox(activity.clone(), call, guest_call)
            .await;
        let outcome = outcome.map_err(|error| with_cause(error, activity.fault()));
        let microseconds = started.elapsed().as_micros();
        match &outcome {
            Ok(_) => tracing::debug!(microseconds, "done"),
            Err(error) => tracing::debug!(microseconds, code = ?error.code, "failed"),
        }
        if activity.has_written_login() {
            self.login_has_changed().await;
        }
        if activity.has_sent() && !is_refreshing(&outcome) {
            self.queue.call_ended.notify_waiters();
        }
        if let Some(answer) = activity.token_answer() {
            self.note_token_answer(call, answer).await;
        }
        match outcome {
            Err(_) if activity.lacks_slot() => Err(Failure::NoSlot),
            outcome => Ok(outcome?),
        }
    }

    /// Counts a refresh. When the token endpoint pushes back, the servers of the store leave it
    /// alone for a while.
    async fn note_token_answer(&self, call: Call, answer: TokenAnswer) {
        if call.login_write == LoginWrite::Update {
            self.host.parts.refreshes.count(answer);
        }
        let TokenAnswer::PushedBack { seconds } = answer else {
            return;
        };
        let (Some(schedule), Ok(now)) = (self.host.schedule(), self.host.now()) else {
            return;
        };
        tracing::warn!(seconds, "the token endpoint pushes back");
        let paused = schedule.pause(Paused::Token, now.saturating_add(seconds));
        if let Err(error) = paused.await {
            tracing::warn!(%error, "the pause of the token endpoint is not stored");
        }
    }

    /// Lets a change of the login count at once, here and in other processes.
    pub(crate) async fn login_has_changed(&self) {
        self.queue.note_login_changed();
        // Fails only without a receiver.
        _ = self.host.parts.written_logins.send(self.name().clone());
        let change = Change::Profile(self.name().clone());
        if let Err(error) = self.host.store().announce(&change).await {
            tracing::warn!(%error, "a change is not announced, and counts elsewhere within 30 s");
        }
    }

    async fn call_in_sandbox<T>(
        &self,
        activity: Arc<Activity>,
        call: Call,
        guest_call: impl GuestCall<T>,
    ) -> Result<T, Error> {
        let parts = &self.host.parts;
        // Before the state, whose deadline begins with the call.
        let place = parts.sandbox.place().await;
        let state = State::new(
            parts.sealed.profile(self.name().clone(), call.login_write),
            parts.transport.clone(),
            self.given.clone(),
            parts.wall_clock.clone(),
            activity,
        );
        let instance = parts.sandbox.instantiate(state, place).await;
        let mut instance = instance.map_err(stopped)?;
        let answer = guest_call(&instance.guest, &mut instance.store).await;
        Ok(answer.map_err(stopped)??)
    }
}

/// Why a call did not answer.
enum Failure {
    /// It would refresh the login, and enough others do.
    NoSlot,
    Error(Box<Error>),
}

impl Failure {
    fn into_error(self) -> Error {
        match self {
            Self::NoSlot => refreshes::too_many(),
            Self::Error(error) => *error,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(Box::new(error))
    }
}

fn is_refreshing<T>(outcome: &Result<T, Error>) -> bool {
    matches!(outcome, Err(error) if error.code == ErrorCode::RefreshInProgress)
}

/// The error of a call whose task did not finish.
fn cut_off(error: &JoinError) -> Error {
    if error.is_cancelled() {
        return Error::transient(
            ErrorCode::Internal,
            "the call was cut off: its runtime was shut down",
            "let calls end before the program does, then call again",
            5,
        );
    }
    // The panic hook has reported the panic.
    Error::internal("the call ended in a panic of the host")
}

/// Replaces an error of the guest, which knows one word of the store's error, by the
/// store's full error: which limit or right failed, what may be lost, and what to change.
fn with_cause(error: Error, fault: Option<StoreError>) -> Error {
    let named = [ErrorCode::StoreUnavailable, ErrorCode::RollbackSuspected];
    let fault = fault.map(Error::from);
    match fault.filter(|fault| named.contains(&fault.code)) {
        Some(fault) if error.code == fault.code => fault,
        _ => error,
    }
}

/// The error of a call whose guest did not finish.
fn stopped(error: wasmtime::Error) -> Error {
    if let Some(shortage) = shortage::of_sandbox(&error) {
        tracing::error!(%shortage, "the guest could not continue");
        return shortage::error(shortage, ErrorCode::Internal);
    }
    // Only the kind of trap is logged: other texts could quote the guest.
    let trap = error.downcast_ref::<Trap>();
    tracing::error!(trap = ?trap, "the guest was stopped");
    match trap {
        Some(Trap::Interrupt) => Error::transient(
            ErrorCode::Internal,
            "the call took too long and was stopped",
            "try again in a minute",
            60,
        ),
        _ => Error::internal("the component stopped with a trap"),
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use chatgpt_oauth_storage::MemoryStore;

    use super::*;
    use crate::Host;

    #[test]
    fn a_runtime_that_is_shut_down_is_not_taken_for_a_panic() {
        let host = Host::builder(MemoryStore::new()).build().unwrap();
        let alice = host.profile("alice".parse().unwrap());
        let mut call = pin!(alice.status());
        let mut context = Context::from_waker(Waker::noop());

        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let entered = runtime.enter();
        assert!(call.as_mut().poll(&mut context).is_pending());
        drop(entered);
        drop(runtime);

        let Poll::Ready(Err(error)) = call.poll(&mut context) else {
            panic!("the call goes on without its runtime");
        };
        assert!(error.message.contains("shut down"), "{error:?}");
        assert!(error.retryable);
    }
}
