//! `wasi:clocks/wall-clock`: the clock that the hosts of one store share.
//!
//! A build with the feature `test-clock` can take the time from a file instead,
//! so that a test passes days in a moment. No other build has this option.

use std::sync::Arc;
use std::time::Duration;

use chatgpt_oauth_storage::{Store, clock};
use wasmtime::Result;
use wasmtime::component::HasData;
use wasmtime_wasi::p2::bindings::clocks::wall_clock::{Datetime, Host};

/// Where a guest's wall clock takes the time from.
#[derive(Clone)]
pub(crate) enum WallClock {
    /// The store's clock, or the operating system's if the store has none of its own.
    OfStore(Arc<dyn Store>),
    /// A file that holds Unix seconds as text. If the wall clock was set, the seconds of the
    /// steady clock follow after a space. A test renames a new file over it.
    #[cfg(feature = "test-clock")]
    File(std::path::PathBuf),
}

impl WallClock {
    /// Unix seconds.
    pub(crate) fn seconds(&self) -> Result<u64> {
        Ok(self.time()?.as_secs())
    }

    /// Since the Unix epoch.
    fn time(&self) -> Result<Duration> {
        match self {
            Self::OfStore(store) => Ok(clock::now(&**store)),
            #[cfg(feature = "test-clock")]
            Self::File(path) => {
                let clocks = std::fs::read_to_string(path)?;
                let seconds = clocks.split_whitespace().next().unwrap_or_default();
                Ok(Duration::from_secs(seconds.parse()?))
            }
        }
    }
}

/// The reading of the steady clock of a file.
#[cfg(feature = "test-clock")]
pub(super) fn steady_of_file(path: &std::path::Path) -> Option<String> {
    let clocks = std::fs::read_to_string(path).ok()?;
    let steady = clocks.split_whitespace().last()?;
    Some(format!("test {steady}"))
}

impl HasData for WallClock {
    type Data<'a> = &'a Self;
}

impl Host for &WallClock {
    fn now(&mut self) -> Result<Datetime> {
        let time = self.time()?;
        Ok(Datetime {
            seconds: time.as_secs(),
            nanoseconds: time.subsec_nanos(),
        })
    }

    fn resolution(&mut self) -> Result<Datetime> {
        Ok(Datetime {
            seconds: 0,
            nanoseconds: 1_000_000,
        })
    }
}
