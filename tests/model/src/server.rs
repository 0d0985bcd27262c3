//! The service: refresh tokens that work once, in families of one login each.

/// How many logins a history has, at most: the first and a new one.
pub(crate) const FAMILIES: usize = 2;

/// A refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token {
    /// The login that issued the first token of the family.
    pub(crate) family: u8,
    /// In the order of issue, from 0.
    pub(crate) number: u8,
}

/// What the service does with a token that a worker presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// A token works once. Presented again, it ends the login.
    Strict,
    /// The superseded token still works, until its successor is presented.
    Forgiving,
    /// The same, for a time.
    ForgivingBriefly,
    /// A token stays valid.
    Keeping,
    /// The service refuses every token with an unknown code. No answer is lost.
    Refusing,
}

/// What an answer means for the token (component/src/openai/token_outcome.rs).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenOutcome {
    /// The next token.
    Granted(Token),
    /// The service did not process the token.
    NotProcessed,
    /// The service rejects the token for good.
    Rejected,
    /// The service refuses the token with an unknown code.
    UnknownRefusal,
    /// There is no answer, or it does not say what happened.
    Unknown,
}

/// The tokens of one login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Family {
    /// The number of the valid token.
    current: u8,
    /// The number of the superseded token that is forgiven.
    forgiven: Option<u8>,
    revoked: bool,
}

/// The result of a presentation.
pub(crate) struct Taken {
    pub(crate) outcome: TokenOutcome,
    /// Whether this presentation is the reuse that ended the login.
    pub(crate) is_reuse: bool,
}

impl Token {
    /// The token that a login issues.
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
                outcome: TokenOutcome::UnknownRefusal,
                is_reuse: false,
            };
        }
        let is_good = [Some(self.current), self.forgiven].contains(&Some(token.number));
        if self.revoked || !is_good {
            let is_reuse = !self.revoked;
            self.revoked = true;
            return Taken {
                outcome: TokenOutcome::Rejected,
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
            outcome: TokenOutcome::Granted(Token {
                number: self.current,
                ..token
            }),
            is_reuse: false,
        }
    }

    /// Ends the time in which the service forgives a superseded token.
    pub(crate) fn forgive_no_more(&mut self) {
        self.forgiven = None;
    }

    pub(crate) fn revoke(&mut self) {
        self.revoked = true;
    }
}
