//! Stops a guest that computes for too long.
//!
//! While a guest runs, a thread increments the engine's epoch every [`TICK`]. At each
//! new epoch a running guest enters a callback, which counts. A guest that waits in a
//! host call enters the next callback only after that call returns. While no guest
//! runs, the thread sleeps.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::{Engine, EngineWeak, Store, UpdateDeadline};

use super::limits::{Deadline, GUEST_CPU};

/// The time between two epochs.
const TICK: Duration = Duration::from_millis(10);
/// How many epochs a guest may compute.
const TICKS: u128 = GUEST_CPU.as_millis() / TICK.as_millis();

/// Increments the epoch of one engine while its guests run.
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

    /// Ticks until the returned guard is dropped. Fails if the thread cannot be started.
    pub(crate) fn run(&self) -> io::Result<Running> {
        let thread = self.thread()?;
        if self.shared.running.fetch_add(1, Ordering::SeqCst) == 0 {
            thread.unpark();
        }
        Ok(Running(self.shared.clone()))
    }

    fn thread(&self) -> io::Result<Thread> {
        // No panic leaves an incomplete value, so poisoning is ignored.
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

/// The engine's epoch is incremented until this is dropped.
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

/// Stops the guest of this store after [`TICKS`] epochs, or at the deadline of its call.
/// At each epoch the guest yields to other tasks.
pub(crate) fn watch<T: Send + 'static>(store: &mut Store<T>, deadline: Deadline) {
    let mut met = 0;
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        met += 1;
        if met >= TICKS || deadline.has_passed() {
            return Ok(UpdateDeadline::Interrupt);
        }
        Ok(UpdateDeadline::Yield(1))
    });
}
