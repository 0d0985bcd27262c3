//! One person's connection: the functions of the contract, as methods.

use std::sync::Arc;

use crate::call::Order;
use crate::call::queue::Queue;
use crate::error::Error;
use crate::host::Host;
use crate::types::{
    Authorization, ConnectionStatus, LoginProgress, LoginPrompt, LogoutResult, ModelList,
    RefreshResult, UsageReport,
};
use chatgpt_oauth_storage::ProfileName;
use chatgpt_oauth_storage::sealed_store::LoginWrite;

/// One person's connection. Cheap to clone.
///
/// `start`, `poll`, `logout` and `refresh` of one profile wait for one another;
/// the others never wait for them. A call that finds the token being refreshed
/// waits for that, at most 40 seconds, and then ends in `refresh-in-progress`.
#[derive(Clone)]
pub struct Profile {
    pub(crate) host: Host,
    pub(crate) queue: Arc<Queue>,
    name: ProfileName,
}

impl Profile {
    pub(crate) fn new(host: Host, name: ProfileName) -> Self {
        let queue = host.parts.queues.of(&name);
        Self { host, name, queue }
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
        self.call("status", Order::Free, LoginWrite::Update, |guest, store| {
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
        self.call(
            "start",
            Order::Queued,
            LoginWrite::Replace,
            |guest, store| Box::pin(guest.chatgpt_oauth_connection().call_start(store)),
        )
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
        self.call(
            "poll",
            Order::Queued,
            LoginWrite::Replace,
            move |guest, store| {
                let pending_id = pending_id.clone();
                Box::pin(async move {
                    let connection = guest.chatgpt_oauth_connection();
                    connection.call_poll(store, pending_id.as_deref()).await
                })
            },
        )
        .await
    }

    /// Signs out here; with `revoke`, also tells the service to end the login,
    /// which may end the person's other sessions too.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn logout(&self, revoke: bool) -> Result<LogoutResult, Error> {
        self.call(
            "logout",
            Order::Queued,
            LoginWrite::Replace,
            move |guest, store| {
                Box::pin(guest.chatgpt_oauth_connection().call_logout(store, revoke))
            },
        )
        .await
    }

    /// Asks for a new access token now, unless one came within the last minute.
    ///
    /// # Errors
    ///
    /// `needs-login`, `refresh-uncertain`, and those of the service, the network
    /// and the store.
    pub async fn refresh(&self) -> Result<RefreshResult, Error> {
        self.call(
            "refresh",
            Order::Queued,
            LoginWrite::Update,
            |guest, store| Box::pin(guest.chatgpt_oauth_connection().call_refresh(store)),
        )
        .await
    }

    /// Lists the models of the subscription: from the cache for 300 seconds,
    /// with `force` from the service, at most every 10 seconds.
    ///
    /// # Errors
    ///
    /// As [`authorize`](Self::authorize).
    pub async fn models(&self, force: bool) -> Result<ModelList, Error> {
        self.call(
            "models",
            Order::Free,
            LoginWrite::Update,
            move |guest, store| {
                Box::pin(guest.chatgpt_oauth_connection().call_models(store, force))
            },
        )
        .await
    }

    /// Says how much of the subscription is used: from the cache for 60 seconds,
    /// with `force` from the service, at most every 10 seconds.
    ///
    /// # Errors
    ///
    /// As [`authorize`](Self::authorize).
    pub async fn usage(&self, force: bool) -> Result<UsageReport, Error> {
        self.call(
            "usage",
            Order::Free,
            LoginWrite::Update,
            move |guest, store| Box::pin(guest.chatgpt_oauth_connection().call_usage(store, force)),
        )
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
        let authorization = self.call(
            "authorize",
            Order::Free,
            LoginWrite::Update,
            move |guest, store| {
                let refused = refused.clone();
                Box::pin(async move {
                    let credentials = guest.chatgpt_oauth_credentials();
                    credentials.call_authorize(store, refused.as_deref()).await
                })
            },
        );
        Ok(authorization.await?.into())
    }
}
