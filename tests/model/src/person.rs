//! The actions of a person: a new login, a logout.

use crate::record::State;
use crate::rules::Rules;
use crate::server::Token;
use crate::system::{System, spend};

impl System {
    /// `start`: the pending login stores the `login_seq`.
    pub(crate) fn begin_login(mut self) -> Option<Self> {
        if self.record.state == State::LoggingOut {
            return None;
        }
        spend(&mut self.left.logins)?;
        self.pending = Some(self.record.login_seq);
        self.oracle.begins_login();
        Some(self)
    }

    /// `poll`, after the exchange has returned tokens (component/src/flow/exchange.rs).
    /// The model leaves out the faults of the exchange: they affect only the new login.
    pub(crate) fn end_login(mut self, rules: &Rules) -> Option<Self> {
        let login_seq = self.pending.take()?;
        if login_seq == self.record.login_seq || !rules.login_seq_check {
            self.record = self.record.logged_in(Token::first(self.logins));
            self.logins += 1;
            self.oracle.ends_login();
        }
        Some(self)
    }

    /// `logout`. It also removes the pending login; an exchange that is under way does
    /// not notice that.
    pub(crate) fn logout(mut self) -> Option<Self> {
        let has_something = self.record.has_login() || self.pending.is_some();
        if self.record.state == State::LoggingOut || !has_something {
            return None;
        }
        spend(&mut self.left.logouts)?;
        self.record = self.record.logged_out();
        self.oracle.logs_out();
        Some(self)
    }

    /// `logout` with revocation, up to the write before the request to the service.
    pub(crate) fn begin_revocation(mut self) -> Option<Self> {
        if !self.record.has_login() {
            return None;
        }
        spend(&mut self.left.logouts)?;
        self.record = self.record.logging_out();
        self.oracle.logs_out();
        Some(self)
    }

    /// The service revokes the token. Another call that finds an interrupted logout
    /// requests the same.
    pub(crate) fn end_revocation(mut self) -> Option<Self> {
        if self.record.state != State::LoggingOut {
            return None;
        }
        let token = self.record.token?;
        self.families[usize::from(token.family)].revoke();
        self.record = self.record.logged_out();
        Some(self)
    }
}
