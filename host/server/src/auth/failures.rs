//! How many keys that are not valid an address may send.

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

/// Of an address with too many failures, the keys that the store is asked for, a second.
const LOOK_UPS: NonZero<u32> = NonZero::new(5).expect("5 is not zero");

/// Counts failures by address. Processes of this machine have none, and are not counted: by a
/// Unix socket each of them would speak for all.
pub(crate) struct Failures {
    rate: Rate<IpAddr>,
    look_ups: Rate<IpAddr>,
    /// Until when an address has had too many.
    refused: Mutex<HashMap<IpAddr, Instant>>,
}

impl Default for Failures {
    fn default() -> Self {
        Self {
            rate: Rate::new(Quota::per_minute(A_MINUTE)),
            look_ups: Rate::new(Quota::per_second(LOOK_UPS)),
            refused: Mutex::default(),
        }
    }
}

impl Failures {
    /// Counts a failure. With too many, says in how many seconds the next is allowed.
    pub(crate) fn count(&self, client: Client) -> Result<(), u32> {
        let Some(network) = network(client) else {
            return Ok(());
        };
        self.rate.take(&network).inspect_err(|seconds| {
            let until = Instant::now() + Duration::from_secs(u64::from(*seconds));
            self.lock().insert(network, until);
        })
    }

    /// Whether the store may be asked for a key of an address. After too many failures it is
    /// asked at most [`LOOK_UPS`] times a second, however many keys the address invents.
    pub(crate) fn permit_look_up(&self, client: Client) -> bool {
        let Some(network) = network(client) else {
            return true;
        };
        let until = self.lock().get(&network).copied();
        let are_too_many = until.is_some_and(|until| until > Instant::now());
        !are_too_many || self.look_ups.take(&network).is_ok()
    }

    pub(crate) fn tidy(&self) {
        self.rate.tidy();
        self.look_ups.tidy();
        let now = Instant::now();
        self.lock().retain(|_, until| *until > now);
    }

    /// No panic leaves the map incomplete, so poisoning is ignored.
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Instant>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The address that failures are counted for. Who has one IPv6 address has its /64.
fn network(client: Client) -> Option<IpAddr> {
    match client {
        Client::Local => None,
        Client::Ip(IpAddr::V6(address)) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            Some(Ipv6Addr::from(network).into())
        }
        Client::Ip(address) => Some(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> Client {
        Client::Ip(address.parse().unwrap())
    }

    /// How many failures are counted until one is too many, and for how many seconds it is.
    fn spend(failures: &Failures, of: impl Fn(u64) -> Client) -> (u64, u32) {
        let refused = |n| Some((n, failures.count(of(n)).err()?));
        (0..1000).find_map(refused).unwrap()
    }

    #[test]
    fn an_address_has_twenty_failures_a_minute_and_a_network_of_ipv6_too() {
        let failures = Failures::default();
        let since = Instant::now();
        // One more is counted every three seconds.
        let assert_twenty = |counted: u64| {
            let most = 20 + since.elapsed().as_secs() / 3;
            assert!((20..=most).contains(&counted), "{counted}");
        };
        let (counted, seconds) = spend(&failures, |_| client("192.0.2.1"));
        assert_twenty(counted);
        assert!((1..=3).contains(&seconds), "{seconds}");
        failures.count(client("192.0.2.2")).unwrap();
        let (counted, _) = spend(&failures, |n| client(&format!("2001:db8::{n}")));
        assert_twenty(counted);
        failures.count(client("2001:db8:0:1::1")).unwrap();
    }

    #[test]
    fn the_processes_of_this_machine_do_not_spend_the_failures_of_one_another() {
        let failures = Failures::default();
        for _ in 0..100 {
            failures.count(Client::Local).unwrap();
        }
        assert!(failures.permit_look_up(Client::Local));
    }

    /// Faults: G17
    #[test]
    fn an_address_with_too_many_failures_makes_the_store_read_five_keys_a_second() {
        let failures = Failures::default();
        let address = client("192.0.2.1");
        while failures.count(address).is_ok() {
            assert!(failures.permit_look_up(address));
        }
        let permitted = (0..1000).filter(|_| failures.permit_look_up(address));
        assert!((5..20).contains(&permitted.count()));
        assert!(failures.permit_look_up(client("192.0.2.2")));
    }
}
