//! The bucket as the host provides it: a handle writes only over the value that
//! it last read.

use super::values::changed;
use super::{Shared, Store, TestEnv, Worker};
use crate::ports::StoreError;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// All rows with their versions. A deleted row stays as a tombstone.
#[derive(Clone, Default)]
pub(super) struct Rows {
    rows: BTreeMap<String, Row>,
    latest: u64,
}

#[derive(Clone, Default)]
struct Row {
    version: u64,
    value: Option<Vec<u8>>,
}

impl Rows {
    fn row(&self, key: &str) -> Row {
        self.rows.get(key).cloned().unwrap_or_default()
    }

    fn write(&mut self, key: &str, value: Option<&[u8]>) -> u64 {
        self.latest += 1;
        let row = Row {
            version: self.latest,
            value: value.map(<[u8]>::to_vec),
        };
        self.rows.insert(key.to_owned(), row);
        self.latest
    }
}

/// An operation of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Get,
    Set,
    Delete,
}

/// A fault of an operation.
pub(crate) enum Fault {
    /// It fails and has no effect.
    Before(StoreError),
    /// It has its effect and reports an error.
    After(StoreError),
    /// Something happens just before it.
    Meanwhile(Box<dyn FnOnce(&TestEnv) + Send>),
}

/// A fault, and how many matching operations come before it.
pub(super) struct Scripted {
    op: Op,
    key: String,
    skip: u32,
    fault: Fault,
}

/// The state of a handle. The first read of a key returns its row from `unread`, a
/// snapshot from the opening of the handle. Later reads return the current row.
/// `seen` has the version of each key that the handle last read or wrote.
pub(super) struct Bucket {
    unread: RefCell<Rows>,
    seen: RefCell<BTreeMap<String, u64>>,
}

impl Bucket {
    pub(super) fn open(rows: Rows) -> Self {
        Self {
            unread: RefCell::new(rows),
            seen: RefCell::default(),
        }
    }
}

impl TestEnv {
    /// Writes a value as JSON, as another program would.
    pub(crate) fn put(&self, key: &str, value: &Value) {
        self.put_bytes(key, value.to_string().as_bytes());
    }

    pub(crate) fn put_bytes(&self, key: &str, value: &[u8]) {
        self.lock().rows.write(key, Some(value));
    }

    pub(crate) fn remove(&self, key: &str) {
        self.lock().rows.write(key, None);
    }

    pub(crate) fn bytes(&self, key: &str) -> Option<Vec<u8>> {
        self.lock().rows.row(key).value
    }

    /// The stored value; null where there is none.
    pub(crate) fn stored(&self, key: &str) -> Value {
        let bytes = self.bytes(key);
        bytes.map_or(Value::Null, |bytes| {
            serde_json::from_slice(&bytes).expect("JSON")
        })
    }

    /// Lets `happens` run just before the operation of that number (0 is the next).
    pub(crate) fn meanwhile(
        &self,
        op: Op,
        key: &str,
        skip: u32,
        happens: impl FnOnce(&TestEnv) + Send + 'static,
    ) -> &Self {
        self.at(op, key, skip, Fault::Meanwhile(Box::new(happens)))
    }

    /// Lets another call change these fields just before the operation of that number.
    pub(crate) fn change_meanwhile(&self, op: Op, key: &'static str, skip: u32, changes: Value) {
        self.meanwhile(op, key, skip, move |env| {
            env.put(key, &changed(env.stored(key), changes));
        });
    }

    /// Applies that fault to the operation of that number (0 is the next).
    pub(crate) fn at(&self, op: Op, key: &str, skip: u32, fault: Fault) -> &Self {
        let key = key.to_owned();
        self.lock().faults.push(Scripted {
            op,
            key,
            skip,
            fault,
        });
        self
    }
}

impl Shared {
    fn fault(&mut self, op: Op, key: &str) -> Option<Fault> {
        let matches = |scripted: &Scripted| scripted.op == op && scripted.key == key;
        let ready = self
            .faults
            .iter()
            .position(|scripted| matches(scripted) && scripted.skip == 0);
        for scripted in self.faults.iter_mut().filter(|scripted| matches(scripted)) {
            scripted.skip = scripted.skip.saturating_sub(1);
        }
        ready.map(|place| self.faults.remove(place).fault)
    }
}

impl Worker<'_> {
    fn put(&self, op: Op, key: &str, value: Option<&[u8]>) -> Result<(), StoreError> {
        let fault = self.env.step(self.number).fault(op, key);
        let after = match fault {
            Some(Fault::Before(error)) => return Err(error),
            Some(Fault::Meanwhile(happens)) => {
                happens(self.env);
                Ok(())
            }
            Some(Fault::After(error)) => Err(error),
            None => Ok(()),
        };
        let mut shared = self.env.lock();
        let mut seen = self.bucket.seen.borrow_mut();
        if seen.get(key) != Some(&shared.rows.row(key).version) {
            return Err(StoreError::Conflict);
        }
        let version = shared.rows.write(key, value);
        let verb = value.map_or("delete", |_| "set");
        shared.log.push(format!("{verb} {key}"));
        after?;
        seen.insert(key.to_owned(), version);
        Ok(())
    }
}

impl Store for Worker<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if key == "clock" {
            return Ok(self.env.lock().steady_clock());
        }
        let fault = self.env.step(self.number).fault(Op::Get, key);
        match fault {
            Some(Fault::Before(error) | Fault::After(error)) => return Err(error),
            Some(Fault::Meanwhile(happens)) => happens(self.env),
            None => {}
        }
        let mut seen = self.bucket.seen.borrow_mut();
        let row = match seen.contains_key(key) {
            true => self.env.lock().rows.row(key),
            false => self.bucket.unread.borrow().row(key),
        };
        seen.insert(key.to_owned(), row.version);
        Ok(row.value)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.put(Op::Set, key, Some(value))
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.put(Op::Delete, key, None)
    }
}
