//! What may be in the way of a login, looked at one by one, each with what mends it.

mod network;

use std::collections::BTreeMap;

use crate::error::{Error, ErrorCode};
use crate::host::Host;
use chatgpt_oauth_storage::seal::KeyId;
use chatgpt_oauth_storage::sealed_store::{CREDENTIAL, LoginWrite, is_irreplaceable, sealed_with};
use chatgpt_oauth_storage::store::Profiles;
use chatgpt_oauth_storage::{ProfileName, Row, StoreError};

/// How far two clocks may differ, in seconds: docs/refresh.md, Constants.
const CLOCKS_DIFFER_BY: u64 = 30;

/// Whose status is asked for to see whether the component runs.
const NOBODY: &str = "doctor";

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at: `component`, `store`, `key`, `values`, `proxy`, `addresses`,
    /// a host's name, `clock`.
    pub subject: String,
    /// What was seen, or what is wrong with it and what mends it.
    pub outcome: Result<String, Error>,
}

impl Finding {
    /// What was found out about a subject.
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

/// The values of a store: how many each key seals, and what is wrong with others.
#[derive(Default)]
struct Values {
    by_key: BTreeMap<KeyId, u64>,
    wrong: Vec<(String, Error)>,
}

impl Host {
    /// Looks at the store: whether it can be written, whether the keys can be
    /// read, and whether every value opens and is the latest. LoginWrite nothing but
    /// what is there already.
    pub async fn examine_store(&self) -> Vec<Finding> {
        let written = self.store().check_writable().await;
        let mut findings = vec![Finding::new("store", written.map(|()| "can be written"))];
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

    /// Runs the component once, for a profile that is not there: whether this machine
    /// gives it memory, a thread and machine code. For a host over a store in memory.
    pub async fn examine_component(&self) -> Finding {
        let nobody = self.profile(NOBODY.parse().expect("it is a name"));
        let runs = match self.parts.sandbox.is_interpreted() {
            true => {
                "runs, interpreted: address space is limited here (`ulimit -v`), or memory may not be made executable"
            }
            false => "runs",
        };
        Finding::new("component", nobody.status().await.map(|_| runs))
    }

    async fn is_yet_to_be_sealed(&self) -> bool {
        let keys = self.parts.sealed.keys.as_ref();
        let is_yet_to_be_made = keys.is_some_and(|keys| keys.is_yet_to_be_made());
        let profiles = self.store().list(None, 1).await;
        is_yet_to_be_made && profiles.is_ok_and(|profiles| profiles.is_empty())
    }

    fn describe_key(&self, ids: &[KeyId]) -> String {
        let file = self.parts.sealed.keys.as_ref().and_then(|keys| keys.file());
        let file = file.map_or_else(String::new, |file| format!(", {}", file.display()));
        match ids {
            [sealing, former] => format!("{sealing} seals, {former} still opens{file}"),
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
        let told = match ids {
            [sealing, former] => format!(
                "{} sealed with the key in use, {} with the former one",
                count(sealing),
                count(former)
            ),
            ids => format!(
                "{} sealed with the key in use",
                ids.iter().map(count).sum::<u64>()
            ),
        };
        std::iter::once(Finding::new("values", Ok::<_, Error>(told)))
            .chain(wrong)
            .collect()
    }

    async fn values(&self) -> Result<Values, StoreError> {
        let mut values = Values::default();
        let mut profiles = Profiles::of(self.store());
        while let Some(profile) = profiles.next().await? {
            for row in self.store().load(&profile).await? {
                self.look_at(&profile, &row, &mut values);
            }
        }
        Ok(values)
    }

    fn look_at(&self, profile: &ProfileName, row: &Row, values: &mut Values) {
        let records = self
            .parts
            .sealed
            .profile(profile.clone(), LoginWrite::Update);
        let mut wrong = |error: StoreError| {
            let named = format!("{} of {profile}", row.key);
            values.wrong.push((named, error.into()));
        };
        match records.decrypt(row) {
            // Its next copy takes its place.
            Err(_) if !is_irreplaceable(&row.key) => {}
            Err(error) => wrong(error),
            Ok(Some(_)) if row.key == CREDENTIAL && records.is_rolled_back(Some(row.version)) => {
                wrong(StoreError::Rollback);
            }
            Ok(_) => {
                if let Ok(Some(id)) = sealed_with(row) {
                    *values.by_key.entry(id).or_default() += 1;
                }
            }
        }
    }
}

fn describe_clock(ours: u64, theirs: u64) -> Result<String, Error> {
    let apart = ours.abs_diff(theirs);
    let told = match apart {
        0 | 1 => "right".to_owned(),
        _ if ours > theirs => format!("{apart} s fast"),
        _ => format!("{apart} s slow"),
    };
    match apart <= CLOCKS_DIFFER_BY {
        true => Ok(told),
        false => Err(Error::permanent(
            ErrorCode::Internal,
            told,
            "set this machine's clock, and keep it in step by NTP",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_by_more_than_half_a_minute_is_a_finding() {
        for (ours, told) in [
            (1000, "right"),
            (1001, "right"),
            (1030, "30 s fast"),
            (970, "30 s slow"),
        ] {
            assert_eq!(describe_clock(ours, 1000).unwrap(), told);
        }
        for ours in [1031, 969, 0] {
            assert!(describe_clock(ours, 1000).unwrap_err().hint.contains("NTP"));
        }
    }
}
