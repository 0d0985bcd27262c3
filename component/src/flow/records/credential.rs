//! The record `credential`: the login.

use super::{clock_step, read_clocks, write};
use crate::contract::Error;
use crate::error::Result;
use crate::ports::{Ports, StoreError};
use crate::state::credential::{Record, decode, encode};

const KEY: &str = "credential";

/// Reads the record. A missing one is [`Record::absent`].
pub(crate) fn load(ports: Ports) -> Result<Record> {
    let Some(bytes) = ports.store.get(KEY)? else {
        return Ok(Record::absent());
    };
    Ok(in_present_time(ports, decode(&bytes)?))
}

/// Moves the times of the record by what the wall clock was set since it was read or
/// stored. Before the record is compared with the clock.
pub(crate) fn in_present_time(ports: Ports, record: Record) -> Record {
    match clock_step(ports, record.stamp()) {
        Some((step, now)) => record.moved_by(step, now),
        None => record,
    }
}

/// Reads the record of a login. Without a login it is an error.
pub(crate) fn load_signed_in(ports: Ports) -> Result<Record> {
    let record = load(ports)?;
    if record.has_login() {
        return Ok(record);
    }
    Err(Error::not_connected())
}

/// Writes the record as the next generation and returns it.
pub(crate) fn store(ports: Ports, record: Record) -> core::result::Result<Record, StoreError> {
    let now = ports.now();
    let stamp = record.has_waits().then(|| read_clocks(ports)).flatten();
    let record = record.next_generation(now, stamp);
    write(ports, KEY, &encode(&record))?;
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::{load, store};
    use crate::state::credential::Record;
    use crate::testing::fakes::{NOW, TestEnv, credential};
    use serde_json::json;

    fn rewritten(env: &TestEnv, change: impl FnOnce(Record) -> Record) {
        env.call(|ports| {
            let record = load(ports).expect("a record");
            store(ports, change(record)).expect("a write");
        });
    }

    /// Faults: S37
    #[test]
    fn generation_orders_what_is_written_whatever_the_clock_says() {
        let env = TestEnv::with(credential("active", json!({})));
        for (clock, generation) in [(NOW + 500, 8), (NOW - 86_400, 9), (0, 10)] {
            env.set_clock(clock);
            rewritten(&env, |record| record);
            let stored = env.stored("credential");
            assert_eq!(stored["generation"], generation);
            assert_eq!(stored["updated_at"], json!(clock));
        }
    }

    /// Faults: S02
    #[test]
    fn the_largest_numbers_stay_the_largest() {
        let huge = json!({"generation": i64::MAX, "epoch": i64::MAX, "probes": i64::MAX});
        let env = TestEnv::with(credential("active", huge));
        for revoke in [false, true] {
            rewritten(&env, |record| record.logging_out().logged_out(revoke));
            let stored = env.stored("credential");
            assert_eq!(stored["generation"], json!(i64::MAX));
            assert_eq!(stored["epoch"], json!(i64::MAX));
            assert_eq!(stored["state"], "logged-out");
        }
    }
}
