//! The rare things that the histories must reach: a property that never meets
//! one says nothing about it.

use crate::oracle::{Received, Report};
use crate::service::Endpoint;
use crate::stored::Credential;
use crate::test_env::Ended;
use chatgpt_oauth_component::contract::ErrorCode;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rare {
    /// The outcome of a refresh is unknown.
    Uncertain,
    /// A token whose outcome is unknown is presented again.
    Probe,
    /// The service has detected reuse.
    Reuse,
    /// The service refuses a token for good.
    EndOfLogin,
    /// The service has refused it by an unknown code for long.
    EndByRefusals,
    /// A person asks again after that.
    ProbeAfterEnd,
    /// A grant is stored over a login that was taken over.
    LateGrant,
    /// A grant is stored over a login that a probe has ended.
    GrantOverEnd,
    /// A grant comes after a logout or a new login.
    Superseded,
    /// A process dies after it has presented a token.
    DiedPresenting,
    /// A process dies with a grant in its hands.
    DiedWithGrant,
    /// A grant cannot be stored.
    Lost,
    /// A code is exchanged for the second time.
    SecondExchange,
    /// Another call comes after the clock was set, while a request is under way.
    ClockSetMeanwhile,
}

impl Rare {
    pub const ALL: [Rare; 14] = [
        Rare::Uncertain,
        Rare::Probe,
        Rare::Reuse,
        Rare::EndOfLogin,
        Rare::EndByRefusals,
        Rare::ProbeAfterEnd,
        Rare::LateGrant,
        Rare::GrantOverEnd,
        Rare::Superseded,
        Rare::DiedPresenting,
        Rare::DiedWithGrant,
        Rare::Lost,
        Rare::SecondExchange,
        Rare::ClockSetMeanwhile,
    ];
}

/// What was met, and how often.
#[derive(Default)]
pub struct Tally(pub BTreeMap<Rare, u32>);

impl Tally {
    pub fn meets(&mut self, rare: Rare) {
        *self.0.entry(rare).or_default() += 1;
    }

    /// A credential is stored over `old`.
    pub fn writes(&mut self, old: &Credential, new: &Credential) {
        let is_same_login = old.login_seq == new.login_seq;
        match (old.state.as_str(), new.state.as_str()) {
            ("refreshing", "uncertain") => self.meets(Rare::Uncertain),
            ("needs-login", "refreshing") => self.meets(Rare::ProbeAfterEnd),
            ("uncertain", "refreshing") => self.meets(Rare::Probe),
            ("uncertain", "active") if is_same_login => self.meets(Rare::LateGrant),
            ("needs-login", "active") if is_same_login => self.meets(Rare::GrantOverEnd),
            (_, "needs-login") => self.meets(Rare::EndOfLogin),
            _ => {}
        }
    }

    /// A call is over.
    pub fn returns(&mut self, ended: &Ended, report: &Report, stored: &Credential) {
        let is_grant = |received: &Received| matches!(received, Received::Grant { .. });
        let has_grant = report.received.iter().any(is_grant);
        let has_presented = report.requests.contains(&Endpoint::Refresh);
        match ended {
            None if has_grant => self.meets(Rare::DiedWithGrant),
            None if has_presented => self.meets(Rare::DiedPresenting),
            Some(Err(error)) if error.code == ErrorCode::StoreFailedAfterRefresh => {
                self.meets(Rare::Lost);
            }
            Some(_) if has_grant && stored.login_seq != report.login_seq => {
                self.meets(Rare::Superseded);
            }
            _ => {}
        }
    }
}
