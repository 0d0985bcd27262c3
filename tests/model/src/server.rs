//! The service: refresh tokens that count once, in families of one login each.

/// How many logins a history has at most: the first and a new one.
pub(crate) const FAMILIES: usize = 2;

/// A refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token {
    /// The login that it goes back to.
    pub(crate) family: u8,
    /// In the order of issue, from 0.
    pub(crate) number: u8,
}

/// What the service does with a token that is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// It counts once. Presented again it ends the login.
    Strict,
    /// The one just superseded is exchanged again, until its successor is presented.
    Forgiving,
    /// The same, for a time.
    ForgivingBriefly,
    /// It stays good.
    Keeping,
    /// It is refused by an unknown code, whatever it is. No answer is lost.
    Refusing,
}

/// What the answer to a presentation means for the token
/// (component/src/openai/token_outcome.rs).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The token to use from now on.
    Granted(Token),
    /// The service has not looked at the token.
    NotProcessed,
    /// The service refuses the token for good.
    Refused,
    /// The service refuses the token, by a code that may mean anything.
    UnknownRefusal,
    /// No answer came, or none that says what has happened.
    Unknown,
}

/// The tokens of one login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Family {
    /// The number of the token that is good.
    current: u8,
    /// The number of the superseded one that is forgiven.
    forgiven: Option<u8>,
    revoked: bool,
}

/// What became of a presented token.
pub(crate) struct Taken {
    pub(crate) verdict: Verdict,
    /// Whether it has just set off the detection of reuse, which ends the login.
    pub(crate) is_reuse: bool,
}

impl Token {
    /// The one that a login issues.
    pub(crate) const fn first(family: u8) -> Self {
        Self { family, number: 0 }
    }
}

impl Family {
    /// A login with its first token.
    pub(crate) const fn new() -> Self {
        Self {
            current: 0,
            forgiven: None,
            revoked: false,
        }
    }

    pub(crate) fn take(&mut self, token: Token, service: Service) -> Taken {
        if service == Service::Refusing {
            return Taken {
                verdict: Verdict::UnknownRefusal,
                is_reuse: false,
            };
        }
        let is_good = [Some(self.current), self.forgiven].contains(&Some(token.number));
        if self.revoked || !is_good {
            let is_reuse = !self.revoked;
            self.revoked = true;
            return Taken {
                verdict: Verdict::Refused,
                is_reuse,
            };
        }
        if service != Service::Keeping {
            self.current += 1;
        }
        if matches!(service, Service::Forgiving | Service::ForgivingBriefly) {
            self.forgiven = Some(token.number);
        }
        Taken {
            verdict: Verdict::Granted(Token {
                number: self.current,
                ..token
            }),
            is_reuse: false,
        }
    }

    /// The time in which a superseded token is forgiven is over.
    pub(crate) fn forgive_no_more(&mut self) {
        self.forgiven = None;
    }

    pub(crate) fn revoke(&mut self) {
        self.revoked = true;
    }
}
