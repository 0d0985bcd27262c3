//! What a person does meanwhile: a new login, a logout.

use crate::record::State;
use crate::rules::Rules;
use crate::server::Token;
use crate::world::{World, spend};

impl World {
    /// `start`: the pending login remembers the epoch.
    pub(crate) fn begin_login(mut self) -> Option<Self> {
        if self.record.state == State::LoggingOut {
            return None;
        }
        spend(&mut self.left.logins)?;
        self.pending = Some(self.record.epoch);
        self.witness.begins_login();
        Some(self)
    }

    /// `poll`, once the exchange has brought tokens (component/src/flow/exchange.rs). Its
    /// own faults are left out: they cost this login and touch no other.
    pub(crate) fn end_login(mut self, rules: &Rules) -> Option<Self> {
        let epoch = self.pending.take()?;
        if epoch == self.record.epoch || !rules.epoch_check {
            self.record = self.record.logged_in(Token::first(self.logins));
            self.logins += 1;
            self.witness.ends_login();
        }
        Some(self)
    }

    /// `logout`. The pending login goes with it; one whose exchange is under way does not know.
    pub(crate) fn logout(mut self) -> Option<Self> {
        let has_something = self.record.has_login() || self.pending.is_some();
        if self.record.state == State::LoggingOut || !has_something {
            return None;
        }
        spend(&mut self.left.logouts)?;
        self.record = self.record.logged_out();
        self.witness.logs_out();
        Some(self)
    }

    /// `logout` with revocation, as far as it is stored before the service is asked.
    pub(crate) fn begin_revocation(mut self) -> Option<Self> {
        if !self.record.has_login() {
            return None;
        }
        spend(&mut self.left.logouts)?;
        self.record = self.record.logging_out();
        self.witness.logs_out();
        Some(self)
    }

    /// The service has been asked; whoever finds an interrupted logout does that, too.
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
