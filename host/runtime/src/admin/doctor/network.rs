//! Checks the proxy, the permitted addresses, both hosts and the clock, with a fix for each
//! error.

use super::{Finding, describe_clock};
use crate::egress::connect::{ConnectError, Proxy, ProxyError};
use crate::egress::policy::{POLICY, Rule};
use crate::egress::probe::{Reachability, Unreachable};
use crate::error::{Error, ErrorCode};
use crate::host::{Host, unusable};

/// How long to wait before a host that did not answer is tried again, in seconds.
const PAUSE: u32 = 60;

impl Host {
    /// Checks the network: the proxy and the exceptions that the environment and the
    /// builder name, whether both hosts of the policy answer, and the difference between
    /// their clocks and this machine's. Sends no secret.
    pub async fn examine_network(&self) -> Vec<Finding> {
        let mut findings = self.settings();
        for rule in first_of_each_host() {
            let reachability = self.parts.transport.probe(rule).await;
            let date = reachability.as_ref().ok().and_then(|found| found.date);
            let way = self.way_to(rule.host());
            findings.push(Finding::new(rule.host(), outcome(&way, reachability)));
            if let Some(date) = date {
                let theirs = date
                    .duration_since(std::time::UNIX_EPOCH)
                    .unwrap_or_default();
                let ours = self.parts.wall_clock.seconds().unwrap_or_default();
                findings.push(Finding::new(
                    "clock",
                    describe_clock(ours, theirs.as_secs()),
                ));
            }
        }
        findings
    }

    /// The settings for the network.
    fn settings(&self) -> Vec<Finding> {
        let options = self.parts.transport.options();
        let mut findings = Vec::new();
        let proxies = first_of_each_host().map(|rule| options.proxy(rule.host()));
        match proxies.collect::<Result<Vec<_>, _>>() {
            Err(error) => findings.push(Finding::new("proxy", Err::<String, _>(unusable(error)))),
            Ok(proxies) => {
                let proxy = proxies.into_iter().flatten().next();
                let unknown = options.proxies.unknown_exceptions();
                let text = proxy.map(|proxy| describe_proxy(&proxy, unknown));
                findings.extend(text.map(|text| Finding::new("proxy", Ok::<_, Error>(text))));
            }
        }
        let allowed: Vec<_> = options.allowed.iter().map(ToString::to_string).collect();
        if !allowed.is_empty() {
            let text = format!("{} allowed although not public", allowed.join(", "));
            findings.push(Finding::new("addresses", Ok::<_, Error>(text)));
        }
        findings
    }

    fn way_to(&self, host: &str) -> Way {
        let options = self.parts.transport.options();
        match options.proxy(host) {
            Ok(Some(proxy)) => Way::Proxy(proxy.variable()),
            _ if options.proxies.are_set() => Way::PastProxy,
            _ => Way::Direct,
        }
    }
}

/// How a host is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Without a proxy.
    Direct,
    /// Without a proxy, since `NO_PROXY` excepts the host.
    PastProxy,
    /// Through the proxy that this variable names.
    Proxy(&'static str),
}

/// A rule of each host of the policy.
fn first_of_each_host() -> impl Iterator<Item = &'static Rule> {
    static RULES: [Rule; 6] = POLICY;
    RULES
        .chunk_by(|one, other| one.host() == other.host())
        .filter_map(|rules| rules.first())
}

fn describe_proxy(proxy: &Proxy, unknown: &[String]) -> String {
    let text = format!("{} of {}", proxy.url(), proxy.variable());
    match unknown {
        [] => text,
        unknown => format!("{text}; not understood in NO_PROXY: {unknown:?}"),
    }
}

fn outcome(way: &Way, reachability: Result<Reachability, Unreachable>) -> Result<String, Error> {
    let error = match reachability {
        Ok(found) => return Ok(format!("answers ({})", found.status)),
        Err(Unreachable::Connect(ConnectError::Denied)) => {
            return Ok("not reached by a host for tests".to_owned());
        }
        Err(error) => error,
    };
    let message = format!("does not answer: {error}");
    let hint = match error {
        Unreachable::NoAnswer => "try again later".to_owned(),
        Unreachable::Connect(error) => advice(way, error),
    };
    Err(match error {
        Unreachable::Connect(ConnectError::Proxy(ProxyError::Unusable(error))) => unusable(error),
        Unreachable::Connect(error) if error.is_prohibited() => {
            Error::permanent(ErrorCode::EgressDenied, message, hint)
        }
        _ => Error::transient(ErrorCode::Network, message, hint, PAUSE),
    })
}

/// The fix for a failed connection to a host.
fn advice(way: &Way, error: ConnectError) -> String {
    let variable = match way {
        Way::Proxy(variable) => variable,
        Way::Direct | Way::PastProxy => "HTTPS_PROXY",
    };
    match error {
        ConnectError::Proxy(error) => match error {
            ProxyError::Unusable(error) => unusable(error).hint,
            ProxyError::NameUnknown => {
                format!("correct the name in {variable}, or this machine's name server")
            }
            ProxyError::Refused => format!("start the proxy, or correct the port in {variable}"),
            ProxyError::Unreachable => format!(
                "check that the proxy of {variable} runs there and speaks what its URL begins with: http, https or socks5h"
            ),
            ProxyError::Authentication => format!(
                "put user name and password into {variable}, as in http://USER:PASSWORD@HOST:PORT, special characters as %40"
            ),
            ProxyError::Denied => {
                "let the proxy allow connections to port 443 of auth.openai.com and chatgpt.com"
                    .to_owned()
            }
            ProxyError::Certificate => {
                "name the root of the proxy's certificate with --cacert".to_owned()
            }
        },
        ConnectError::Certificate => {
            "if this network intercepts TLS, name its root certificate with --cacert; otherwise check this machine's clock".to_owned()
        }
        error if error.is_prohibited() => {
            let instead = match way {
                Way::Direct => "name the VPN's HTTP or SOCKS proxy in HTTPS_PROXY, or ",
                Way::PastProxy => "take the host out of NO_PROXY, or ",
                Way::Proxy(_) => "",
            };
            format!(
                "a VPN or router answers with a fake address, or this machine's name server is wrong: {instead}allow the range with --allow-addresses"
            )
        }
        ConnectError::Unresolved(_) => {
            format!("check this machine's name server{}", behind_a_proxy(way))
        }
        _ => match way {
            Way::Proxy(variable) => {
                format!("the proxy of {variable} could not connect: check its network and its rules")
            }
            way => format!("check the network and its firewall{}", behind_a_proxy(way)),
        },
    }
}

fn behind_a_proxy(way: &Way) -> &'static str {
    match way {
        Way::Direct => "; where a proxy is needed, set HTTPS_PROXY",
        Way::PastProxy => "; where the proxy is needed, take the host out of NO_PROXY",
        Way::Proxy(_) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::resolve::Unresolved;

    #[test]
    fn each_host_of_the_policy_is_asked_once() {
        let hosts: Vec<_> = first_of_each_host().map(Rule::host).collect();
        assert_eq!(hosts, ["auth.openai.com", "chatgpt.com"]);
    }

    const CAUSES: [ConnectError; 15] = [
        ConnectError::Unresolved(Unresolved::Failed),
        ConnectError::Unresolved(Unresolved::TimedOut),
        ConnectError::Unresolved(Unresolved::NoAddress),
        ConnectError::Unresolved(Unresolved::NotPublic),
        ConnectError::Refused,
        ConnectError::TimedOut,
        ConnectError::Unavailable,
        ConnectError::Certificate,
        ConnectError::Proxy(ProxyError::NameUnknown),
        ConnectError::Proxy(ProxyError::Refused),
        ConnectError::Proxy(ProxyError::Unreachable),
        ConnectError::Proxy(ProxyError::Authentication),
        ConnectError::Proxy(ProxyError::Denied),
        ConnectError::Proxy(ProxyError::Certificate),
        ConnectError::Denied,
    ];

    /// Faults: F6
    #[test]
    fn no_advice_sets_a_proxy_that_is_set() {
        for error in CAUSES {
            for way in [Way::Proxy("ALL_PROXY"), Way::PastProxy] {
                let advice = advice(&way, error);
                assert!(!advice.contains("set HTTPS_PROXY"), "{error:?}: {advice}");
            }
            let advice = advice(&Way::Proxy("all_proxy"), error);
            assert!(!advice.contains("_PROXY"), "{error:?}: {advice}");
        }
    }

    /// Faults: F6
    #[test]
    fn each_cause_has_its_own_message_and_advice() {
        let answer = |way: Way, error| outcome(&way, Err(Unreachable::Connect(error)));
        let wrong = |way, error| answer(way, error).unwrap_err();
        let all = |way: Way| {
            let causes = CAUSES
                .iter()
                .filter(|&&error| error != ConnectError::Denied);
            let messages = causes.map(|&error| wrong(way, error).message);
            messages.collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(all(Way::Direct).len(), CAUSES.len() - 1);
        for (error, words) in [
            (ConnectError::Certificate, "--cacert"),
            (Unresolved::NotPublic.into(), "--allow-addresses"),
            (Unresolved::NoAddress.into(), "name server"),
            (ConnectError::Refused, "firewall"),
            (ConnectError::TimedOut, "firewall"),
        ] {
            let hint = wrong(Way::Direct, error).hint;
            assert!(hint.contains(words), "{hint}");
        }
        for (error, words) in [
            (ProxyError::NameUnknown, "the name in ALL_PROXY"),
            (ProxyError::Refused, "the port in ALL_PROXY"),
            (ProxyError::Unreachable, "speaks"),
            (ProxyError::Authentication, "password into ALL_PROXY"),
            (ProxyError::Denied, "allow connections"),
            (ProxyError::Certificate, "--cacert"),
        ] {
            let hint = wrong(Way::Proxy("ALL_PROXY"), error.into()).hint;
            assert!(hint.contains(words), "{hint}");
        }
        let prohibited = wrong(Way::Direct, Unresolved::NotPublic.into());
        assert_eq!(prohibited.code, ErrorCode::EgressDenied);
        assert!(answer(Way::Direct, ConnectError::Denied).is_ok());
    }
}
