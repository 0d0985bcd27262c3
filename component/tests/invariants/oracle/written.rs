//! Checked at every write of the login.

use super::{Oracle, Received, Report};
use crate::stored::Credential;
use crate::tally::Rare;
use crate::test_env::TestEnv;

/// From the request to the stored answer a call has this long, in seconds: the
/// probe delay less the guard. No call presents the token again meanwhile.
const PROBE_DELAY: u64 = 120 - 5;

/// A login has ended when so many probes in a row were refused by an unknown code, …
const REFUSALS: usize = 5;

/// … the first and the last of them so far apart, in seconds: a day, less the time
/// that the answers take to be stored.
const REFUSED_FOR: u64 = 86_400 - 60;

impl Oracle {
    /// A credential was stored over `old`.
    pub fn writes(&mut self, env: &TestEnv, old: &Credential, new: Credential, report: &Report) {
        assert!(new.generation > old.generation, "I6: the generation");
        assert!(new.login_seq >= old.login_seq, "I3: login_seq went back");
        self.turns_over(old, &new);
        self.writes_tokens(env, old, &new);
        self.writes_end(env, old, &new, report);
        self.commits(env, old, &new, report);
        self.written.push(new);
    }

    /// I3: a pending login from before another login or logout is never stored.
    fn turns_over(&mut self, old: &Credential, new: &Credential) {
        let is_login = new.has_login() && new.login_id != old.login_id;
        if is_login {
            let id = new.login_id.as_deref().unwrap_or_default();
            let is_latest = self.shown.get(id) == Some(&self.turns);
            assert!(is_latest, "I3: a login that was superseded became active");
        }
        let is_end_of_logout = old.state == "logging-out" && new.state == "logged-out";
        if is_login || (!new.has_login() && !is_end_of_logout) {
            self.turns += 1;
        }
    }

    /// I3 and I9: whose tokens are stored under which login_seq.
    fn writes_tokens(&mut self, env: &TestEnv, old: &Credential, new: &Credential) {
        if new.state == "logged-out" {
            let is_empty = new.refresh.is_none() && new.access.is_none();
            assert!(is_empty, "I3: a logout leaves tokens behind");
        }
        if !new.has_login() {
            return;
        }
        if old.has_login() && old.login_seq == new.login_seq {
            let is_other = old.account_id.is_some() && old.account_id != new.account_id;
            assert!(!is_other, "I9: the account changed within a login_seq");
        }
        let service = env.service.borrow();
        let login = new
            .refresh
            .as_deref()
            .and_then(|token| service.login_of(token));
        let login = login.expect("only the service makes tokens");
        let latest = self.login_seqs.values().max().copied().unwrap_or(0);
        let login_seq = *self.login_seqs.entry(login).or_insert_with(|| {
            assert!(new.login_seq > latest, "I3: two logins with one login_seq");
            new.login_seq
        });
        assert_eq!(
            login_seq, new.login_seq,
            "I3: an older login's token became active"
        );
    }

    /// I5, its other half: a call that stores its response in time finds its login intact.
    fn commits(&mut self, env: &TestEnv, old: &Credential, new: &Credential, report: &Report) {
        for received in &report.received {
            let Received::Grant {
                presented,
                presented_at,
                successor: Some(successor),
            } = received
            else {
                continue;
            };
            if old.refresh.as_ref() != Some(presented) || new.refresh.as_ref() != Some(successor) {
                continue;
            }
            if env.time.get() - presented_at >= PROBE_DELAY {
                self.late.insert(successor.clone());
                continue;
            }
            let tripped_at = env.service.borrow().tripped_at(successor);
            let is_tripped = tripped_at.is_some_and(|at| at >= *presented_at);
            assert!(
                !(is_tripped && env.setup.ages_truly()),
                "I5: a token was presented again while its answer was still to be stored"
            );
        }
    }

    /// I8, and I2 for its second half: what makes a login end.
    fn writes_end(&mut self, env: &TestEnv, old: &Credential, new: &Credential, report: &Report) {
        if new.state != "needs-login" || old.state == "needs-login" {
            return;
        }
        let is_refused = report.received.iter().any(|received| {
            matches!(received, Received::Refused(token) if Some(token) == new.refresh.as_ref())
        });
        assert!(
            is_refused || self.is_refused_for_long(env, new),
            "I8: a login ended without a definitive answer"
        );
        assert!(
            env.is_harmed.get(),
            "I2: a login ended though nothing went wrong"
        );
    }

    /// Whether a row of refusals by an unknown code has ended the login, now or before.
    fn is_refused_for_long(&mut self, env: &TestEnv, new: &Credential) -> bool {
        let row = new
            .refresh
            .as_ref()
            .and_then(|token| self.refusals.get_mut(token));
        let Some(row) = row else { return false };
        let is_long =
            row.at.len() >= REFUSALS && row.at[row.at.len() - 1] - row.at[0] >= REFUSED_FOR;
        // By a clock that is set the day may be shorter.
        let is_enough = is_long || (row.at.len() >= REFUSALS && !env.setup.ages_truly());
        if is_enough && !row.have_ended {
            row.have_ended = true;
            env.tally.borrow_mut().meets(Rare::EndByRefusals);
        }
        row.have_ended
    }
}
