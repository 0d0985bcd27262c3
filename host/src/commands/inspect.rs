//! `inspect`: shows what a component can reach, and fails if it does not match its world.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chatgpt_oauth::answers::True;
use chatgpt_oauth::answers::operations::{Inspect, Limits};
use chatgpt_oauth::artifact::WORLDS;
use chatgpt_oauth::store::MemoryStore;
use chatgpt_oauth::{Digest, Error, ErrorCode, Host, LIMITS, POLICY, answers, artifact};
use chatgpt_oauth_packaging::inspect::Inspection;
use clap::Args;

use crate::open;
use crate::options::Global;
use crate::output::Terminal;
use crate::output::Text;
use crate::output::exit_code;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The component's file [default: the component that this program runs]
    file: Option<PathBuf>,

    /// Also show its imports and exports as WIT
    #[arg(long)]
    wit: bool,
}

pub(crate) fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let (name, component) = match arguments.file {
        Some(file) => (file.display().to_string(), read(&file)?),
        None => ("embedded".to_owned(), artifact::PLATFORM.component.to_vec()),
    };
    let inspection =
        Inspection::of(&component).map_err(|error| open::invalid(format!("{name}: {error}")))?;
    let report = Report {
        network: Network::of(global)?,
        wit: arguments.wit,
        refusal: refusal(&inspection, global),
        name,
        inspection: &inspection,
    };
    let printed = terminal.answer(&report.answer(), || report.to_text());
    Ok(match &report.refusal {
        Some(refusal) => exit_code::of(refusal.code),
        None => printed,
    })
}

/// The largest file that `inspect` reads, in bytes: a hundred times the size of a world.
const LARGEST: u64 = 16 << 20;

pub(super) fn read(file: &Path) -> Result<Vec<u8>, Error> {
    let unreadable = |why: &dyn Display| {
        let file = file.display();
        open::invalid(format!("cannot read {file}: {why}"))
    };
    let metadata = std::fs::metadata(file).map_err(|error| unreadable(&error))?;
    if !metadata.is_file() {
        return Err(unreadable(&"it is not a regular file"));
    }
    if metadata.len() > LARGEST {
        return Err(unreadable(&"it is larger than 16 MiB"));
    }
    std::fs::read(file).map_err(|error| unreadable(&error))
}

/// Why a runtime must not load the component, or `None` if it may.
fn refusal(inspection: &Inspection, global: &Global) -> Option<Error> {
    if !inspection.violations.is_empty() {
        return Some(Error::permanent(
            ErrorCode::EgressDenied,
            "the component does not match its world",
            "do not load it; use the one that `chatgpt-oauth component` writes",
        ));
    }
    let wanted = global.component_digest?;
    digest(inspection).check(wanted).err()
}

fn digest(inspection: &Inspection) -> Digest {
    Digest::from(inspection.sha256)
}

/// How this host reaches the hosts of the policy.
#[derive(Default)]
struct Network {
    /// Each host with its proxy, or `None` for a direct connection.
    proxies: Vec<(&'static str, Option<String>)>,
    /// The error in the variable that names the proxy.
    unusable_proxy: Option<String>,
    /// The ranges of non-public addresses that are permitted.
    allowed: Vec<String>,
}

impl Network {
    fn of(global: &Global) -> Result<Self, Error> {
        if !global.connect_to.is_empty() {
            return Ok(Self::default());
        }
        let allowed = global.allow_addresses.iter().copied();
        let host = Host::builder(MemoryStore::new()).allow_addresses(allowed);
        let host = host.build()?;
        let mut network = Self {
            allowed: host
                .allowed_addresses()
                .iter()
                .map(ToString::to_string)
                .collect(),
            ..Self::default()
        };
        let mut hosts: Vec<&str> = POLICY.iter().map(|rule| rule.host()).collect();
        hosts.dedup();
        for name in hosts {
            let proxy = host.proxy(name).unwrap_or_else(|error| {
                network.unusable_proxy = Some(error.message);
                None
            });
            network.proxies.push((name, proxy));
        }
        Ok(network)
    }

    fn proxies(&self) -> BTreeMap<String, Option<String>> {
        let proxies = self.proxies.iter();
        proxies
            .map(|(host, proxy)| ((*host).to_owned(), proxy.clone()))
            .collect()
    }

    fn to_text(&self, lines: &mut Text) {
        for (host, proxy) in &self.proxies {
            let through =
                |proxy| format!("{host} through the proxy {proxy}, which resolves its address");
            lines.line(proxy.as_ref().map(through));
        }
        let nothing = |why| format!("nothing at present: {why}");
        lines.line(self.unusable_proxy.as_ref().map(nothing));
        if !self.allowed.is_empty() {
            let allowed = self.allowed.join(", ");
            lines.field("also at non-public addresses", Some(allowed));
        }
    }
}

/// The inspection of a component, and what this host permits it.
struct Report<'a> {
    name: String,
    inspection: &'a Inspection,
    refusal: Option<Error>,
    network: Network,
    wit: bool,
}

impl Report<'_> {
    /// The embedded world with exactly these bytes.
    fn embedded(&self) -> Option<&'static str> {
        let digest = digest(self.inspection).to_string();
        let same = WORLDS.iter().find(|world| world.digest == digest);
        same.map(|world| world.name)
    }

    fn answer(&self) -> Inspect {
        let found = self.inspection();
        match &self.refusal {
            Some(refusal) => Inspect::Refused {
                failure: refusal.into(),
                found,
            },
            None => Inspect::Accepted { ok: True, found },
        }
    }

    fn inspection(&self) -> answers::operations::Inspection {
        let of = self.inspection;
        answers::operations::Inspection {
            component: self.name.clone(),
            sha256: digest(of).to_string(),
            size_bytes: of.size,
            size_without_custom_sections_bytes: of.size_without_custom_sections,
            name: of.name.clone(),
            world: of.world.clone(),
            same_as_embedded: self.embedded().map(str::to_owned),
            version: of.version.clone(),
            description: of.description.clone(),
            producers: of.producers.clone(),
            test_origin: of.test_origin.clone(),
            imports: of.imports.clone(),
            exports: of.exports.clone(),
            beyond_contract: self.violations(),
            wit: self.wit.then(|| of.wit.clone()).flatten(),
            policy: POLICY.iter().map(ToString::to_string).collect(),
            limits: limits(),
            proxies: self.network.proxies(),
            unusable_proxy: self.network.unusable_proxy.clone(),
            allowed_addresses: self.network.allowed.clone(),
        }
    }

    fn to_text(&self) -> String {
        let mut lines = Text::default();
        let (size, digest) = (self.inspection.size, digest(self.inspection));
        lines.field(&self.name, Some(format!("{size} bytes, sha256:{digest}")));
        lines.field("world", self.inspection.world.as_ref());
        let same = self.embedded().unwrap_or("none");
        lines.field("same bytes as an embedded world", Some(same));
        lines.field("version", self.inspection.version.as_ref());
        lines.field("producers", Some(self.inspection.producers.join(", ")));
        lines.list("imports:", self.inspection.imports.iter());
        lines.list("exports:", self.inspection.exports.iter());
        lines.list("URLs that this host permits:", POLICY.iter());
        self.network.to_text(&mut lines);
        lines.list("limits of a call:", limits_to_text().iter());
        if self.wit {
            lines.line(self.inspection.wit.as_ref());
        }
        if !self.inspection.violations.is_empty() {
            lines.list("BEYOND its world:", self.violations().iter());
        }
        lines.line(Some(match &self.refusal {
            None if self.embedded().is_some() => {
                "It matches its world, and is embedded in this program.".to_owned()
            }
            None => "Its types match its world. Its bytes are unknown here.".to_owned(),
            Some(refusal) => format!("{}: {}", refusal.message, refusal.hint),
        }));
        lines.join()
    }

    fn violations(&self) -> Vec<String> {
        let violations = self.inspection.violations.iter();
        violations.map(ToString::to_string).collect()
    }
}

fn limits_to_text() -> [String; 3] {
    let mebibytes = |bytes: usize| bytes >> 20;
    [
        format!(
            "{} MiB of memory, {} handles",
            mebibytes(LIMITS.memory),
            LIMITS.handles
        ),
        format!("{} s of computing", LIMITS.computing.as_secs()),
        format!(
            "{} s in total, {} s for a request, {} s for an operation of the store",
            LIMITS.call.as_secs(),
            LIMITS.request.as_secs(),
            LIMITS.store.as_secs()
        ),
    ]
}

fn limits() -> Limits {
    Limits {
        memory_bytes: LIMITS.memory,
        handles: LIMITS.handles,
        host_call_bytes: LIMITS.host_call,
        computing_seconds: LIMITS.computing.as_secs(),
        request_seconds: LIMITS.request.as_secs(),
        store_seconds: LIMITS.store.as_secs(),
        call_seconds: LIMITS.call.as_secs(),
    }
}
