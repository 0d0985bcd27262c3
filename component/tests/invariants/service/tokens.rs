//! Logins at the service: every refresh token counts once, and one that comes
//! a second time ends its whole login.

use super::jwt;
use crate::MARKER;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a refresh grants, or an exchange.
#[derive(Clone)]
pub struct Pair {
    pub refresh: String,
    pub access: String,
    account: &'static str,
    lifetime: u64,
}

/// One login: all tokens that descend from one exchange.
struct Login {
    account: &'static str,
    /// The error code that every token of it is answered with, once it is over.
    ended: Option<&'static str>,
    /// When a refresh token of it came a second time.
    tripped_at: Option<u64>,
}

struct Refresh {
    login: usize,
    /// When it was used, and what it was replaced by.
    used: Option<(u64, Pair)>,
}

struct Access {
    login: usize,
    expires_at: u64,
}

/// How the service deviates from the usual when it grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// The refresh token stays the same.
    KeepsToken,
    /// No access token comes along.
    OmitsAccess,
    /// The tokens are another account's.
    MixesAccounts,
}

/// What the service says to a refresh token.
pub enum Said {
    Granted { pair: Pair, is_rotated: bool },
    Refused(&'static str),
}

pub struct Tokens {
    lifetime: u64,
    grace: u64,
    issued: usize,
    logins: Vec<Login>,
    refresh: BTreeMap<String, Refresh>,
    access: BTreeMap<String, Access>,
}

impl Tokens {
    /// Access tokens live for `lifetime` seconds; a refresh token that was used
    /// less than `grace` seconds ago is answered with the same successor.
    pub fn new(lifetime: u64, grace: u64) -> Self {
        Self {
            lifetime,
            grace,
            issued: 0,
            logins: Vec::new(),
            refresh: BTreeMap::new(),
            access: BTreeMap::new(),
        }
    }

    pub fn begin_login(&mut self, account: &'static str, now: u64) -> Pair {
        self.logins.push(Login {
            account,
            ended: None,
            tripped_at: None,
        });
        self.issue(self.logins.len() - 1, account, now)
    }

    fn issue(&mut self, login: usize, account: &'static str, now: u64) -> Pair {
        self.issued += 1;
        let number = self.issued;
        let refresh = format!("rt.{MARKER}.{number}");
        let expires_at = now + self.lifetime;
        let claims = json!({"exp": expires_at, "jti": number});
        let access = jwt(&claims, &format!("{MARKER}-at-{number}"));
        self.refresh
            .insert(refresh.clone(), Refresh { login, used: None });
        self.access
            .insert(access.clone(), Access { login, expires_at });
        Pair {
            refresh,
            access,
            account,
            lifetime: self.lifetime,
        }
    }

    pub fn refresh(&mut self, token: &str, quirk: Option<Quirk>, now: u64) -> Said {
        let Some(known) = self.refresh.get(token) else {
            return Said::Refused("invalid_grant");
        };
        let login = known.login;
        if let Some(code) = self.logins[login].ended {
            return Said::Refused(code);
        }
        if let Some((used_at, pair)) = known.used.clone() {
            return self.used_before(login, used_at, pair, now);
        }
        let account = match quirk {
            Some(Quirk::MixesAccounts) => "acc-mixed-up",
            _ => self.logins[login].account,
        };
        let pair = self.issue(login, account, now);
        if quirk == Some(Quirk::KeepsToken) {
            self.refresh.remove(&pair.refresh);
            return Said::Granted {
                pair,
                is_rotated: false,
            };
        }
        if let Some(known) = self.refresh.get_mut(token) {
            known.used = Some((now, pair.clone()));
        }
        Said::Granted {
            pair,
            is_rotated: true,
        }
    }

    fn used_before(&mut self, login: usize, used_at: u64, pair: Pair, now: u64) -> Said {
        let is_successor_unused = self.refresh[&pair.refresh].used.is_none();
        if now < used_at + self.grace && is_successor_unused {
            return Said::Granted {
                pair,
                is_rotated: true,
            };
        }
        self.logins[login].ended = Some("refresh_token_invalidated");
        self.logins[login].tripped_at = Some(now);
        Said::Refused("refresh_token_reused")
    }

    /// Ends every login: a changed password, a logout elsewhere, a sweep.
    pub fn end_all(&mut self) {
        for login in &mut self.logins {
            login.ended = login.ended.or(Some("refresh_token_invalidated"));
        }
    }

    pub fn revoke(&mut self, token: &str) {
        if let Some(known) = self.refresh.get(token) {
            let ended = &mut self.logins[known.login].ended;
            *ended = ended.or(Some("refresh_token_invalidated"));
        }
    }

    /// Whether the backend takes this access token for `seconds` more.
    pub fn works(&self, access: &str, now: u64, seconds: u64) -> bool {
        let known = self.access.get(access);
        known.is_some_and(|known| {
            self.logins[known.login].ended.is_none() && now + seconds < known.expires_at
        })
    }

    /// When reuse was detected in the login of this refresh token.
    pub fn tripped_at(&self, refresh: &str) -> Option<u64> {
        self.logins[self.refresh.get(refresh)?.login].tripped_at
    }

    /// Names the login of an access token.
    pub fn login_of_access(&self, access: &str) -> Option<usize> {
        Some(self.access.get(access)?.login)
    }

    /// Names the login of a refresh token.
    pub fn login_of(&self, refresh: &str) -> Option<usize> {
        Some(self.refresh.get(refresh)?.login)
    }
}

impl Pair {
    /// The answer of the token endpoint.
    pub fn body(&self, is_rotated: bool, quirk: Option<Quirk>) -> Value {
        let id_token = jwt(
            &json!({
                "email": "ada@example.com",
                "https://api.openai.com/auth": {
                    "chatgpt_account_id": self.account, "chatgpt_user_id": "user-1",
                    "chatgpt_plan_type": "plus",
                },
            }),
            &format!("{MARKER}-id"),
        );
        let mut body = json!({"id_token": id_token, "token_type": "Bearer"});
        if is_rotated {
            body["refresh_token"] = json!(self.refresh);
        }
        if quirk != Some(Quirk::OmitsAccess) {
            body["access_token"] = json!(self.access);
            body["expires_in"] = json!(self.lifetime);
        }
        body
    }
}
