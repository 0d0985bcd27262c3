//! What must hold, whatever goes wrong: the invariants I1 … I13, checked at
//! every request, at every write and at the end of every call.
//!
//! I11, profiles never share a value, is the host's: a component has one bucket.

mod returned;
mod written;

use crate::service::Endpoint;
use crate::stored::{Credential, fingerprint};
use crate::tally::{Rare, Tally};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What one call did and learnt.
#[derive(Default)]
pub struct Report {
    /// The stored login_seq when it began.
    pub login_seq: u64,
    pub requests: Vec<Endpoint>,
    pub writes: usize,
    /// The generation of the login that it wrote last.
    pub generation: Option<u64>,
    /// How often the store failed.
    pub store_faults: usize,
    /// The credential as it last read it.
    pub seen: Option<Credential>,
    pub received: Vec<Received>,
}

/// An answer of the token endpoint that arrived.
pub enum Received {
    Grant {
        presented: String,
        /// The true time, Unix seconds.
        presented_at: u64,
        /// The next refresh token; none when the presented one stays.
        successor: Option<String>,
    },
    /// A definitive refusal, or another account's tokens.
    Refused(String),
    /// The refresh token of a new login.
    Login(String),
}

/// The latest probes with a token, as far as each was refused by an unknown code.
#[derive(Default)]
struct Refusals {
    /// The true times of the answers, Unix seconds.
    at: Vec<u64>,
    /// The next presentation has no answer yet.
    is_open: bool,
    /// They have ended the login.
    have_ended: bool,
}

/// How often a secret that counts once was sent.
#[derive(Default)]
struct Presented {
    times: u32,
    /// Presentations that may have been processed and were not answered.
    unanswered: u32,
}

#[derive(Default)]
pub struct Oracle {
    presented: BTreeMap<String, Presented>,
    refusals: BTreeMap<String, Refusals>,
    /// Every credential that was stored.
    written: Vec<Credential>,
    /// The refresh tokens that were stored when a quiet period was over: their
    /// predecessors may have been presented again by then.
    late: BTreeSet<String>,
    /// How many logins and logouts there were when each login began to wait.
    shown: BTreeMap<String, u32>,
    /// How many logins and logouts there were.
    turns: u32,
    /// The login_seq under which each login of the service was first stored.
    login_seqs: BTreeMap<usize, u64>,
}

impl Oracle {
    /// A refresh token is about to be sent by a call that last read `seen`.
    pub fn presents(&mut self, token: &str, seen: Option<&Credential>, is_harmed: bool) {
        let intent = seen.and_then(|seen| seen.presented.clone());
        assert_eq!(
            intent,
            Some(fingerprint(token)),
            "I1: a token is presented without a stored intent"
        );
        let probes = seen.map_or(0, |seen| seen.probes);
        let presented = self.presented.entry(token.to_owned()).or_default();
        assert!(
            presented.unanswered == 0 || probes > 0,
            "I1: a token is presented again without a recorded probe"
        );
        assert!(
            presented.times == 0 || is_harmed,
            "I2: a token is presented twice though nothing went wrong"
        );
        presented.times += 1;
        presented.unanswered += 1;
    }

    /// A refresh token is on its way: if the one before has no answer, the row ends.
    pub fn refusals_wait(&mut self, token: &str) {
        let row = self.refusals.entry(token.to_owned()).or_default();
        if row.is_open {
            row.at.clear();
        }
        row.is_open = true;
    }

    /// An unknown code has answered; only probes count.
    pub fn is_refused(&mut self, token: &str, probes: u64, now: u64) {
        let row = self.refusals.entry(token.to_owned()).or_default();
        row.is_open = false;
        if probes > 0 {
            row.at.push(now);
        }
    }

    /// An authorization code is about to be sent.
    pub fn redeems(&mut self, code: &str, tally: &mut Tally) {
        let redeemed = self.presented.entry(code.to_owned()).or_default();
        assert!(
            redeemed.unanswered < 2,
            "P8: a code is sent a third time though its outcome is unknown"
        );
        if redeemed.unanswered > 0 {
            tally.meets(Rare::SecondExchange);
        }
        redeemed.unanswered += 1;
    }

    /// The last presentation was answered and has not used the secret up.
    pub fn takes_back(&mut self, secret: &str) {
        if let Some(presented) = self.presented.get_mut(secret) {
            presented.unanswered = presented.unanswered.saturating_sub(1);
        }
    }

    /// A grant came for it: whether it was used up is known.
    pub fn is_answered(&mut self, token: &str) {
        if let Some(presented) = self.presented.get_mut(token) {
            presented.unanswered = 0;
        }
    }

    /// Whether the tokens were stored before their predecessor could be presented
    /// again.
    pub fn came_in_time(&self, refresh: Option<&str>) -> bool {
        refresh.is_some_and(|refresh| !self.late.contains(refresh))
    }

    /// A pending login was stored.
    pub fn shows(&mut self, pending: &[u8]) {
        let pending: Value = serde_json::from_slice(pending).expect("what is stored is JSON");
        let id = pending["id"].as_str().expect("an id").to_owned();
        self.shown.entry(id).or_insert(self.turns);
    }
}
