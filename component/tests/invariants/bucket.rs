//! The bucket as the host gives it: it outlives every process, and a handle
//! writes only over what it saw last.

use chatgpt_oauth_component::ports::StoreError;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// All rows with their versions. A deleted one stays as a tombstone.
#[derive(Clone, Default)]
pub struct Rows {
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

    pub fn value(&self, key: &str) -> Option<Vec<u8>> {
        self.row(key).value
    }

    fn write(&mut self, key: &str, value: Option<Vec<u8>>) -> u64 {
        self.latest += 1;
        let version = self.latest;
        self.rows.insert(key.to_owned(), Row { version, value });
        version
    }

    /// Another process writes the stored value again: only the version changes.
    pub fn touch(&mut self, key: &str) {
        let value = self.value(key);
        self.write(key, value);
    }
}

/// One call's view: the rows when it was opened, each until it is read, and the
/// version of what it saw last.
pub struct Handle {
    unread: Rows,
    seen: RefCell<BTreeMap<String, u64>>,
}

impl Handle {
    pub fn open(rows: &Rows) -> Self {
        Self {
            unread: rows.clone(),
            seen: RefCell::default(),
        }
    }

    pub fn get(&self, rows: &Rows, key: &str) -> Option<Vec<u8>> {
        let mut seen = self.seen.borrow_mut();
        let row = match seen.contains_key(key) {
            true => rows.row(key),
            false => self.unread.row(key),
        };
        seen.insert(key.to_owned(), row.version);
        row.value
    }

    /// Writes a value, or removes it.
    pub fn put(&self, rows: &mut Rows, key: &str, value: Option<&[u8]>) -> Result<(), StoreError> {
        let mut seen = self.seen.borrow_mut();
        if seen.get(key) != Some(&rows.row(key).version) {
            return Err(StoreError::Conflict);
        }
        let version = rows.write(key, value.map(<[u8]>::to_vec));
        seen.insert(key.to_owned(), version);
        Ok(())
    }
}
