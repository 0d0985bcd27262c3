//! How a function of the guest is called. From the outside in:
//!
//! | | adds |
//! |---|---|
//! | [`call`](Profile::call) | calls again while somebody else is refreshing the token |
//! | `call_in_own_task` | waits in line, is counted, and goes on to its end even if nobody waits for it |
//! | `call_and_record` | says in the log how it ended, and tells those who wait for a refresh |
//! | `call_in_sandbox` | makes a sandbox and throws it away |

pub(crate) mod in_flight;
pub(crate) mod queue;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinError;
use tokio::time::{Instant, timeout};
use tracing::Instrument;
use wasmtime::{Store, Trap};

use crate::error::{Error, ErrorCode};
use crate::profile::Profile;
use crate::sandbox::bindings::Platform;
use crate::sandbox::bindings::exports::chatgpt::oauth::connection;
use crate::sandbox::{State, Traffic};
use crate::shortage;
use chatgpt_oauth_storage::StoreError;
use chatgpt_oauth_storage::sealed_store::LoginWrite;

/// How long a call waits for another that is refreshing the token.
const REFRESH_WAIT: Duration = Duration::from_secs(40);
/// How often it looks while it waits, for a refresh of another process.
const REFRESH_LOOK: Duration = Duration::from_millis(250);

/// Whether a call stands in line.
#[derive(Clone, Copy)]
pub(crate) enum Order {
    Queued,
    Free,
}

/// What the guest will answer.
pub(crate) type Answer<'a, T> =
    Pin<Box<dyn Future<Output = wasmtime::Result<Result<T, connection::Error>>> + Send + 'a>>;

/// InFlight one function of a guest.
pub(crate) trait GuestCall<T>:
    for<'a> Fn(&'a Platform, &'a mut Store<State>) -> Answer<'a, T> + Clone + Send + 'static
{
}

impl<T, F> GuestCall<T> for F where
    F: for<'a> Fn(&'a Platform, &'a mut Store<State>) -> Answer<'a, T> + Clone + Send + 'static
{
}

impl Profile {
    /// InFlight the guest, again while somebody else is refreshing the token.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        function: &'static str,
        order: Order,
        writes: LoginWrite,
        call: impl GuestCall<T>,
    ) -> Result<T, Error> {
        let give_up = Instant::now() + REFRESH_WAIT;
        loop {
            // From before the call, so that no end is missed.
            let mut call_ended = pin!(self.queue.call_ended.notified());
            call_ended.as_mut().enable();
            let outcome = self
                .call_in_own_task(function, order, writes, call.clone())
                .await;
            if !is_refreshing(&outcome) || Instant::now() + REFRESH_LOOK > give_up {
                return outcome;
            }
            // Either way it is time to look again.
            _ = timeout(REFRESH_LOOK, call_ended).await;
        }
    }

    async fn call_in_own_task<T: Send + 'static>(
        &self,
        function: &'static str,
        order: Order,
        writes: LoginWrite,
        call: impl GuestCall<T>,
    ) -> Result<T, Error> {
        let turn = match order {
            Order::Queued => Some(self.queue.turn().await),
            Order::Free => None,
        };
        let under_way = self.host.parts.in_flight.begin()?;
        let span = tracing::debug_span!("call", function, profile = %self.name());
        let profile = self.clone();
        let task = async move {
            let outcome = profile.call_and_record(writes, call).await;
            drop((turn, under_way));
            outcome
        };
        let task = tokio::spawn(task.instrument(span));
        task.await.unwrap_or_else(|error| Err(cut_off(&error)))
    }

    async fn call_and_record<T>(
        &self,
        writes: LoginWrite,
        call: impl GuestCall<T>,
    ) -> Result<T, Error> {
        let started = Instant::now();
        let traffic = Arc::new(Traffic::default());
        let outcome = self.call_in_sandbox(traffic.clone(), writes, call).await;
        let outcome = outcome.map_err(|error| in_full(error, traffic.fault()));
        let microseconds = started.elapsed().as_micros();
        match &outcome {
            Ok(_) => tracing::debug!(microseconds, "done"),
            Err(error) => tracing::debug!(microseconds, code = ?error.code, "failed"),
        }
        if traffic.has_sent() && !is_refreshing(&outcome) {
            self.queue.call_ended.notify_waiters();
        }
        outcome
    }

    async fn call_in_sandbox<T>(
        &self,
        traffic: Arc<Traffic>,
        writes: LoginWrite,
        call: impl GuestCall<T>,
    ) -> Result<T, Error> {
        let parts = &self.host.parts;
        let state = State::new(
            parts.sealed.profile(self.name().clone(), writes),
            parts.transport.clone(),
            parts.wall_clock.clone(),
            traffic,
        );
        let mut instance = parts.sandbox.instantiate(state).await.map_err(stopped)?;
        let answer = call(&instance.guest, &mut instance.store).await;
        Ok(answer.map_err(stopped)??)
    }
}

fn is_refreshing<T>(outcome: &Result<T, Error>) -> bool {
    matches!(outcome, Err(error) if error.code == ErrorCode::RefreshInProgress)
}

/// What a caller hears when the task of its call did not come to its end.
fn cut_off(error: &JoinError) -> Error {
    if error.is_cancelled() {
        return Error::transient(
            ErrorCode::Internal,
            "the call was cut off: its runtime was shut down",
            "let calls end before the program does, then call again",
            5,
        );
    }
    // The panic itself has been reported where it happened.
    Error::internal("the call ended in a panic of the host")
}

/// What the guest heard in one word of its store, in full: which limit or right is in
/// the way, and what to change.
fn in_full(error: Error, fault: Option<StoreError>) -> Error {
    let fault = fault.map(Error::from);
    match fault.filter(|fault| fault.code == ErrorCode::StoreUnavailable) {
        Some(fault) if error.code == fault.code => fault,
        _ => error,
    }
}

/// What a caller hears when the guest did not come to its end.
fn stopped(error: wasmtime::Error) -> Error {
    if let Some(shortage) = shortage::of_sandbox(&error) {
        tracing::error!(%shortage, "the guest could not go on");
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
        _ => Error::internal("the component broke off"),
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::Host;
    use chatgpt_oauth_storage::MemoryStore;

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
