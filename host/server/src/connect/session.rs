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

    /// Whether the link has expired.
    pub(super) fn has_ended(&self) -> bool {
        self.record.has_ended(self.links.now())
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

    /// Begins a login, or shows the one of the profile that waits.
    pub(super) async fn begin(&mut self) -> Result<(), Stop> {
        let counted = self.app.starts.count(self.profile.name());
        counted.map_err(Stop::TooMany)?;
        let prompt = self.profile.start().await?;
        self.note(prompt.pending.pending_id, None).await?;
        Ok(())
    }

    /// Signs out the account that this page has signed in.
    pub(super) async fn leave(&mut self) -> Result<(), Error> {
        let Some(login) = self.record.login.clone() else {
            return Ok(());
        };
        if matches!(self.state().await?, State::Connected(_)) {
            self.profile.logout(false).await?;
        }
        self.note(login.pending_id, Some(DISCONNECTED)).await
    }

    /// The login that waits, as `poll` names it.
    fn waiting_login(&self) -> Option<String> {
        let login = self.record.login.as_ref()?;
        login.outcome.is_none().then(|| login.pending_id.clone())
    }

    /// Asks whether the person has approved a login, and notes how it has ended.
    async fn ask(&mut self, login: String) -> Result<State, Error> {
        match profiles::poll_once(&self.app, &self.profile, Some(&login)).await {
            Ok(LoginProgress {
                pending: Some(pending),
                retry_after_seconds,
                ..
            }) => Ok(waiting(pending, retry_after_seconds)),
            Ok(progress) => {
                self.note(login, Some(CONNECTED)).await?;
                Ok(State::Connected(Box::new(progress)))
            }
            Err(error) => {
                let ended = ended(error)?;
                self.note(login, Some(&ended)).await?;
                Ok(State::Ended(ended))
            }
        }
    }

    /// How far a login is that does not wait. The account is shown only while its login is the
    /// one that this page has begun: another one is none of this browser's business.
    async fn settled(&self) -> Result<State, Error> {
        let Some(login) = &self.record.login else {
            return Ok(State::Idle);
        };
        match login.outcome.as_deref() {
            Some(CONNECTED) => match self.profile.poll(Some(&login.pending_id)).await {
                Ok(progress) => Ok(State::Connected(Box::new(progress))),
                Err(error) => ended(error).map(State::Ended),
            },
            outcome => Ok(State::Ended(outcome.unwrap_or_default().to_owned())),
        }
    }

    async fn note(&mut self, pending_id: String, outcome: Option<&str>) -> Result<(), Error> {
        let login = LinkLogin {
            pending_id,
            outcome: outcome.map(str::to_owned),
        };
        self.record = self.links.note_login(&self.record, &login).await?;
        Ok(())
    }
}

fn waiting(pending: PendingLogin, pause: Option<u32>) -> State {
    let pause = pause.unwrap_or(pending.interval_seconds).max(1);
    State::Waiting { pending, pause }
}

/// The code of an error of `poll`, if the login that was meant has ended.
fn ended(error: Error) -> Result<String, Error> {
    match error.code {
        ErrorCode::NoPendingLogin
        | ErrorCode::LoginSuperseded
        | ErrorCode::LoginDenied
        | ErrorCode::LoginExpired
        | ErrorCode::LoginExchangeFailed => {
            Ok(answers::ErrorCode::from(error.code).name().to_owned())
        }
        _ => Err(error),
    }
}
