//! The bucket, with its failures.

use super::{Step, Worker};
use crate::fault_plan::Moment;
use crate::stored::Credential;
use chatgpt_oauth_component::ports::{Store, StoreError};

/// The host ends one use of the store after this, in seconds.
const STORE_DEADLINE: u64 = 15;

impl Worker<'_> {
    /// A use of the store. An operation that fails `After` it was done was done
    /// all the same.
    fn use_store<T>(
        &self,
        mut operation: impl FnMut() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let step = self.begin(false);
        self.store_holds(step, Moment::Before)?;
        let result = operation()?;
        self.store_holds(step, Moment::After)?;
        Ok(result)
    }

    fn store_holds(&self, step: Step, moment: Moment) -> Result<(), StoreError> {
        self.happen(step, moment);
        let mut fault = self.fails(step, moment).map(|(error, _)| error);
        if self.elapsed(step.began) > STORE_DEADLINE {
            self.env.is_harmed.set(true);
            fault = fault.or(Some(StoreError::Unavailable));
        }
        if let Some(error) = fault {
            self.report.borrow_mut().store_faults += 1;
            return Err(error);
        }
        Ok(())
    }

    fn put(&self, key: &str, value: Option<&[u8]>) -> Result<(), StoreError> {
        self.use_store(|| {
            let old = self.env.credential();
            self.handle
                .put(&mut self.env.rows.borrow_mut(), key, value)?;
            let mut report = self.report.borrow_mut();
            report.writes += 1;
            if key == "credential" {
                let new = Credential::read(value.expect("a login is never deleted"));
                let old = old.unwrap_or_default();
                report.generation = Some(new.generation);
                self.env.tally.borrow_mut().writes(&old, &new);
                self.env
                    .oracle
                    .borrow_mut()
                    .writes(self.env, &old, new, &report);
            } else if key == "pending"
                && let Some(value) = value
            {
                self.env.oracle.borrow_mut().shows(value);
            }
            Ok(())
        })
    }
}

impl Store for Worker<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if key == "clock" {
            // No use of the store: nothing happens between this and the wall clock.
            return Ok(self.env.steady_clock());
        }
        let value = self.use_store(|| Ok(self.handle.get(&self.env.rows.borrow(), key)))?;
        if key == "credential" {
            self.report.borrow_mut().seen = value.as_deref().map(Credential::read);
        }
        Ok(value)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.put(key, Some(value))
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.put(key, None)
    }
}
