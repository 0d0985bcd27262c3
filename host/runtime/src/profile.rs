//! One person's connection: the functions of the contract, as methods.

use std::sync::Arc;
use std::time::Duration;

use chatgpt_oauth_storage::ProfileName;
use chatgpt_oauth_storage::sealed_store::LoginWrite;

use crate::call::queue::Queue;
use crate::call::{Call, Concurrency, REFRESH_WAIT};
use crate::error::Error;
use crate::host::Host;
use crate::sandbox::GivenAnswers;
use crate::types::{
    Authorization, ConnectionStatus, LoginProgress, LoginPrompt, LogoutResult, ModelList,
    RefreshResult, UsageReport,
};

const STATUS: Call = shared("status");
const START: Call = exclusive("start", LoginWrite::Replace);
const POLL: Call = exclusive("poll", LoginWrite::Replace);
const LOGOUT: Call = exclusive("logout", LoginWrite::Replace);
const REFRESH: Call = exclusive("refresh", LoginWrite::Update);
const MODELS: Call = shared("models");
const USAGE: Call = shared("usage");
const AUTHORIZE: Call = shared("authorize");
const REFRESH_IF_DUE: Call = Call {
    patience: Duration::ZERO,
    ..AUTHORIZE
};

const fn shared(function: &'static str) -> Call {
    Call {
        function,
        concurrency: Concurrency::Shared,
        login_write: LoginWrite::Update,
        patience: REFRESH_WAIT,
    }
}

const fn exclusive(function: &'static str, login_write: LoginWrite) -> Call {
    Call {
        function,
        concurrency: Concurrency::Exclusive,
        login_write,
        patience: REFRESH_WAIT,
    }
}

/// One person's connection. Cheap to clone.
///
/// The calls `start`, `poll`, `logout` and `refresh` of one profile run one at a time; the
/// others run beside them. A call that finds another call refreshing the token waits for
/// at most 40 seconds, and then ends in `refresh-in-progress`. So does a call that would
/// refresh the token while 16 logins of the host are refreshed.
#[derive(Clone)]
pub struct Profile {
    pub(crate) host: Host,
    pub(crate) queue: Arc<Queue>,
    /// What the host answers in place of the service.
    pub(crate) given: Option<Arc<GivenAnswers>>,
    name: ProfileName,
}

impl Profile {
    pub(crate) fn new(host: Host, name: ProfileName) -> Self {
        let queue = host.parts.queues.of(&name);
        Self {
            host,
            queue,
            given: None,
            name,
        }
    }

    /// The same profile, whose calls get these answers in place of the service's.
    pub(crate) fn answered_by(&self, given: Arc<GivenAnswers>) -> Self {
        Self {
            given: Some(given),
            ..self.clone()
        }
    }

    /// The profile's name.
    #[must_use]
    pub fn name(&self) -> &ProfileName {
        &self.name
    }

    /// The host that runs the calls.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// Rises when the login may have changed: after a call of this process wrote it, as a
    /// finished login, a logout and a refresh do. An [`Authorization`] may be kept while this
    /// number stays the same, for a time that other processes' changes may take to be seen.
    /// Read the number before [`authorize`](Self::authorize). It starts again when no clone
    /// of this profile is left.
    #[must_use]
    pub fn login_generation(&self) -> u64 {
        self.queue.login_generation()
    }

    /// Whether this profile is of this host, and so of its store.
    #[must_use]
    pub fn is_of(&self, host: &Host) -> bool {
        Arc::ptr_eq(&self.host.parts, &host.parts)
    }

    /// Returns the state of the connection. Reads only.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn status(&self) -> Result<ConnectionStatus, Error> {
        self.call(STATUS, |guest, store| {
            Box::pin(guest.chatgpt_oauth_connection().call_status(store))
        })
        .await
    }

    /// Begins a login, or returns the pending one. Call it only when the person asks for
    /// it.
    ///
    /// # Errors
    ///
    /// Those of the service, the network and the store.
    pub async fn start(&self) -> Result<LoginPrompt, Error> {
        let prompt = self.start_once().await?;
        match self.discard_given(&prompt).await? {
            true => self.start_once().await,
            false => Ok(prompt),
        }
    }

    async fn start_once(&self) -> Result<LoginPrompt, Error> {
        self.call(START, |guest, store| {
            Box::pin(guest.chatgpt_oauth_connection().call_start(store))
        })
        .await
    }

    /// Asks the service once whether the person has approved the login, and finishes an
    /// approved login. `pending_id` is the one that [`start`](Self::start) returned, or
    /// the user code; without it, the pending login is meant.
    ///
    /// # Errors
    ///
    /// `no-pending-login`, `login-superseded`, `login-denied`, `login-expired`,
    /// `login-exchange-failed`, and those of the service, the network and the store.
    pub async fn poll(&self, pending_id: Option<&str>) -> Result<LoginProgress, Error> {
        let pending_id = pending_id.map(str::to_owned);
        self.call(POLL, move |guest, store| {
            let pending_id = pending_id.clone();
            Box::pin(async move {
                let connection = guest.chatgpt_oauth_connection();
                connection.call_poll(store, pending_id.as_deref()).await
            })
        })
        .await
    }

    /// Removes the login from the store. With `revoke`, also asks the service to end the
    /// login, which may end the person's other sessions too.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn logout(&self, revoke: bool) -> Result<LogoutResult, Error> {
        self.call(LOGOUT, move |guest, store| {
            Box::pin(guest.chatgpt_oauth_connection().call_logout(store, revoke))
        })
        .await
    }

    /// Requests a new access token, unless the last one is less than a minute old.
    ///
    /// # Errors
    ///
    /// `needs-login`, `refresh-uncertain`, and those of the service, the network
    /// and the store.
    pub async fn refresh(&self) -> Result<RefreshResult, Error> {
        self.call(REFRESH, |guest, store| {
            Box::pin(guest.chatgpt_oauth_connection().call_refresh(store))
        })
        .await
    }

    /// Lists the models of the subscription. The list is cached for 300 seconds; `force`
    /// requests it from the service, at most every 10 seconds.
    ///
    /// # Errors
    ///
    /// As [`authorize`](Self::authorize).
    pub async fn models(&self, force: bool) -> Result<ModelList, Error> {
        self.call(MODELS, move |guest, store| {
            Box::pin(guest.chatgpt_oauth_connection().call_models(store, force))
        })
        .await
    }

    /// Returns how much of the subscription is used. The report is cached for 60 seconds;
    /// `force` requests it from the service, at most every 10 seconds.
    ///
    /// # Errors
    ///
    /// As [`authorize`](Self::authorize).
    pub async fn usage(&self, force: bool) -> Result<UsageReport, Error> {
        self.call(USAGE, move |guest, store| {
            Box::pin(guest.chatgpt_oauth_connection().call_usage(store, force))
        })
        .await
    }

    /// Returns the base URL and the headers of a model call. Refreshes the access token
    /// when it is due. For the platform alone: the headers hold a bearer token.
    ///
    /// `refused` is the [fingerprint](Authorization::fingerprint) of a token that the
    /// backend answered 401 to. It causes one refresh.
    ///
    /// # Errors
    ///
    /// `not-connected`, `needs-login`, `rejected-by-backend`,
    /// `refresh-in-progress`, `refresh-uncertain`, and those of the service, the
    /// network and the store.
    pub async fn authorize(&self, refused: Option<&str>) -> Result<Authorization, Error> {
        self.authorize_by(AUTHORIZE, refused).await
    }

    /// Refreshes the access token if it is due, and waits for no other call: for a program that
    /// keeps logins fresh, and that leaves the way to the calls of people.
    ///
    /// # Errors
    ///
    /// As [`authorize`](Self::authorize), and `refresh-in-progress` when many logins are
    /// refreshed at this moment.
    pub async fn refresh_if_due(&self) -> Result<(), Error> {
        self.authorize_by(REFRESH_IF_DUE, None).await.map(drop)
    }

    async fn authorize_by(
        &self,
        call: Call,
        refused: Option<&str>,
    ) -> Result<Authorization, Error> {
        let refused = refused.map(str::to_owned);
        let authorization = self.call(call, move |guest, store| {
            let refused = refused.clone();
            Box::pin(async move {
                let credentials = guest.chatgpt_oauth_credentials();
                credentials.call_authorize(store, refused.as_deref()).await
            })
        });
        Ok(authorization.await?.into())
    }
}
