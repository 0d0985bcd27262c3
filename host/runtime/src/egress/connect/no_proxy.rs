//! `NO_PROXY`: the hosts that are connected to without a proxy.

/// The characters of an entry: a name, possibly with a dot or `*`, an address, a network or
/// a port.
const ENTRY: &str = "abcdefghijklmnopqrstuvwxyz0123456789-_.*:/[]";
/// The port of every request.
const PORT: &str = ":443";

/// The exceptions.
#[derive(Debug, Default)]
pub(super) struct NoProxy {
    entries: Vec<String>,
    unknown: Vec<String>,
}

impl NoProxy {
    /// Reads a list, separated by commas or spaces.
    pub(super) fn parse(list: &str) -> Self {
        let entries = list.split(|c: char| c == ',' || c.is_whitespace());
        let entries = entries.filter(|entry| !entry.is_empty());
        let entries = entries.map(str::to_ascii_lowercase);
        let (entries, unknown) =
            entries.partition(|entry| entry.chars().all(|c| ENTRY.contains(c)));
        Self { entries, unknown }
    }

    /// Whether an entry covers a host: `openai.com`, `.openai.com` and
    /// `*.openai.com` are that domain and all below it; other `*` stand for any text.
    pub(super) fn covers(&self, host: &str) -> bool {
        self.entries.iter().any(|entry| covers(entry, host))
    }

    /// The entries that are not understood.
    pub(super) fn unknown(&self) -> &[String] {
        &self.unknown
    }
}

fn covers(entry: &str, host: &str) -> bool {
    let entry = entry.strip_suffix(PORT).unwrap_or(entry);
    let domain = entry.strip_prefix('*').unwrap_or(entry);
    let domain = domain.strip_prefix('.').unwrap_or(entry);
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    is_within(host, domain) || matches(entry, host)
}

fn is_within(host: &str, domain: &str) -> bool {
    let below = host.strip_suffix(domain);
    !domain.is_empty() && below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

/// Whether a text matches a pattern, in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            let mut ends = (0..=rest.len()).filter_map(|at| rest.get(at..));
            ends.any(|rest| matches(after, rest))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults: F15
    #[test]
    fn a_domain_is_excepted_however_it_is_written() {
        for list in [
            "auth.openai.com",
            "openai.com",
            ".openai.com",
            "*.openai.com",
            "*openai.com",
            "auth.*",
            "*.openai.*",
            "OpenAI.com",
            "openai.com.",
            "openai.com:443",
            "*.openai.com:443",
            "*",
            "localhost, 127.0.0.1, *.openai.com",
            "localhost 10.0.0.0/8 .openai.com",
            ",,openai.com,",
        ] {
            let except = NoProxy::parse(list);
            assert!(except.covers("auth.openai.com"), "{list}");
            assert!(except.unknown().is_empty(), "{list}");
        }
    }

    #[test]
    fn other_hosts_are_not() {
        for list in [
            "",
            " , ",
            ".",
            "*.",
            "penai.com",
            "*.chatgpt.com",
            "x.auth.openai.com",
            "*.auth.openai.com.example",
            "auth.openai",
            "openai.com:8443",
            "127.0.0.1",
            "10.0.0.0/8",
            "[::1]",
            "192.168.*",
        ] {
            let except = NoProxy::parse(list);
            assert!(!except.covers("auth.openai.com"), "{list}");
            assert!(except.unknown().is_empty(), "{list}");
        }
    }

    #[test]
    fn an_unknown_entry_is_reported() {
        let except = NoProxy::parse("<local>;openai.com,^openai\\.com$,chatgpt.com");
        assert_eq!(except.unknown(), ["<local>;openai.com", "^openai\\.com$"]);
        assert!(except.covers("chatgpt.com"));
        assert!(!except.covers("auth.openai.com"));
    }
}
