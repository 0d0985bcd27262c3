//! How many requests without a valid key an address may send.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZero;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use governor::Quota;

use crate::limits::rate::Rate;
use crate::listen::Client;

/// Failures a minute.
const A_MINUTE: NonZero<u32> = NonZero::new(20).expect("20 is not zero");

/// Counts failures by address.
pub(crate) struct Failures {
    rate: Rate<Client>,
    /// Until when an address has had too many.
    refused: Mutex<HashMap<Client, Instant>>,
}

impl Default for Failures {
    fn default() -> Self {
        Self {
            rate: Rate::new(Quota::per_minute(A_MINUTE)),
            refused: Mutex::default(),
        }
    }
}

impl Failures {
    /// Counts a failure. With too many, says in how many seconds the next is allowed.
    pub(crate) fn count(&self, client: Client) -> Result<(), u32> {
        let network = network(client);
        self.rate.take(&network).inspect_err(|seconds| {
            let until = Instant::now() + Duration::from_secs(u64::from(*seconds));
            self.lock().insert(network, until);
        })
    }

    /// Whether an address has had too many a moment ago.
    pub(crate) fn are_too_many(&self, client: Client) -> bool {
        let until = self.lock().get(&network(client)).copied();
        until.is_some_and(|until| until > Instant::now())
    }

    pub(crate) fn tidy(&self) {
        self.rate.tidy();
        let now = Instant::now();
        self.lock().retain(|_, until| *until > now);
    }

    /// No panic leaves the map incomplete, so poisoning is ignored.
    fn lock(&self) -> MutexGuard<'_, HashMap<Client, Instant>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who has one IPv6 address has its /64.
fn network(client: Client) -> Client {
    match client {
        Client::Ip(IpAddr::V6(address)) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            Client::Ip(Ipv6Addr::from(network).into())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> Client {
        Client::Ip(address.parse().unwrap())
    }

    #[test]
    fn an_address_has_twenty_failures_a_minute_and_a_network_of_ipv6_too() {
        let failures = Failures::default();
        for _ in 0..20 {
            failures.count(client("192.0.2.1")).unwrap();
        }
        assert!(!failures.are_too_many(client("192.0.2.1")));
        let seconds = failures.count(client("192.0.2.1")).unwrap_err();
        assert!((1..=3).contains(&seconds), "{seconds}");
        assert!(failures.are_too_many(client("192.0.2.1")));
        assert!(!failures.are_too_many(client("192.0.2.2")));
        failures.count(client("192.0.2.2")).unwrap();
        for n in 0..20 {
            failures.count(client(&format!("2001:db8::{n}"))).unwrap();
        }
        failures.count(client("2001:db8::ffff")).unwrap_err();
        failures.count(client("2001:db8:0:1::1")).unwrap();
    }
}
