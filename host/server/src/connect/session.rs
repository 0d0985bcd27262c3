//! What the browser of a link does with the login of the profile.

use std::sync::Arc;

use chatgpt_oauth::answers;
use chatgpt_oauth::links::{LinkLogin, LinkRecord, Links};
use chatgpt_oauth::types::{LoginProgress, PendingLogin};
use chatgpt_oauth::{Error, ErrorCode, Profile};

use super::stop::Stop;
use crate::app::App;
use crate::profiles;

/// The outcome of a login that signed the person in.
const CONNECTED: &str = "connected";
/// The outcome of a login that the person has ended on the page.
pub(super) const DISCONNECTED: &str = "disconnected";

/// A link in the browser that it is bound to.
pub(super) struct Session {
    app: Arc<App>,
    links: Links,
    profile: Profile,
    pub(super) record: LinkRecord,
}

/// How far the login of a session is.
pub(super) enum State {
    /// None was begun.
    Idle,
    /// It waits for the person.
    Waiting {
        pending: PendingLogin,
        /// How long to wait before the next poll, in seconds.
        pause: u32,
    },
    /// The person is signed in.
    Connected(Box<LoginProgress>),
    /// The person was signed in, and the profile still has the login, which OpenAI has ended.
    Lapsed,
    /// It has ended: [`DISCONNECTED`], or the code of an error.
    Ended(String),
}

impl Session {
    pub(super) fn new(app: Arc<App>, links: Links, record: LinkRecord) -> Self {
        let profile = app.host.profile(record.profile.clone());
        Self {
            app,
            links,
            profile,
            record,
        }
    }

    pub(super) const fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Whether the link is as it was when this session began, and has not expired.
    pub(super) async fn is_current(&self) -> Result<bool, Error> {
        let stored = self.links.read(&self.record.id).await?;
        let is_same = stored.as_ref() == Some(&self.record);
        Ok(is_same && !self.record.has_ended(self.links.now()))
    }

    /// How far the login is. The service is asked only about a login that the store does not
    /// show as waiting.
    pub(super) async fn state(&mut self) -> Result<State, Error> {
        let Some(login) = self.waiting_login() else {
            return self.settled().await;
        };
        let pending = self.profile.status().await?.pending;
        match pending.filter(|pending| pending.pending_id == login) {
            Some(pending) => Ok(waiting(pending, None)),
            // It has expired, or another call has finished or replaced it.
            None => self.ask(login).await,
        }
    }

    /// Asks the service once, if a login waits.
    pub(super) async fn poll(&mut self) -> Result<State, Error> {
        match self.waiting_login() {
            Some(login) => self.ask(login).await,
            None => self.settled().await,
        }
    }

    /// Begins a login, or shows the one of this page that waits. One that a key or another link
    /// has begun is not taken over: who approves its code would sign in on this page.
    pub(super) async fn begin(&mut self) -> Result<(), Stop> {
        if self.is_another_waiting().await? {
            return Err(Stop::UnderWay);
        }
        self.count_start()?;
        self.start().await
    }

    /// Begins a login in place of another one that waits, which a logout alone ends.
    pub(super) async fn replace(&mut self) -> Result<(), Stop> {
        self.count_start()?;
        if self.is_another_waiting().await? {
            self.profile.logout(false).await?;
        }
        self.start().await
    }

    /// Signs out the account that this page has signed in.
    pub(super) async fn leave(&mut self) -> Result<(), Error> {
        if matches!(self.state().await?, State::Connected(_) | State::Lapsed) {
            self.profile.logout(false).await?;
            self.note(DISCONNECTED).await?;
        }
        Ok(())
    }

    fn count_start(&self) -> Result<(), Stop> {
        let counted = self.app.starts.count(self.profile.name());
        counted.map_err(Stop::TooMany)
    }

    async fn start(&mut self) -> Result<(), Stop> {
        let pending = self.profile.start().await?.pending;
        let now = self.links.now();
        let until = now.saturating_add(pending.expires_in_seconds);
        let noted = self
            .links
            .note_login(&self.record.id, &pending.pending_id, until, now);
        self.record = noted.await?;
        Ok(())
    }

    /// Whether a login waits that this page has not begun.
    async fn is_another_waiting(&self) -> Result<bool, Error> {
        let waiting = self.profile.status().await?.pending;
        let waiting = waiting.map(|pending| pending.pending_id);
        let own = self.record.login.as_ref().map(|login| &login.pending_id);
        Ok(waiting.is_some() && waiting.as_ref() != own)
    }

    /// The login that waits, as `poll` names it.
    fn waiting_login(&self) -> Option<String> {
        let login = self.record.login.as_ref()?;
        login.outcome.is_none().then(|| login.pending_id.clone())
    }

    /// Asks whether the person has approved a login, and notes how it has ended.
    async fn ask(&mut self, login: String) -> Result<State, Error> {
        let polled = profiles::poll_once(&self.app, &self.profile, Some(&login)).await;
        let (outcome, state) = match polled {
            Ok(LoginProgress {
                pending: Some(pending),
                retry_after_seconds,
                ..
            }) => return Ok(waiting(pending, retry_after_seconds)),
            Ok(progress) => (CONNECTED, State::Connected(Box::new(progress))),
            Err(error) => {
                let code = ended(error)?;
                (code, State::Ended(code.to_owned()))
            }
        };
        self.note(outcome).await?;
        let is_noted = |noted: &LinkLogin| {
            noted.pending_id == login && noted.outcome.as_deref() == Some(outcome)
        };
        match self.record.login.as_ref().is_some_and(is_noted) {
            true => Ok(state),
            // Another tab was quicker, or has begun another login.
            false => Box::pin(self.state()).await,
        }
    }

    /// How far a login is that does not wait. The account is shown only while its login is the
    /// one that this page has begun.
    async fn settled(&self) -> Result<State, Error> {
        let Some(login) = &self.record.login else {
            return Ok(State::Idle);
        };
        match login.outcome.as_deref() {
            Some(CONNECTED) => match self.profile.poll(Some(&login.pending_id)).await {
                Ok(progress) => Ok(State::Connected(Box::new(progress))),
                Err(error) if has_lapsed(&error) => Ok(State::Lapsed),
                Err(error) => ended(error).map(|code| State::Ended(code.to_owned())),
            },
            outcome => Ok(State::Ended(outcome.unwrap_or_default().to_owned())),
        }
    }

    async fn note(&mut self, outcome: &str) -> Result<(), Error> {
        self.record = self.links.note_outcome(&self.record, outcome).await?;
        Ok(())
    }
}

fn waiting(pending: PendingLogin, pause: Option<u32>) -> State {
    let pause = pause.unwrap_or(pending.interval_seconds).max(1);
    State::Waiting { pending, pause }
}

/// Whether an error of `poll` says that the profile has the login that was meant, and that the
/// login has ended.
fn has_lapsed(error: &Error) -> bool {
    error.code == ErrorCode::NoPendingLogin && error.relogin_required
}

/// The code of an error of `poll`, if the login that was meant has ended.
fn ended(error: Error) -> Result<&'static str, Error> {
    match error.code {
        ErrorCode::NoPendingLogin
        | ErrorCode::LoginSuperseded
        | ErrorCode::LoginDenied
        | ErrorCode::LoginExpired
        | ErrorCode::LoginExchangeFailed => Ok(answers::ErrorCode::from(error.code).name()),
        _ => Err(error),
    }
}
