//! `doctor`: profiles that are signed in to one account. Each works; they share its plan.

use std::collections::BTreeMap;

use chatgpt_oauth_storage::ProfileName;
use chatgpt_oauth_storage::store::Profiles;

use super::Finding;
use crate::error::Error;
use crate::host::Host;

/// How many profiles a finding names.
const MOST_NAMES: usize = 5;

type ByAccount = BTreeMap<String, Vec<ProfileName>>;

impl Host {
    /// Finds accounts with more than one profile. Changes nothing.
    pub async fn examine_accounts(&self) -> Vec<Finding> {
        match self.accounts().await {
            Err(error) => vec![Finding::new("accounts", Err::<String, _>(error))],
            Ok(accounts) => findings(&accounts),
        }
    }

    async fn accounts(&self) -> Result<ByAccount, Error> {
        let mut accounts = ByAccount::new();
        let mut profiles = Profiles::of(self.store());
        while let Some(name) = profiles.next().await? {
            // A login that cannot be read has a finding of its own.
            let status = self.profile(name.clone()).status().await.ok();
            if let Some(account) = status.and_then(|status| status.account_id) {
                accounts.entry(account).or_default().push(name);
            }
        }
        Ok(accounts)
    }
}

/// One for all accounts if each has one profile, else one for each that has more.
fn findings(accounts: &ByAccount) -> Vec<Finding> {
    let finding = |text: String| Finding::new("accounts", Ok::<_, Error>(text));
    let shared: Vec<_> = accounts.values().filter(|names| names.len() > 1).collect();
    if shared.is_empty() {
        return vec![finding(format!(
            "{}, none with two profiles",
            accounts.len()
        ))];
    }
    let shared = shared.into_iter();
    shared.map(|names| finding(describe(names))).collect()
}

fn describe(names: &[ProfileName]) -> String {
    let named: Vec<_> = names
        .iter()
        .take(MOST_NAMES)
        .map(|it| it.as_str())
        .collect();
    let more = match names.len().saturating_sub(MOST_NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "one account in {} profiles, which share its plan: {}{more}",
        names.len(),
        named.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults: G47
    #[test]
    fn an_account_in_several_profiles_is_named_with_at_most_five_of_them() {
        let names = |count: usize| {
            let names = (0..count).map(|number| format!("p{number}").parse().unwrap());
            names.collect::<Vec<ProfileName>>()
        };
        let texts = |accounts: &[(&str, usize)]| {
            let accounts = accounts.iter();
            let accounts = accounts.map(|(account, count)| ((*account).to_owned(), names(*count)));
            let findings = findings(&accounts.collect());
            let texts = findings.into_iter().map(|finding| finding.outcome.unwrap());
            texts.collect::<Vec<_>>()
        };
        assert_eq!(texts(&[]), ["0, none with two profiles"]);
        assert_eq!(texts(&[("a", 1), ("b", 1)]), ["2, none with two profiles"]);
        assert_eq!(
            texts(&[("a", 2), ("b", 1), ("c", 7)]),
            [
                "one account in 2 profiles, which share its plan: p0, p1",
                "one account in 7 profiles, which share its plan: p0, p1, p2, p3, p4 and 2 more",
            ]
        );
    }
}
