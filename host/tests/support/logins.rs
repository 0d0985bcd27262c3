//! Many logins in a store, without many sign-ins: copies of one.

#![allow(dead_code, reason = "each test binary uses its part of it")]

use std::sync::Arc;

use chatgpt_oauth::ProfileName;
use chatgpt_oauth_storage::sealed_store::{CREDENTIAL, LoginWrite, SealedStore};
use serde_json::Value;
use tokio::task::JoinSet;

/// How many rows are written at a time.
const AT_A_TIME: usize = 16;

/// The rows of a person who has signed in, opened.
#[derive(Clone)]
pub struct Login(Vec<(String, Vec<u8>)>);

impl Login {
    /// The login of this profile.
    pub async fn of(sealed: &SealedStore, profile: ProfileName) -> Self {
        let profile = sealed.profile(profile, LoginWrite::Update);
        let mut rows = Vec::new();
        for row in profile.load().await.expect("rows") {
            if let Some(value) = profile.decrypt(&row).expect("an opened value") {
                rows.push((row.key, value));
            }
        }
        Self(rows)
    }

    /// The same person, with the tokens of another sign-in.
    pub fn with_tokens(&self, tokens: &Value) -> Self {
        let mut credential = self.credential();
        for name in ["access_token", "refresh_token"] {
            credential[name] = tokens[name].clone();
        }
        Self(vec![(
            CREDENTIAL.to_owned(),
            credential.to_string().into_bytes(),
        )])
    }

    /// The record of the login.
    pub fn credential(&self) -> Value {
        let row = self.0.iter().find(|(key, _)| key == CREDENTIAL);
        let (_, value) = row.expect("a login");
        serde_json::from_slice(value).expect("JSON")
    }

    async fn write(&self, sealed: &SealedStore, profile: ProfileName) {
        let profile = sealed.profile(profile, LoginWrite::Update);
        for (key, value) in &self.0 {
            let written = profile.write(key, None, Some(value)).await;
            written.expect("a write");
        }
    }
}

/// The name of the profile with this number. In the order of names, numbers ascend.
pub fn name(number: usize) -> ProfileName {
    format!("person-{number:06}").parse().expect("a name")
}

/// Writes a login for each profile with one of these numbers, sealed.
pub async fn write(
    sealed: &SealedStore,
    numbers: std::ops::Range<usize>,
    login: impl Fn(usize) -> Arc<Login>,
) {
    let mut writing = JoinSet::new();
    for number in numbers {
        if writing.len() == AT_A_TIME {
            writing
                .join_next()
                .await
                .expect("a write")
                .expect("its end");
        }
        let (sealed, login) = (sealed.clone(), login(number));
        writing.spawn(async move { login.write(&sealed, name(number)).await });
    }
    writing.join_all().await;
}
