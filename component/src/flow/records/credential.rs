//! The record `credential`: the login.

use super::{read_clocks, write};
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
    let mut record = decode(&bytes)?;
    to_present_time(ports, &mut record);
    Ok(record)
}

/// Moves the times of the record to the present reading of the clocks, and returns the
/// wall clock of that reading, Unix seconds. The record is compared with this time and with
/// no other: if the clock were set between two readings, a refresh in flight would look
/// abandoned.
pub(crate) fn to_present_time(ports: Ports, record: &mut Record) -> u64 {
    match record.stamp() {
        Some(_) => stamp(ports, record),
        None => ports.now(),
    }
}

/// The same for a record that is about to hold its first wait or age.
pub(crate) fn stamp(ports: Ports, record: &mut Record) -> u64 {
    let (reading, now) = read_clocks(ports);
    record.move_to(reading);
    now
}

/// Reads the record of a login. Without a login it is an error.
pub(crate) fn load_signed_in(ports: Ports) -> Result<Record> {
    let record = load(ports)?;
    if record.has_login() {
        return Ok(record);
    }
    Err(Error::not_connected())
}

/// Writes the record as the next generation and returns it. Its stamp is the reading that its
/// times were made by.
pub(crate) fn store(ports: Ports, record: Record) -> core::result::Result<Record, StoreError> {
    let record = record.next_generation(ports.now());
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
