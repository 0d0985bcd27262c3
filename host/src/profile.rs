//! One person's connection: the functions of the contract, as methods.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tracing::Instrument;
use wasmtime::{Store, Trap};

use crate::contract::{
    Authorization, ConnectionStatus, LoginProgress, LoginPrompt, LogoutResult, ModelList,
    RefreshResult, UsageReport,
};
use crate::error::{Error, ErrorCode};
use crate::host::Host;
use crate::queue::{Queue, Turn};
use crate::sandbox::bindings::Platform;
use crate::sandbox::bindings::exports::chatgpt::oauth::connection;
use crate::sandbox::{State, Traffic};
use crate::store::ProfileName;

/// How long a call waits for another that is refreshing the token.
const REFRESH_WAIT: Duration = Duration::from_secs(40);
/// How often it looks while it waits, for a refresh of another process.
const REFRESH_LOOK: Duration = Duration::from_millis(250);

/// One person's connection. Cheap to clone.
///
/// `start`, `poll`, `logout` and `refresh` of one profile wait for one another;
/// the others never wait for them. A call that finds the token being refreshed
/// waits for that, at most 40 seconds, and then ends in `refresh-in-progress`.
#[derive(Clone)]
pub struct Profile {
    host: Host,
    name: ProfileName,
    queue: Arc<Queue>,
}

/// Whether a call stands in line.
#[derive(Clone, Copy)]
enum Order {
    Queued,
    Free,
}

/// A call of the guest, under way.
type Call<'a, T> =
    Pin<Box<dyn Future<Output = wasmtime::Result<Result<T, connection::Error>>> + Send + 'a>>;

impl Profile {
    pub(crate) fn new(host: Host, name: ProfileName) -> Self {
        let queue = host.parts.queues.of(&name);
        Self { host, name, queue }
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// The profile's name.
    #[must_use]
    pub fn name(&self) -> &ProfileName {
        &self.name
    }

    /// Says where the connection stands. Reads only.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn status(&self) -> Result<ConnectionStatus, Error> {
        self.call("status", Order::Free, |guest, store| {
            Box::pin(guest.chatgpt_oauth_connection().call_status(store))
        })
        .await
    }

    /// Begins a login, or returns the one that already waits. Only on the
    /// person's explicit wish.
    ///
    /// # Errors
    ///
    /// Those of the service, the network and the store.
    pub async fn start(&self) -> Result<LoginPrompt, Error> {
        self.call("start", Order::Queued, |guest, store| {
            Box::pin(guest.chatgpt_oauth_connection().call_start(store))
        })
        .await
    }

    /// Asks once whether the person has approved the login, and finishes it if
    /// so. `pending_id` is what [`start`](Self::start) returned, or the user
    /// code; without it, the login that waits.
    ///
    /// # Errors
    ///
    /// `no-pending-login`, `login-superseded`, `login-denied`, `login-expired`,
    /// `login-exchange-failed`, and those of the service, the network and the store.
    pub async fn poll(&self, pending_id: Option<&str>) -> Result<LoginProgress, Error> {
        let pending_id = pending_id.map(str::to_owned);
        self.call("poll", Order::Queued, move |guest, store| {
            let pending_id = pending_id.clone();
            Box::pin(async move {
                let connection = guest.chatgpt_oauth_connection();
                connection.call_poll(store, pending_id.as_deref()).await
            })
        })
        .await
    }

    /// Signs out here; with `revoke`, also tells the service to end the login,
    /// which may end the person's other sessions too.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn logout(&self, revoke: bool) -> Result<LogoutResult, Error> {
        self.call("logout", Order::Queued, move |guest, store| {
            Box::pin(guest.chatgpt_oauth_connection().call_logout(store, revoke))
        })
        .await
    }

    /// Asks for a new access token now, unless one came within the last minute.
    ///
    /// # Errors
    ///
    /// `needs-login`, `refresh-uncertain`, and those of the service, the network
    /// and the store.
    pub async fn refresh(&self) -> Result<RefreshResult, Error> {
        self.call("refresh", Order::Queued, |guest, store| {
            Box::pin(guest.chatgpt_oauth_connection().call_refresh(store))
        })
        .await
    }

    /// Lists the models of the subscription: from the cache for 300 seconds,
    /// with `force` from the service, at most every 10 seconds.
    ///
    /// # Errors
    ///
    /// As [`authorize`](Self::authorize).
    pub async fn models(&self, force: bool) -> Result<ModelList, Error> {
        self.call("models", Order::Free, move |guest, store| {
            Box::pin(guest.chatgpt_oauth_connection().call_models(store, force))
        })
        .await
    }

    /// Says how much of the subscription is used: from the cache for 60 seconds,
    /// with `force` from the service, at most every 10 seconds.
    ///
    /// # Errors
    ///
    /// As [`authorize`](Self::authorize).
    pub async fn usage(&self, force: bool) -> Result<UsageReport, Error> {
        self.call("usage", Order::Free, move |guest, store| {
            Box::pin(guest.chatgpt_oauth_connection().call_usage(store, force))
        })
        .await
    }

    /// Returns what a model call needs, refreshing the access token when it is
    /// due. For the platform alone: it holds a bearer token.
    ///
    /// `refused` is the [fingerprint](Authorization::fingerprint) of a token that
    /// the backend answered 401 to: it causes one refresh.
    ///
    /// # Errors
    ///
    /// `not-connected`, `needs-login`, `rejected-by-backend`,
    /// `refresh-in-progress`, `refresh-uncertain`, and those of the service, the
    /// network and the store.
    pub async fn authorize(&self, refused: Option<&str>) -> Result<Authorization, Error> {
        let refused = refused.map(str::to_owned);
        let authorization = self.call("authorize", Order::Free, move |guest, store| {
            let refused = refused.clone();
            Box::pin(async move {
                let credentials = guest.chatgpt_oauth_credentials();
                credentials.call_authorize(store, refused.as_deref()).await
            })
        });
        Ok(authorization.await?.into())
    }

    /// Calls the guest, again while somebody else is refreshing the token.
    async fn call<T, F>(&self, function: &'static str, order: Order, call: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a Platform, &'a mut Store<State>) -> Call<'a, T> + Clone + Send + 'static,
    {
        let give_up = Instant::now() + REFRESH_WAIT;
        loop {
            // From before the call, so that no end is missed.
            let mut call_ended = pin!(self.queue.call_ended.notified());
            call_ended.as_mut().enable();
            let outcome = self.attempt(function, order, call.clone()).await;
            if !is_refreshing(&outcome) || Instant::now() + REFRESH_LOOK > give_up {
                return outcome;
            }
            // Either way it is time to look again.
            _ = timeout(REFRESH_LOOK, call_ended).await;
        }
    }

    /// Calls the guest once, in a task of its own that goes on to its end even
    /// if nobody waits for it any more.
    async fn attempt<T, F>(&self, function: &'static str, order: Order, call: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a Platform, &'a mut Store<State>) -> Call<'a, T> + Send + 'static,
    {
        let turn = match order {
            Order::Queued => Some(self.queue.turn().await),
            Order::Free => None,
        };
        let span = tracing::debug_span!("call", function, profile = %self.name);
        let task = tokio::spawn(self.clone().run(turn, call).instrument(span));
        task.await.unwrap_or_else(|_| {
            // The panic itself has been reported where it happened.
            Err(Error::internal("the call ended in a panic of the host"))
        })
    }

    async fn run<T, F>(self, turn: Option<Turn>, call: F) -> Result<T, Error>
    where
        F: for<'a> Fn(&'a Platform, &'a mut Store<State>) -> Call<'a, T>,
    {
        let started = Instant::now();
        let traffic = Arc::new(Traffic::default());
        let outcome = self.enter(traffic.clone(), call).await;
        let microseconds = started.elapsed().as_micros();
        match &outcome {
            Ok(_) => tracing::debug!(microseconds, "done"),
            Err(error) => tracing::debug!(microseconds, code = ?error.code, "failed"),
        }
        if traffic.has_sent() && !is_refreshing(&outcome) {
            self.queue.call_ended.notify_waiters();
        }
        drop(turn);
        outcome
    }

    /// Makes a sandbox, calls the guest in it and throws it away.
    async fn enter<T, F>(&self, traffic: Arc<Traffic>, call: F) -> Result<T, Error>
    where
        F: for<'a> Fn(&'a Platform, &'a mut Store<State>) -> Call<'a, T>,
    {
        let parts = &self.host.parts;
        let state = State::new(
            parts.store.clone(),
            self.name.clone(),
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

/// What a caller hears when the guest did not come to its end.
fn stopped(error: wasmtime::Error) -> Error {
    // Only the kind of trap is logged: other texts could quote the guest.
    let trap = error.downcast_ref::<Trap>();
    tracing::error!(trap = ?trap, "the guest was stopped");
    match trap {
        Some(Trap::Interrupt) => Error::passing(
            ErrorCode::Internal,
            "the call took too long and was stopped",
            "try again in a minute",
            60,
        ),
        _ => Error::internal("the component broke off"),
    }
}
