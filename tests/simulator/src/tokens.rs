//! Refresh tokens and their families: rotation, reuse detection, revocation.
//!
//! A family is one sign-in. Its refresh tokens are generations 0, 1, 2 …; each has a link to its successor.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::issuer::Arrival;
use crate::jwt::fingerprint;
use crate::random;
use crate::settings::{RevocationScope, Rotation};

#[derive(Default)]
pub(crate) struct Tokens {
    families: Vec<Family>,
    refresh: Vec<RefreshToken>,
    /// From the value of a refresh token to its index in `refresh`.
    by_value: HashMap<String, usize>,
    /// From an access token to its family.
    access: HashMap<String, usize>,
}

pub(crate) struct Family {
    /// The account as it was at sign-in: a refresh does not update the plan claim.
    pub(crate) account: Account,
    pub(crate) session_id: String,
    revoked: Option<Revocation>,
    /// The number of refresh tokens issued so far.
    generations: usize,
}

struct RefreshToken {
    value: String,
    family: usize,
    generation: usize,
    issued_at: i64,
    state: State,
    presentations: Vec<Presentation>,
}

#[derive(Clone, Copy)]
enum State {
    Live,
    Superseded {
        at: i64,
        successor: usize,
    },
    /// Superseded by a successor that was itself replaced before it was presented.
    Replaced,
}

/// Why the tokens of a sign-in stopped working.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revocation {
    /// A used refresh token was presented again.
    Reuse,
    /// `POST /oauth/revoke`, or "log out of all devices".
    Logout,
    /// A security event: password change, sweep.
    Invalidated,
}

/// One refresh token and its presentations: tests assert one presentation per generation.
#[derive(Clone, Debug, Serialize)]
pub struct Presentations {
    /// The first 16 hexadecimal digits of the token's SHA-256 digest.
    pub fingerprint: String,
    /// The number of the sign-in, from 0.
    pub family: usize,
    /// The number of the token within its family, in the order of issue, from 0.
    pub generation: usize,
    /// Every presentation, in order.
    pub presentations: Vec<Presentation>,
}

/// A refresh token in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Presentation {
    /// [`RecordedRequest::sequence`](crate::RecordedRequest::sequence) of the request that presented it.
    pub request: u64,
    /// Unix seconds on the simulator's clock.
    pub at: i64,
    /// What the server did. The request log says whether the client received the answer.
    pub outcome: Outcome,
}

/// The result of a presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Superseded by a new one.
    Rotated,
    /// Superseded before, and forgiven: the server issued a new successor ([`Rotation::Grace`]).
    Forgiven,
    /// Accepted and still valid ([`Rotation::KeepsToken`]).
    Kept,
    /// Superseded before: the server ended the family now or earlier.
    Reused,
    /// Its family was revoked.
    Revoked,
    /// Expired.
    Expired,
    /// A fault answered instead of the server; nothing changed.
    Unprocessed,
}

/// Why a refresh token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefreshRefused {
    Unknown,
    Reused,
    Revoked,
    Expired,
}

/// Why an access token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccessRefused {
    Unknown,
    Revoked(Revocation),
}

/// An accepted refresh token.
pub(crate) struct Refreshed {
    pub(crate) family: usize,
    /// `None` if the presented token stays valid.
    pub(crate) refresh_token: Option<String>,
}

impl Tokens {
    /// Opens a family; returns its number and first refresh token.
    pub(crate) fn sign_in(&mut self, account: Account, now: i64) -> (usize, String) {
        let value = random::token("rt_");
        let family = self.open(account, value.clone(), now);
        (family, value)
    }

    /// Opens a family with this refresh token; returns its number.
    pub(crate) fn open(&mut self, account: Account, refresh_token: String, now: i64) -> usize {
        let family = self.families.len();
        self.families.push(Family {
            account,
            session_id: random::id("sess_"),
            revoked: None,
            generations: 0,
        });
        self.issue(family, refresh_token, now);
        family
    }

    pub(crate) fn family(&self, family: usize) -> &Family {
        &self.families[family]
    }

    pub(crate) fn add_access_token(&mut self, token: String, family: usize) {
        self.access.insert(token, family);
    }

    /// The refresh grant (RFC 6749, section 6).
    pub(crate) fn refresh(
        &mut self,
        token: &str,
        rotation: Rotation,
        lifetime: Option<i64>,
        arrival: Arrival,
    ) -> Result<Refreshed, RefreshRefused> {
        let index = self.find(token).ok_or(RefreshRefused::Unknown)?;
        let now = arrival.now;
        let decided = self.judge(index, rotation, lifetime, now);
        let outcome = match decided {
            Ok(outcome) => outcome,
            Err(RefreshRefused::Reused) => Outcome::Reused,
            Err(RefreshRefused::Expired) => Outcome::Expired,
            Err(_) => Outcome::Revoked,
        };
        self.record(index, arrival, outcome);
        let family = self.refresh[index].family;
        if outcome == Outcome::Reused {
            self.families[family]
                .revoked
                .get_or_insert(Revocation::Reuse);
        }
        decided?;
        let refresh_token = match outcome {
            Outcome::Kept => None,
            _ => Some(self.supersede(index, now)),
        };
        Ok(Refreshed {
            family,
            refresh_token,
        })
    }

    /// Records that a request presented the token, although the server did not process it.
    pub(crate) fn presented_unprocessed(&mut self, token: &str, arrival: Arrival) {
        if let Some(index) = self.find(token) {
            self.record(index, arrival, Outcome::Unprocessed);
        }
    }

    pub(crate) fn check_access(&self, token: &str) -> Result<&Family, AccessRefused> {
        let family = self.access.get(token).ok_or(AccessRefused::Unknown)?;
        let family = &self.families[*family];
        family
            .revoked
            .map_or(Ok(family), |why| Err(AccessRefused::Revoked(why)))
    }

    /// Ends the family of a refresh or access token. An unknown token is no error (RFC 7009, section 2.2).
    pub(crate) fn revoke_token(&mut self, token: &str, scope: RevocationScope) {
        let family = match self.find(token) {
            Some(index) => Some(self.refresh[index].family),
            None => self.access.get(token).copied(),
        };
        let Some(family) = family else { return };
        match scope {
            RevocationScope::Family => self.revoke(family, Revocation::Logout),
            RevocationScope::User => {
                let user = self.families[family].account.user_id.clone();
                for family in &mut self.families {
                    if family.account.user_id == user {
                        family.revoked.get_or_insert(Revocation::Logout);
                    }
                }
            }
        }
    }

    /// Ends a family; a family that has ended keeps its first reason.
    pub(crate) fn revoke(&mut self, family: usize, why: Revocation) {
        if let Some(family) = self.families.get_mut(family) {
            family.revoked.get_or_insert(why);
        }
    }

    pub(crate) fn revoke_all(&mut self, why: Revocation) {
        for family in 0..self.families.len() {
            self.revoke(family, why);
        }
    }

    pub(crate) fn presentations(&self) -> Vec<Presentations> {
        self.refresh
            .iter()
            .map(|token| Presentations {
                fingerprint: fingerprint(&token.value),
                family: token.family,
                generation: token.generation,
                presentations: token.presentations.clone(),
            })
            .collect()
    }

    /// The result of presenting the token, before anything changes.
    fn judge(
        &self,
        index: usize,
        rotation: Rotation,
        lifetime: Option<i64>,
        now: i64,
    ) -> Result<Outcome, RefreshRefused> {
        let token = &self.refresh[index];
        let ended = self.families[token.family].revoked.is_some();
        match token.state {
            State::Live if ended => Err(RefreshRefused::Revoked),
            State::Live if lifetime.is_some_and(|seconds| now >= token.issued_at + seconds) => {
                Err(RefreshRefused::Expired)
            }
            State::Live if rotation == Rotation::KeepsToken => Ok(Outcome::Kept),
            State::Live => Ok(Outcome::Rotated),
            State::Superseded { at, successor } if !ended => match rotation {
                Rotation::Grace { within }
                    if !self.refresh[successor].was_processed()
                        && within.is_none_or(|within| now <= at + within.as_secs() as i64) =>
                {
                    Ok(Outcome::Forgiven)
                }
                _ => Err(RefreshRefused::Reused),
            },
            State::Superseded { .. } | State::Replaced => Err(RefreshRefused::Reused),
        }
    }

    fn supersede(&mut self, index: usize, now: i64) -> String {
        if let State::Superseded { successor, .. } = self.refresh[index].state {
            self.refresh[successor].state = State::Replaced;
        }
        let family = self.refresh[index].family;
        let successor = self.issue(family, random::token("rt_"), now);
        self.refresh[index].state = State::Superseded { at: now, successor };
        self.refresh[successor].value.clone()
    }

    fn record(&mut self, index: usize, arrival: Arrival, outcome: Outcome) {
        let presentation = Presentation {
            request: arrival.sequence,
            at: arrival.now,
            outcome,
        };
        self.refresh[index].presentations.push(presentation);
    }

    fn issue(&mut self, family: usize, value: String, now: i64) -> usize {
        let index = self.refresh.len();
        self.by_value.insert(value.clone(), index);
        self.refresh.push(RefreshToken {
            value,
            family,
            generation: self.families[family].generations,
            issued_at: now,
            state: State::Live,
            presentations: Vec::new(),
        });
        self.families[family].generations += 1;
        index
    }

    fn find(&self, token: &str) -> Option<usize> {
        self.by_value.get(token).copied()
    }
}

impl RefreshToken {
    fn was_processed(&self) -> bool {
        self.presentations
            .iter()
            .any(|presentation| presentation.outcome != Outcome::Unprocessed)
    }
}
