//! Stops a guest that computes for too long.
//!
//! While a guest runs, a thread raises the engine's epoch every [`TICK`]; at each
//! new epoch a running guest stops in a callback, which counts. Waiting costs
//! nothing: a guest in a host call meets its next callback only on its return.
//! When no guest runs the thread sleeps, so an idle program is idle.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::{Engine, EngineWeak, Store, UpdateDeadline};

use super::limits::{Bound, GUEST_CPU};

/// How often a running guest is looked at.
const TICK: Duration = Duration::from_millis(10);
/// How many ticks a guest may meet.
const TICKS: u128 = GUEST_CPU.as_millis() / TICK.as_millis();

/// Raises the epoch of one engine while its guests run.
pub(crate) struct Ticker {
    engine: EngineWeak,
    shared: Arc<Shared>,
    thread: Mutex<Option<Thread>>,
}

#[derive(Default)]
struct Shared {
    running: AtomicUsize,
    stopped: AtomicBool,
}

impl Ticker {
    /// A ticker for this engine; its thread starts with the first guest.
    pub(crate) fn new(engine: &Engine) -> Self {
        Self {
            engine: engine.weak(),
            shared: Arc::default(),
            thread: Mutex::default(),
        }
    }

    /// Ticks until the returned guard is dropped; an error where no thread can be
    /// started.
    pub(crate) fn run(&self) -> io::Result<Running> {
        let thread = self.thread()?;
        if self.shared.running.fetch_add(1, Ordering::SeqCst) == 0 {
            thread.unpark();
        }
        Ok(Running(self.shared.clone()))
    }

    fn thread(&self) -> io::Result<Thread> {
        // There is a thread in it, or there is none.
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        match &*thread {
            Some(thread) => Ok(thread.clone()),
            None => Ok(thread.insert(self.spawn()?).clone()),
        }
    }

    fn spawn(&self) -> io::Result<Thread> {
        let (engine, shared) = (self.engine.clone(), self.shared.clone());
        let thread = thread::Builder::new()
            .name("epoch".into())
            .spawn(move || tick(&engine, &shared));
        Ok(thread?.thread().clone())
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        let thread = self.thread.get_mut();
        if let Some(thread) = thread.unwrap_or_else(PoisonError::into_inner) {
            thread.unpark();
        }
    }
}

/// While this lives, its engine's epoch rises.
pub(crate) struct Running(Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

fn tick(engine: &EngineWeak, shared: &Shared) {
    while !shared.stopped.load(Ordering::SeqCst) {
        if shared.running.load(Ordering::SeqCst) == 0 {
            thread::park();
            continue;
        }
        thread::sleep(TICK);
        match engine.upgrade() {
            Some(engine) => engine.increment_epoch(),
            None => return,
        }
    }
}

/// Lets the guest of this store meet no more than its share of ticks, and none
/// after the end of its call. Between two ticks other tasks get their turn.
pub(crate) fn watch<T: Send + 'static>(store: &mut Store<T>, bound: Bound) {
    let mut met = 0;
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        met += 1;
        if met >= TICKS || bound.is_spent() {
            return Ok(UpdateDeadline::Interrupt);
        }
        Ok(UpdateDeadline::Yield(1))
    });
}
