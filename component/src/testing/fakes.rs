//! Fakes of the four ports, and the values that tests use.
//!
//! A [`TestEnv`] is one bucket, one service and one clock. Each [`Worker`] is the
//! view of one call; its store has conditional writes, like the host's.

mod store;
mod values;

pub(crate) use store::{Fault, Op};
pub(crate) use values::*;

use crate::error::Result as CallResult;
use crate::ports::{
    Clock, Http, HttpError, HttpRequest, HttpResponse, Method, Ports, Random, Store,
};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The time at which every test begins, Unix seconds.
pub(crate) const NOW: u64 = 1_795_514_400;

pub(crate) type HttpResult = Result<HttpResponse, HttpError>;
type Script = Box<dyn FnOnce(&TestEnv, &Sent) -> HttpResult + Send>;
type Service = Arc<dyn Fn(&TestEnv, &Sent) -> HttpResult + Send + Sync>;

/// A request that was sent.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) method: Method,
    pub(crate) host: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    pub(crate) timeout: u64,
}

impl Sent {
    pub(crate) fn of(request: &HttpRequest) -> Self {
        Self {
            method: request.method,
            host: request.host,
            path: request.path.clone(),
            headers: request.headers.clone(),
            body: String::from_utf8(request.body.clone()).expect("UTF-8"),
            timeout: request.timeout_seconds,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(other, _)| *other == name)?;
        Some(&header.1)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    fn endpoint(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

/// Which worker takes the next step, where the steps of several workers are
/// interleaved.
struct Turns {
    random: u64,
    current: usize,
    alive: Vec<usize>,
}

struct Shared {
    rows: store::Rows,
    faults: Vec<store::Scripted>,
    log: Vec<String>,
    scripts: VecDeque<(String, Script)>,
    services: Vec<(String, Service)>,
    sent: Vec<Sent>,
    now: u64,
    /// The steady clock, where this host offers one, in seconds.
    steady: Option<u64>,
    /// After how many more readings the wall clock is set, and to what.
    set_after: Option<(u32, u64)>,
    random: u64,
    turns: Option<Turns>,
}

impl Shared {
    /// What the bucket has under the key of the steady clock.
    fn steady_clock(&self) -> Option<Vec<u8>> {
        Some(format!("boot-1 {}", self.steady?).into_bytes())
    }
}

/// Everything outside the component.
pub(crate) struct TestEnv {
    shared: Mutex<Shared>,
    turned: Condvar,
}

impl TestEnv {
    pub(crate) fn new() -> Self {
        let shared = Shared {
            rows: store::Rows::default(),
            faults: Vec::new(),
            log: Vec::new(),
            scripts: VecDeque::new(),
            services: Vec::new(),
            sent: Vec::new(),
            now: NOW,
            steady: None,
            set_after: None,
            random: 0,
            turns: None,
        };
        Self {
            shared: Mutex::new(shared),
            turned: Condvar::new(),
        }
    }

    /// An environment whose bucket holds that credential.
    pub(crate) fn with(credential: Value) -> Self {
        let env = Self::new();
        env.put("credential", &credential);
        env
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes one call, with a bucket opened for it.
    pub(crate) fn call<T>(&self, function: impl FnOnce(Ports) -> T) -> T {
        function(self.worker(0).ports())
    }

    /// Expects the next request at `path`, and returns that response.
    pub(crate) fn expect(&self, path: &str, response: HttpResult) -> &Self {
        self.expect_then(path, |_, _| response)
    }

    /// Expects the next request at `path`, and calls `answer` while it is in
    /// progress.
    pub(crate) fn expect_then(
        &self,
        path: &str,
        response: impl FnOnce(&TestEnv, &Sent) -> HttpResult + Send + 'static,
    ) -> &Self {
        let script: Script = Box::new(response);
        self.lock().scripts.push_back((path.to_owned(), script));
        self
    }

    /// Answers all other requests to `path`.
    pub(crate) fn serve(
        &self,
        path: &str,
        response: impl Fn(&TestEnv, &Sent) -> HttpResult + Send + Sync + 'static,
    ) -> &Self {
        let service: Service = Arc::new(response);
        self.lock().services.push((path.to_owned(), service));
        self
    }

    pub(crate) fn now(&self) -> u64 {
        self.lock().now
    }

    pub(crate) fn set_clock(&self, now: u64) {
        self.lock().now = now;
    }

    /// Sets the wall clock after that many readings of it.
    pub(crate) fn set_clock_after(&self, readings: u32, now: u64) {
        self.lock().set_after = Some((readings, now));
    }

    fn read_clock(&self) -> u64 {
        let mut shared = self.lock();
        let reading = shared.now;
        match &mut shared.set_after {
            Some((0, to)) => {
                let to = *to;
                shared.set_after = None;
                shared.now = to;
                to
            }
            Some((readings, _)) => {
                *readings -= 1;
                reading
            }
            None => reading,
        }
    }

    /// Gives this host a steady clock at that many seconds.
    pub(crate) fn set_steady_clock(&self, seconds: u64) {
        self.lock().steady = Some(seconds);
    }

    pub(crate) fn advance(&self, seconds: u64) -> &Self {
        self.lock().now += seconds;
        self
    }

    /// The requests so far.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.lock().sent.clone()
    }

    /// The paths of the requests so far.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.sent().into_iter().map(|sent| sent.path).collect()
    }

    /// Requests and writes in their order, such as `set credential`.
    pub(crate) fn log(&self) -> Vec<String> {
        self.lock().log.clone()
    }

    /// Interleaves the steps of workers 0 … `count` by `seed`. Every step of a
    /// port passes the turn on. Each worker must [`TestEnv::join`].
    pub(crate) fn interleave(&self, count: usize, seed: u64) {
        self.lock().turns = Some(Turns {
            random: seed,
            current: 0,
            alive: (0..count).collect(),
        });
    }

    /// Worker `number` takes its turns until the result is dropped, also by a
    /// panic: the others would wait forever.
    pub(crate) fn join(&self, number: usize) -> impl Drop {
        Turn { env: self, number }
    }

    /// Waits for this worker's turn, passes it on, and waits for the next.
    fn step(&self, number: usize) -> MutexGuard<'_, Shared> {
        let mut shared = self.wait(self.lock(), number);
        if let Some(turns) = &mut shared.turns {
            turns.pass();
            self.turned.notify_all();
        }
        self.wait(shared, number)
    }

    fn wait<'a>(&self, shared: MutexGuard<'a, Shared>, number: usize) -> MutexGuard<'a, Shared> {
        let waits = |shared: &mut Shared| {
            let turns = shared.turns.as_ref();
            turns.is_some_and(|turns| turns.current != number)
        };
        self.turned
            .wait_while(shared, waits)
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn worker(&self, number: usize) -> Worker<'_> {
        let rows = self.step(number).rows.clone();
        Worker {
            env: self,
            number,
            bucket: store::Bucket::open(rows),
        }
    }

    fn response(&self, sent: &Sent) -> HttpResult {
        let (script, service) = {
            let mut shared = self.lock();
            shared.log.push(format!("send {}", sent.path));
            shared.sent.push(sent.clone());
            let service = shared.services.iter();
            let service = service
                .rev()
                .find(|(path, _)| path == sent.endpoint())
                .map(|(_, service)| service.clone());
            let is_next = shared
                .scripts
                .front()
                .is_some_and(|(path, _)| path == sent.endpoint());
            let script = is_next.then(|| shared.scripts.pop_front()).flatten();
            (script, service)
        };
        match (script, service) {
            (Some((_, script)), _) => script(self, sent),
            (None, Some(service)) => service(self, sent),
            (None, None) => panic!("an unexpected request to {}", sent.path),
        }
    }
}

/// An expected request that was not sent fails the test, too.
impl Drop for TestEnv {
    fn drop(&mut self) {
        let left = self.lock().scripts.len();
        assert!(
            left == 0 || std::thread::panicking(),
            "{left} expected requests were not sent"
        );
    }
}

impl Turns {
    fn pass(&mut self) {
        if !self.alive.is_empty() {
            let index = random(&mut self.random) as usize % self.alive.len();
            self.current = self.alive[index];
        }
    }
}

struct Turn<'a> {
    env: &'a TestEnv,
    number: usize,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut shared = self.env.lock();
        if let Some(turns) = &mut shared.turns {
            turns.alive.retain(|other| *other != self.number);
            turns.pass();
        }
        self.env.turned.notify_all();
    }
}

/// One call's ports.
pub(crate) struct Worker<'a> {
    env: &'a TestEnv,
    number: usize,
    bucket: store::Bucket,
}

impl Worker<'_> {
    pub(crate) fn ports(&self) -> Ports<'_> {
        Ports {
            http: self,
            store: self,
            clock: self,
            random: self,
        }
    }
}

impl Http for Worker<'_> {
    fn send(&self, request: &HttpRequest) -> HttpResult {
        drop(self.env.step(self.number));
        let response = self.env.response(&Sent::of(request));
        drop(self.env.step(self.number));
        response
    }
}

impl Clock for Worker<'_> {
    fn now(&self) -> u64 {
        self.env.read_clock()
    }
}

impl Random for Worker<'_> {
    fn bits(&self) -> [u8; 16] {
        let mut shared = self.env.lock();
        shared.random += 1;
        u128::from(shared.random).to_be_bytes()
    }
}

/// A small generator (xorshift64*), for orders and not for secrets.
pub(crate) fn random(state: &mut u64) -> u64 {
    *state = (*state).max(1);
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33
}

/// The error of a call that must fail.
#[track_caller]
pub(crate) fn fails<T>(result: CallResult<T>) -> crate::contract::Error {
    match result {
        Ok(_) => panic!("the call succeeded"),
        Err(error) => *error,
    }
}
