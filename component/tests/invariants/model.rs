//! What each call has to answer, and which requests it has to make, in an environment
//! where nothing goes wrong. Far simpler than the component: there is one
//! caller, and every answer arrives.

use crate::call::{Call, Login, Refused};
use crate::service::{CODE_LIFETIME, Endpoint, INTERVAL};

/// A call's answer in a word, and its requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    pub word: String,
    pub requests: Vec<Endpoint>,
}

/// There is a login.
#[derive(Clone, Debug)]
struct SignedIn {
    account: &'static str,
    /// When the latest tokens came.
    since: u64,
    models_at: u64,
    usage_at: u64,
}

/// A code waits.
#[derive(Clone, Debug)]
struct Code {
    number: usize,
    shown_at: u64,
    next_poll_at: u64,
    /// What the person has said.
    decision: Option<Option<&'static str>>,
}

/// All that counts, times in seconds since the beginning.
#[derive(Clone, Debug)]
pub struct Model {
    pub lifetime: u64,
    pub now: u64,
    codes: usize,
    login: Option<SignedIn>,
    code: Option<Code>,
}

const NOT_CONNECTED: &str = "NotConnected";

impl Model {
    pub fn new(lifetime: u64) -> Self {
        Self {
            lifetime,
            now: 0,
            codes: 0,
            login: None,
            code: None,
        }
    }

    pub fn waits(&mut self, seconds: u64) {
        self.now += seconds;
    }

    /// The person approves as the owner of that account, or declines.
    pub fn decides(&mut self, account: Option<&'static str>) {
        let now = self.now;
        if let Some(code) = &mut self.code
            && now < code.shown_at + CODE_LIFETIME
        {
            code.decision.get_or_insert(account);
        }
    }

    pub fn answers(&mut self, call: Call) -> Expected {
        let mut requests = Vec::new();
        let word = match call {
            Call::Status => self.status(),
            Call::Start => self.start(&mut requests),
            Call::Poll(login) => self.poll(login, &mut requests),
            Call::Logout { revoke } => self.logout(revoke, &mut requests),
            Call::Refresh => self.refresh(&mut requests),
            Call::Models { force } => self.models(force, &mut requests),
            Call::Usage { force } => self.usage(force, &mut requests),
            Call::Authorize(refused) => self.authorize(refused, &mut requests),
        };
        Expected { word, requests }
    }

    fn status(&self) -> String {
        let code_counts = |code: &Code| self.now < code.shown_at + CODE_LIFETIME;
        match (&self.login, &self.code) {
            (Some(login), _) => format!("Connected {}", login.account),
            (None, Some(code)) if code_counts(code) => "Pending".to_owned(),
            _ => NOT_CONNECTED.to_owned(),
        }
    }

    fn start(&mut self, requests: &mut Vec<Endpoint>) -> String {
        let is_worth_showing = |code: &&Code| self.now + 120 <= code.shown_at + CODE_LIFETIME;
        if let Some(code) = self.code.as_ref().filter(is_worth_showing) {
            return user_code(code.number);
        }
        requests.push(Endpoint::UserCode);
        self.code = Some(Code {
            number: self.codes,
            shown_at: self.now,
            next_poll_at: self.now,
            decision: None,
        });
        self.codes += 1;
        user_code(self.codes - 1)
    }

    fn poll(&mut self, login: Login, requests: &mut Vec<Endpoint>) -> String {
        let Some(code) = &mut self.code else {
            return match &self.login {
                Some(signed_in) if login != Login::Unknown => {
                    format!("Connected {}", signed_in.account)
                }
                _ => "NoPendingLogin".to_owned(),
            };
        };
        if login == Login::Unknown {
            return "LoginSuperseded".to_owned();
        }
        if self.now < code.next_poll_at {
            return "Pending".to_owned();
        }
        // Of the end of a code the service has the last word.
        requests.push(Endpoint::Poll);
        let has_ended = self.now >= code.shown_at + CODE_LIFETIME;
        match code.decision {
            None | Some(Some(_)) if has_ended => {
                self.code = None;
                "LoginExpired".to_owned()
            }
            None => {
                code.next_poll_at = self.now + INTERVAL;
                "Pending".to_owned()
            }
            Some(None) => {
                self.code = None;
                "LoginDenied".to_owned()
            }
            Some(Some(account)) => {
                requests.extend([Endpoint::Exchange, Endpoint::Models, Endpoint::Usage]);
                self.code = None;
                self.login = Some(SignedIn {
                    account,
                    since: self.now,
                    models_at: self.now,
                    usage_at: self.now,
                });
                format!("Connected {account}")
            }
        }
    }

    fn logout(&mut self, revoke: bool, requests: &mut Vec<Endpoint>) -> String {
        let (login, code) = (self.login.take(), self.code.take());
        match login {
            Some(_) if revoke => {
                requests.push(Endpoint::Revoke);
                "Disconnected, removed, revoked".to_owned()
            }
            Some(_) => "Disconnected, removed".to_owned(),
            None if code.is_some() => "NotConnected, removed".to_owned(),
            None => NOT_CONNECTED.to_owned(),
        }
    }

    fn refresh(&mut self, requests: &mut Vec<Endpoint>) -> String {
        match self.login.as_mut() {
            None => return NOT_CONNECTED.to_owned(),
            Some(login) if self.now < login.since + 60 => {}
            Some(login) => {
                requests.push(Endpoint::Refresh);
                login.since = self.now;
            }
        }
        self.until()
    }

    fn authorize(&mut self, refused: Refused, requests: &mut Vec<Endpoint>) -> String {
        let is_fresh = |login: &SignedIn| self.now < login.since + 60;
        match &self.login {
            None => return NOT_CONNECTED.to_owned(),
            Some(login) if refused == Refused::Stored && is_fresh(login) => {
                return "RejectedByBackend".to_owned();
            }
            _ => {}
        }
        self.obtains(refused == Refused::Stored, requests);
        self.until()
    }

    fn models(&mut self, force: bool, requests: &mut Vec<Endpoint>) -> String {
        let fresh_for = if force { 10 } else { 300 };
        match &self.login {
            None => return NOT_CONNECTED.to_owned(),
            Some(login) if self.now < login.models_at + fresh_for => return "Cache".to_owned(),
            _ => {}
        }
        self.obtains(false, requests);
        requests.push(Endpoint::Models);
        if let Some(login) = &mut self.login {
            login.models_at = self.now;
        }
        "Api".to_owned()
    }

    fn usage(&mut self, force: bool, requests: &mut Vec<Endpoint>) -> String {
        let fresh_for = if force { 10 } else { 60 };
        match &self.login {
            None => return NOT_CONNECTED.to_owned(),
            Some(login) if self.now < login.usage_at + fresh_for => return "Cache".to_owned(),
            _ => {}
        }
        self.obtains(false, requests);
        requests.push(Endpoint::Usage);
        if let Some(login) = &mut self.login {
            login.usage_at = self.now;
        }
        "Api".to_owned()
    }

    /// A usable access token is needed: the stored one, unless it is due.
    fn obtains(&mut self, is_refused: bool, requests: &mut Vec<Endpoint>) {
        let is_due = self.is_due();
        if let Some(login) = &mut self.login
            && (is_refused || is_due == Some(true))
        {
            requests.push(Endpoint::Refresh);
            login.since = self.now;
        }
    }

    fn until(&self) -> String {
        let until = self.login.as_ref().map(|login| login.since + self.lifetime);
        format!("until {until:?}")
    }

    /// Whether the access token is to be refreshed. `None` in the stretch of
    /// time within which it depends on the token when that is.
    pub fn is_due(&self) -> Option<bool> {
        let login = self.login.as_ref()?;
        let window = 300.max(self.lifetime / 10);
        let left = (login.since + self.lifetime).saturating_sub(self.now);
        if left < window.min(self.lifetime / 2) {
            Some(true)
        } else if left >= (window * 5 / 4).min(self.lifetime / 2) {
            Some(false)
        } else {
            None
        }
    }

    /// Whether what that call does depends on the token itself.
    pub fn cannot_tell(&self, call: Call) -> bool {
        let wants_token = matches!(
            call,
            Call::Models { .. } | Call::Usage { .. } | Call::Authorize(_)
        );
        wants_token && self.login.is_some() && self.is_due().is_none()
    }
}

/// The service's code of that number.
fn user_code(number: usize) -> String {
    format!("ABCD-{number:05}")
}
