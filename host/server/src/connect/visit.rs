//! A request for the page of a link, and what becomes of it.

use std::sync::Arc;

use chatgpt_oauth::links::{LinkRecord, LinkSecret};
use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};

use super::public_url::path_of;
use super::session::Session;
use super::stop::Stop;
use super::texts::Texts;
use super::{Connect, cookie, empty, events, html, site};
use crate::answer::{Answer, Body};
use crate::app::App;
use crate::profiles::body;
use crate::refused::Refused;

/// A browser's request for the page of a link.
pub(super) struct Visit<'a> {
    app: &'a Arc<App>,
    connect: &'a Connect,
    texts: &'static Texts,
    link: LinkSecret,
    record: LinkRecord,
    /// What the browser has as the cookie of the link.
    browser: Option<LinkSecret>,
    headers: &'a HeaderMap,
}

/// What a button of the page does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// Binds the link to this browser, and begins a login.
    Continue,
    /// Asks the service whether the login is approved.
    Check,
    /// Begins another login.
    NewCode,
    /// Begins another login in place of one that is not of this page.
    Replace,
    /// Signs the account out.
    Disconnect,
    /// Signs the account out, and begins another login.
    StartOver,
}

impl<'a> Visit<'a> {
    pub(super) fn new(
        app: &'a Arc<App>,
        connect: &'a Connect,
        texts: &'static Texts,
        link: LinkSecret,
        record: LinkRecord,
        head: &'a Parts,
    ) -> Self {
        Self {
            app,
            connect,
            texts,
            browser: cookie::read(&connect.url, &record.id, &head.headers),
            link,
            record,
            headers: &head.headers,
        }
    }

    pub(super) async fn answer(self, method: &Method, body: Body) -> Result<Answer, Stop> {
        if self.record.has_ended(self.connect.links.now()) {
            return Err(match self.record.is_bound() {
                true => Stop::Over,
                false => Stop::Expired,
            });
        }
        match *method {
            Method::POST => self.act(body).await,
            _ => self.show().await,
        }
    }

    /// The state of the login, as it changes.
    pub(super) fn events(self) -> Result<Answer, Stop> {
        let texts = self.texts;
        let session = self.into_session()?;
        let too_many = || Stop::TooMany(1);
        let key = session.record.id.as_str().into();
        let running = session.app().calls.begin(&key).ok_or_else(too_many)?;
        Ok(events::answer(session, running, texts))
    }

    async fn show(self) -> Result<Answer, Stop> {
        if !self.record.is_bound() {
            return self.ask();
        }
        // The browser leaves the cookie out, until the page itself leads to the page.
        if self.browser.is_none() && site::is_from_elsewhere(self.headers) {
            return Ok(html::reload(self.texts, &path_of(&self.link)));
        }
        let texts = self.texts;
        let mut session = self.into_session()?;
        let state = session.state().await?;
        Ok(html::state(texts, &session.record, &state))
    }

    /// Asks the person whether to go on. The cookie is given now, so that a double click on the
    /// button binds the link to one browser.
    fn ask(self) -> Result<Answer, Stop> {
        let browser = match self.browser {
            Some(browser) => browser,
            None => LinkSecret::generate()?,
        };
        let mut answer = html::ask(self.texts, &self.record, self.connect.url.host());
        if let Some(cookie) = cookie::set(&self.connect.url, &self.record.id, &browser) {
            answer.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        Ok(answer)
    }

    async fn act(mut self, body: Body) -> Result<Answer, Stop> {
        if !site::is_own_form(self.headers, &self.connect.url) {
            tracing::warn!("a form of another site is refused");
            return Err(Stop::OtherSite);
        }
        let action = self.action(body).await?;
        let Some(browser) = &self.browser else {
            return Err(match self.record.is_bound() {
                true => foreign(&self.record),
                false => Stop::NoCookie,
            });
        };
        if action == Action::Continue {
            let links = &self.connect.links;
            self.record = links.bind(&self.link, browser, links.now()).await?;
        }
        let location = HeaderValue::try_from(path_of(&self.link));
        self.into_session()?.act(action).await?;
        let mut answer = empty(StatusCode::SEE_OTHER);
        if let Ok(location) = location {
            answer.headers_mut().insert(header::LOCATION, location);
        }
        Ok(answer)
    }

    async fn action(&self, body: Body) -> Result<Action, Refused> {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        if self.headers.get(header::CONTENT_TYPE) != Some(&form) {
            return Err(Refused::invalid("the body is no form", "use the page"));
        }
        let body = body::read(body, self.app.times.body).await?;
        match &*body {
            b"action=continue" => Ok(Action::Continue),
            b"action=check" => Ok(Action::Check),
            b"action=new-code" => Ok(Action::NewCode),
            b"action=replace" => Ok(Action::Replace),
            b"action=disconnect" => Ok(Action::Disconnect),
            b"action=start-over" => Ok(Action::StartOver),
            _ => Err(Refused::invalid("there is no such button", "use the page")),
        }
    }

    /// What this browser may do, if the link is bound to it.
    fn into_session(self) -> Result<Session, Stop> {
        let is_bound_to = |browser| self.record.is_bound_to(browser);
        match self.browser.as_ref().is_some_and(is_bound_to) {
            true => Ok(Session::new(
                self.app.clone(),
                self.connect.links.clone(),
                self.record,
            )),
            false => Err(foreign(&self.record)),
        }
    }
}

/// What another browser learns of a link.
fn foreign(record: &LinkRecord) -> Stop {
    match record
        .login
        .as_ref()
        .and_then(|login| login.outcome.as_ref())
    {
        Some(_) => Stop::Used,
        None => Stop::Foreign,
    }
}

impl Session {
    async fn act(mut self, action: Action) -> Result<(), Stop> {
        match action {
            Action::Continue if self.record.login.is_some() => {}
            Action::Continue | Action::NewCode => self.begin().await?,
            Action::Replace => self.replace().await?,
            Action::Check => drop(self.poll().await?),
            Action::Disconnect => self.leave().await?,
            Action::StartOver => {
                self.leave().await?;
                self.begin().await?;
            }
        }
        Ok(())
    }
}
