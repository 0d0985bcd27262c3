//! `doctor`: checks component, store, key, network and clock, and suggests fixes.

use std::process::ExitCode;

use chatgpt_oauth::answers::True;
use chatgpt_oauth::answers::operations::Doctor;
use chatgpt_oauth::store::{MemoryStore, StoreLocation};
use chatgpt_oauth::{Error, ErrorCode, Finding, Host};

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;
use crate::output::Text;
use crate::output::exit_code;

pub(crate) async fn run(global: &Global, terminal: &Terminal) -> Result<ExitCode, Error> {
    let findings = match host_without_store(global) {
        Ok(host) => {
            let mut findings = vec![host.examine_component().await];
            findings.extend(store(global).await?);
            findings.extend(host.examine_network().await);
            findings
        }
        // Without the component, no other check can run.
        Err(error) if error.code == ErrorCode::Internal => {
            vec![Finding::new("component", Err::<String, _>(error))]
        }
        Err(error) => return Err(error),
    };
    let first_failure = findings
        .iter()
        .find_map(|finding| finding.outcome.as_ref().err());
    let answer = Doctor {
        ok: True,
        healthy: first_failure.is_none(),
        findings: findings.iter().map(Into::into).collect(),
    };
    let printed = terminal.answer(&answer, || to_text(&findings));
    Ok(first_failure.map_or(printed, |error| exit_code::of(error.code)))
}

/// Checks the store, unless it does not exist: a check creates none.
async fn store(global: &Global) -> Result<Vec<Finding>, Error> {
    let location = open::location(global)?;
    let named = match &location {
        StoreLocation::Sqlite(file) => file.display().to_string(),
        #[cfg(feature = "postgres")]
        StoreLocation::Postgres(url) => url.to_string(),
    };
    if let StoreLocation::Sqlite(file) = &location
        && !file.exists()
    {
        let none = format!("none yet at {named}; the first login creates it");
        return Ok(vec![Finding::new("store", Ok::<_, Error>(none))]);
    }
    Ok(match open::host(global, Access::ReadWrite).await {
        Ok(host) => {
            let opened = Finding::new("store", Ok::<_, Error>(named));
            let mut findings = vec![opened];
            findings.extend(host.examine_store().await);
            findings.extend(host.examine_accounts().await);
            findings
        }
        Err(error) => vec![Finding::new("store", Err::<String, _>(of(&named, error)))],
    })
}

/// The error of a store, which it names.
fn of(named: &str, mut error: Error) -> Error {
    if !error.message.contains(named) {
        error.message = format!("{named}: {}", error.message);
    }
    error
}

/// A host for the checks that do not depend on the store.
fn host_without_store(global: &Global) -> Result<Host, Error> {
    let store = MemoryStore::of_kind(open::kind(global));
    open::apply_options(Host::builder(store), global)?.build()
}

fn to_text(findings: &[Finding]) -> String {
    let mut lines = Text::default();
    for Finding { subject, outcome } in findings {
        match outcome {
            Ok(seen) => lines.field(subject, Some(seen)),
            Err(error) => {
                let wrong = format!("WRONG: {}", error.message);
                lines.list(&format!("{subject}: {wrong}"), [&error.hint].into_iter());
            }
        }
    }
    lines.join()
}
