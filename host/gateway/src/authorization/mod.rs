//! The headers of a model call, kept for 30 seconds.
//!
//! A model call costs no sandbox while an authorization is kept. It is kept until it is 30
//! seconds old, the backend refuses it, or a call of this process changes the login. Calls
//! that find none share one call of the component, and its error.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chatgpt_oauth::{Authorization, Error, Profile};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

use crate::backend::RESPONSES;
use crate::secrets::Secrets;

/// How long an authorization is kept: for this long a change by another process may go
/// unseen.
const KEPT: Duration = Duration::from_secs(30);
/// For how many headers there is a table. Each call copies it and adds headers of its own,
/// for which a table of the right size would have to be made again.
const HEADERS: usize = 16;

/// The headers that authorize a model call. `Debug` does not show their values.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) headers: HeaderMap,
    pub(crate) secrets: Secrets,
    fingerprint: String,
}

impl Credentials {
    fn new(authorization: &Authorization) -> Result<Self, Error> {
        check_base_url(authorization.base_url())?;
        let mut headers = HeaderMap::with_capacity(HEADERS);
        for (name, value) in authorization.headers() {
            let unusable = || Error::internal("the login has a header that cannot be sent");
            let name = HeaderName::try_from(name).map_err(|_| unusable())?;
            let mut value = HeaderValue::from_str(value).map_err(|_| unusable())?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(Self {
            headers,
            secrets: Secrets::of(authorization),
            fingerprint: authorization.fingerprint().to_owned(),
        })
    }
}

/// Refuses a base URL other than that of the policy: a token never goes elsewhere.
fn check_base_url(base_url: &str) -> Result<(), Error> {
    let constant = RESPONSES.url(None);
    if constant.strip_suffix("/responses") == Some(base_url) {
        return Ok(());
    }
    tracing::error!("the login has another base URL than the policy, and is not used");
    Err(Error::internal("the login has an unknown base URL"))
}

/// The authorization of one profile.
pub(crate) struct ProfileAuthorization {
    profile: Profile,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    asking: Option<Asking>,
}

struct Kept {
    credentials: Arc<Credentials>,
    /// The profile's generation before the call of the component.
    generation: u64,
    until: Instant,
}

/// A call of the component that runs.
#[derive(Clone)]
struct Asking {
    refused: Option<String>,
    generation: u64,
    answer: Shared<BoxFuture<'static, Result<Arc<Credentials>, Error>>>,
}

impl ProfileAuthorization {
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            profile,
            state: Mutex::default(),
        }
    }

    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Whether an authorization is kept.
    pub(crate) fn is_kept(&self) -> bool {
        self.kept(&lock(&self.state), None).is_some()
    }

    /// Authorizes a call. `refused` is what the backend answered 401 to.
    pub(crate) async fn get(
        &self,
        refused: Option<&Credentials>,
    ) -> Result<Arc<Credentials>, Error> {
        let refused = refused.map(|credentials| credentials.fingerprint.as_str());
        loop {
            let asking = match self.kept_or_asking(refused) {
                Ok(kept) => return Ok(kept),
                Err(asking) => asking,
            };
            let answer = asking.answer.clone().await;
            self.keep(&asking, &answer);
            let credentials = answer?;
            // The answer to a call that began before the refusal is asked for again.
            let is_refused = refused == Some(credentials.fingerprint.as_str());
            if !is_refused || asking.refused.as_deref() == refused {
                return Ok(credentials);
            }
        }
    }

    fn kept_or_asking(&self, refused: Option<&str>) -> Result<Arc<Credentials>, Asking> {
        let mut state = lock(&self.state);
        if let Some(kept) = self.kept(&state, refused) {
            return Ok(kept);
        }
        state.kept = None;
        let asking = state.asking.get_or_insert_with(|| self.ask(refused));
        Err(asking.clone())
    }

    fn kept(&self, state: &State, refused: Option<&str>) -> Option<Arc<Credentials>> {
        let kept = state.kept.as_ref()?;
        let is_valid = kept.until > Instant::now()
            && kept.generation == self.profile.login_generation()
            && refused != Some(kept.credentials.fingerprint.as_str());
        is_valid.then(|| kept.credentials.clone())
    }

    fn ask(&self, refused: Option<&str>) -> Asking {
        let generation = self.profile.login_generation();
        let profile = self.profile.clone();
        let refused = refused.map(str::to_owned);
        let fingerprint = refused.clone();
        let answer = async move {
            let authorization = profile.authorize(fingerprint.as_deref()).await?;
            Credentials::new(&authorization).map(Arc::new)
        };
        Asking {
            refused,
            generation,
            answer: answer.boxed().shared(),
        }
    }

    /// Keeps an answer, unless another caller that waited for it has.
    fn keep(&self, asking: &Asking, answer: &Result<Arc<Credentials>, Error>) {
        let mut state = lock(&self.state);
        let is_this = |other: &Asking| other.answer.ptr_eq(&asking.answer);
        if !state.asking.as_ref().is_some_and(is_this) {
            return;
        }
        state.asking = None;
        state.kept = answer.as_ref().ok().map(|credentials| Kept {
            credentials: credentials.clone(),
            generation: asking.generation,
            until: Instant::now() + KEPT,
        });
    }
}

/// No panic leaves the state incomplete, so poisoning is ignored.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
