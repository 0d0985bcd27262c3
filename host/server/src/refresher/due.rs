//! When to look at a login.

use std::hash::{DefaultHasher, Hash, Hasher};

use chatgpt_oauth::ProfileName;
use chatgpt_oauth::types::{ConnectionState, ConnectionStatus};

const HOUR: u64 = 60 * 60;
/// How long before its access token expires the first look at a login is, in seconds. The
/// component refreshes a token of ten days with 24 to 30 hours left.
const AHEAD: u64 = 26 * HOUR;
/// For how long the logins that expire at once are spread, in seconds.
const SPREAD: u64 = 6 * HOUR;
/// The age at which the component refreshes a token that does not say when it expires.
const WITHOUT_EXPIRY: u64 = 8 * 24 * HOUR;

/// When to look at a login, in Unix seconds; none if it cannot be refreshed.
pub(super) fn of(name: &ProfileName, status: &ConnectionStatus) -> Option<u64> {
    let is_alive = matches!(
        status.state,
        ConnectionState::Connected | ConnectionState::Refreshing | ConnectionState::Uncertain
    );
    let first = match status.expires_at {
        Some(expires_at) => expires_at.saturating_sub(AHEAD),
        None => status.updated_at?.saturating_add(WITHOUT_EXPIRY),
    };
    is_alive.then(|| first.saturating_add(spread(name)))
}

/// The same for a profile at all times, and in all servers of one build.
fn spread(name: &ProfileName) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.as_str().hash(&mut hasher);
    hasher.finish() % SPREAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_that_expire_at_once_are_spread_over_six_hours() {
        let spreads = (0..1000).map(|n| spread(&format!("p{n}").parse().unwrap()));
        let spreads: Vec<_> = spreads.collect();
        assert!(spreads.iter().all(|spread| *spread < SPREAD));
        for quarter in 0..4 {
            let of_it = |spread: &&u64| **spread / (SPREAD / 4) == quarter;
            let count = spreads.iter().filter(of_it).count();
            assert!((200..300).contains(&count), "{count}");
        }
    }
}
