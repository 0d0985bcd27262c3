use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chatgpt_oauth::inspect::Inspection;
use chatgpt_oauth::store::MemoryStore;
use chatgpt_oauth::{Error, ErrorCode, Host, POLICY, artifact, report};
use clap::Args;
use serde_json::{Map, Value, json};

use super::arguments::Global;
use super::exit;
use super::lines::Lines;
use super::setup;
use super::terminal::Terminal;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The component [default: the one that this program runs]
    file: Option<PathBuf>,
}

pub(crate) fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let (name, component) = match arguments.file {
        Some(file) => (file.display().to_string(), read(&file)?),
        None => ("embedded".to_owned(), artifact::PLATFORM.to_vec()),
    };
    let inspection =
        Inspection::of(&component).map_err(|error| setup::invalid(format!("{name}: {error}")))?;
    let findings = Findings {
        undeclared: inspection.undeclared_imports().collect(),
        proxies: proxies(global)?,
        name,
        inspection: &inspection,
    };
    let told = terminal.answer(&findings.json(), || findings.in_words());
    Ok(match findings.refusal() {
        Some(refusal) => exit::code(refusal.code),
        None => told,
    })
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(file)
        .map_err(|error| setup::invalid(format!("cannot read {}: {error}", file.display())))
}

/// The proxy by which this host would reach each host of the policy, if by one.
fn proxies(global: &Global) -> Result<Vec<(&'static str, Option<String>)>, Error> {
    if !global.connect_to.is_empty() {
        return Ok(Vec::new());
    }
    let host = Host::builder(MemoryStore::new()).build()?;
    let mut hosts: Vec<&str> = POLICY.iter().map(|rule| rule.host()).collect();
    hosts.dedup();
    Ok(hosts
        .into_iter()
        .map(|name| (name, host.proxy(name)))
        .collect())
}

/// What was found out about a component, and what this host would let it do.
struct Findings<'a> {
    name: String,
    inspection: &'a Inspection,
    undeclared: Vec<&'a str>,
    proxies: Vec<(&'static str, Option<String>)>,
}

impl Findings<'_> {
    /// Why the component must not be loaded, if so.
    fn refusal(&self) -> Option<Error> {
        (!self.undeclared.is_empty()).then(|| {
            Error::lasting(
                ErrorCode::EgressDenied,
                "the component reaches for more than the contract",
                "do not load it: take the one that `chatgpt-oauth component` writes",
            )
        })
    }

    fn json(&self) -> Value {
        let found = json!({
            "component": self.name,
            "sha256": self.inspection.digest,
            "size_bytes": self.inspection.size,
            "size_without_custom_sections_bytes": self.inspection.size_without_custom_sections,
            "imports": self.inspection.imports,
            "undeclared_imports": self.undeclared,
            "exports": self.inspection.exports,
            "policy": POLICY.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "proxies": self.proxies.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        });
        let mut answer = match self.refusal() {
            Some(refusal) => report::error(&refusal),
            None => json!({"ok": true}),
        };
        if let (Some(answer), Value::Object(found)) = (answer.as_object_mut(), found) {
            answer.extend::<Map<_, _>>(found);
        }
        answer
    }

    fn in_words(&self) -> String {
        let mut lines = Lines::default();
        let (size, digest) = (self.inspection.size, &self.inspection.digest);
        lines.tell(&self.name, Some(format!("{size} bytes, sha256:{digest}")));
        lines.list("imports:", self.inspection.imports.iter());
        lines.list("exports:", self.inspection.exports.iter());
        lines.list("this host would let it reach:", POLICY.iter());
        for (host, proxy) in &self.proxies {
            let by = |proxy| format!("{host} by the proxy {proxy}, which answers for its address");
            lines.say(proxy.as_ref().map(by));
        }
        match self.refusal() {
            None => lines.say(Some("It reaches for nothing beyond the contract.")),
            Some(refusal) => {
                lines.list("NOT DECLARED by the contract:", self.undeclared.iter());
                lines.say(Some(format!("{}: {}", refusal.message, refusal.hint)));
            }
        }
        lines.text()
    }
}
