//! `doctor`: checks the component, the store, its keys and every value, with a fix for what
//! is wrong. `accounts` finds profiles of one account, `network` checks the rest.

mod accounts;
mod network;

use std::collections::BTreeMap;

use chatgpt_oauth_storage::clock::ClockOffset;
use chatgpt_oauth_storage::seal::KeyId;
use chatgpt_oauth_storage::sealed_store::{CREDENTIAL, LoginWrite, is_irreplaceable, sealed_with};
use chatgpt_oauth_storage::store::Profiles;
use chatgpt_oauth_storage::{ProfileName, Row, StoreError};

use crate::error::{Error, ErrorCode};
use crate::host::Host;

/// How far two clocks may differ, in seconds: docs/refresh.md, Constants.
const MAX_CLOCK_SKEW: u64 = 30;

/// The profile whose status is read to check that the component runs. It holds nothing.
const EMPTY_PROFILE: &str = "doctor";

/// The outcome of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The subject of the check: `component`, `store`, `failover`, `clock of the store`, `key`,
    /// `values`, `accounts`, `proxy`, `addresses`, the name of a host, or `clock`.
    pub subject: String,
    /// The state of the subject, or an error with a hint how to fix it.
    pub outcome: Result<String, Error>,
}

impl Finding {
    /// The outcome of the check of a subject.
    pub fn new(
        subject: impl Into<String>,
        outcome: Result<impl Into<String>, impl Into<Error>>,
    ) -> Self {
        Self {
            subject: subject.into(),
            outcome: outcome.map(Into::into).map_err(Into::into),
        }
    }
}

/// The values of a store: how many each key seals, and the errors of the others.
#[derive(Default)]
struct Values {
    by_key: BTreeMap<KeyId, u64>,
    wrong: Vec<(String, Error)>,
}

impl Host {
    /// Checks that the store can be written and has lost no write, that the keys can be read,
    /// and that every value decrypts and is the latest. Changes no value.
    pub async fn examine_store(&self) -> Vec<Finding> {
        let written = self.store().check_writable().await;
        let mut findings = vec![Finding::new("store", written.map(|()| "can be written"))];
        if self.store().history().is_suspected {
            findings.push(Finding::new(
                "failover",
                Err::<String, _>(StoreError::Failover),
            ));
        }
        if let Some(offset) = self.store().clock_offset() {
            let text = Ok::<_, Error>(describe_offset(offset));
            findings.push(Finding::new("clock of the store", text));
        }
        let keys = self.parts.sealed.keys.as_ref();
        let keys = keys.map(|keys| keys.ids().map_err(Error::from));
        match keys {
            None => findings.push(Finding::new(
                "key",
                Ok::<_, Error>("none: values are not sealed"),
            )),
            Some(Ok(ids)) => {
                findings.push(Finding::new("key", Ok::<_, Error>(self.describe_key(&ids))));
                findings.extend(self.examine_values(&ids).await);
            }
            Some(Err(_)) if self.is_yet_to_be_sealed().await => {
                findings.push(Finding::new(
                    "key",
                    Ok::<_, Error>("made with the first login"),
                ));
            }
            Some(Err(error)) => findings.push(Finding::new("key", Err::<String, _>(error))),
        }
        findings
    }

    /// Checks that this machine gives the component memory, a thread and machine code: runs
    /// it once for an empty profile. For a host over a store in memory.
    pub async fn examine_component(&self) -> Finding {
        let profile = self.profile(EMPTY_PROFILE.parse().expect("it is a valid name"));
        let runs = match self.parts.sandbox.is_interpreted() {
            true => {
                "runs, interpreted: address space is limited here (`ulimit -v`), or memory may not be made executable"
            }
            false => "runs",
        };
        Finding::new("component", profile.status().await.map(|_| runs))
    }

    async fn is_yet_to_be_sealed(&self) -> bool {
        let keys = self.parts.sealed.keys.as_ref();
        let is_yet_to_be_created = keys.is_some_and(|keys| keys.is_yet_to_be_created());
        let profiles = self.store().list(None, 1).await;
        is_yet_to_be_created && profiles.is_ok_and(|profiles| profiles.is_empty())
    }

    fn describe_key(&self, ids: &[KeyId]) -> String {
        let file = self.parts.sealed.keys.as_ref().and_then(|keys| keys.file());
        let file = file.map_or_else(String::new, |file| format!(", {}", file.display()));
        match ids {
            [sealing, previous] => format!("{sealing} seals, {previous} still opens{file}"),
            ids => ids.iter().map(|id| format!("{id} seals{file}")).collect(),
        }
    }

    async fn examine_values(&self, ids: &[KeyId]) -> Vec<Finding> {
        let values = match self.values().await {
            Ok(values) => values,
            Err(error) => return vec![Finding::new("values", Err::<String, _>(error))],
        };
        let wrong = values.wrong.into_iter();
        let wrong = wrong.map(|(value, error)| Finding::new(value, Err::<String, _>(error)));
        let count = |id: &KeyId| values.by_key.get(id).copied().unwrap_or_default();
        let text = match ids {
            [sealing, previous] => format!(
                "{} sealed with the key in use, {} with the previous one",
                count(sealing),
                count(previous)
            ),
            ids => format!(
                "{} sealed with the key in use",
                ids.iter().map(count).sum::<u64>()
            ),
        };
        std::iter::once(Finding::new("values", Ok::<_, Error>(text)))
            .chain(wrong)
            .collect()
    }

    async fn values(&self) -> Result<Values, StoreError> {
        let mut values = Values::default();
        let mut profiles = Profiles::of(self.store());
        while let Some(profile) = profiles.next().await? {
            for row in self.store().load(&profile).await? {
                self.check_value(&profile, &row, &mut values);
            }
        }
        Ok(values)
    }

    fn check_value(&self, profile: &ProfileName, row: &Row, values: &mut Values) {
        let records = self
            .parts
            .sealed
            .profile(profile.clone(), LoginWrite::Update);
        let mut wrong = |error: StoreError| {
            let named = format!("{} of {profile}", row.key);
            values.wrong.push((named, error.into()));
        };
        match records.decrypt(row) {
            // The next cache entry replaces it.
            Err(_) if !is_irreplaceable(&row.key) => {}
            Err(error) => wrong(error),
            Ok(Some(_)) if row.key == CREDENTIAL && records.is_rolled_back(Some(row.version)) => {
                wrong(records.rollback());
            }
            Ok(_) => {
                if let Ok(Some(id)) = sealed_with(row) {
                    *values.by_key.entry(id).or_default() += 1;
                }
            }
        }
    }
}

fn describe_offset(offset: ClockOffset) -> String {
    match offset.microseconds() / 1_000_000 {
        0 => "as this machine's".to_owned(),
        seconds if seconds > 0 => format!("{seconds} s ahead of this machine's, and counts"),
        seconds => format!("{} s behind this machine's, and counts", -seconds),
    }
}

fn describe_clock(ours: u64, theirs: u64) -> Result<String, Error> {
    let apart = ours.abs_diff(theirs);
    let text = match apart {
        0 | 1 => "right".to_owned(),
        _ if ours > theirs => format!("{apart} s fast"),
        _ => format!("{apart} s slow"),
    };
    match apart <= MAX_CLOCK_SKEW {
        true => Ok(text),
        false => Err(Error::permanent(
            ErrorCode::Internal,
            text,
            "set this machine's clock, and keep it in step by NTP",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_by_more_than_half_a_minute_is_a_finding() {
        for (ours, text) in [
            (1000, "right"),
            (1001, "right"),
            (1030, "30 s fast"),
            (970, "30 s slow"),
        ] {
            assert_eq!(describe_clock(ours, 1000).unwrap(), text);
        }
        for ours in [1031, 969, 0] {
            assert!(describe_clock(ours, 1000).unwrap_err().hint.contains("NTP"));
        }
    }
}
