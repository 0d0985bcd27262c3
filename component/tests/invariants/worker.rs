//! One call's ports. Every use of the store or the network is a step at which
//! the process can die, time can pass, or another call can run.

mod network;
mod store;

use crate::bucket::Handle;
use crate::call::Call;
use crate::fault_plan::{Fault, FaultKind, FaultPlan, Moment, Place, WireFault};
use crate::oracle::Report;
use crate::service::Endpoint;
use crate::tally::Rare;
use crate::test_env::{Ended, TestEnv};
use chatgpt_oauth_component::ports::{Clock, Ports, Random, StoreError};
use std::cell::{Cell, RefCell};
use std::panic::resume_unwind;

/// One use of the store or of the network.
#[derive(Clone, Copy)]
struct Step {
    number: usize,
    request: Option<usize>,
    after_request: Option<usize>,
    /// Unix seconds, without those for which the machine stood still.
    began: u64,
}

impl Step {
    fn is_at(self, place: Place) -> bool {
        match place {
            Place::Step(number) => self.number == number,
            Place::HttpRequest(number) => self.request == Some(number),
            Place::AfterRequest(number) => self.after_request == Some(number),
        }
    }
}

/// What a process that dies unwinds with.
pub struct Died;

/// The host ends a call after this, in seconds.
const CALL_BOUND: u64 = 100;

pub struct Worker<'a> {
    env: &'a TestEnv,
    faults: &'a [Fault],
    handle: Handle,
    steps: Cell<usize>,
    requests: Cell<usize>,
    /// The number of the step after the first request.
    after_request: Cell<Option<usize>>,
    began: u64,
    /// The seconds for which the machine stood still: its deadlines did, too.
    suspended: Cell<u64>,
    report: RefCell<Report>,
}

impl<'a> Worker<'a> {
    pub fn new(env: &'a TestEnv, faults: &'a [Fault]) -> Self {
        let report = Report {
            login_seq: env
                .credential()
                .map_or(0, |credential| credential.login_seq),
            ..Report::default()
        };
        Self {
            env,
            faults,
            handle: Handle::open(&env.rows.borrow()),
            steps: Cell::new(0),
            requests: Cell::new(0),
            after_request: Cell::new(None),
            began: env.time.get(),
            suspended: Cell::new(0),
            report: RefCell::new(report),
        }
    }

    pub fn ports(&self) -> Ports<'_> {
        Ports {
            http: self,
            store: self,
            clock: self,
            random: self,
        }
    }

    /// Checks how the call ended against what it did; returns its requests.
    pub fn check(self, call: Call, ended: &Ended) -> Vec<Endpoint> {
        let report = self.report.into_inner();
        let stored = self.env.credential().unwrap_or_default();
        let mut tally = self.env.tally.borrow_mut();
        tally.returns(ended, &report, &stored);
        let oracle = self.env.oracle.borrow();
        oracle.check(self.env, call, ended, &report);
        report.requests
    }

    /// Begins the next step.
    fn begin(&self, is_request: bool) -> Step {
        if self.elapsed(self.began) > CALL_BOUND {
            self.die();
        }
        let number = self.steps.get();
        self.steps.set(number + 1);
        let request = is_request.then(|| self.requests.replace(self.requests.get() + 1));
        let after_request = self.after_request.get().map(|first| number - first);
        if request == Some(0) {
            self.after_request.set(Some(number + 1));
        }
        Step {
            number,
            request,
            after_request,
            began: self.env.time.get() - self.suspended.get(),
        }
    }

    /// The seconds that count against a deadline.
    fn elapsed(&self, since: u64) -> u64 {
        self.env.time.get() - self.suspended.get() - since
    }

    fn die(&self) -> ! {
        self.env.is_harmed.set(true);
        resume_unwind(Box::new(Died))
    }

    fn faults(&self, step: Step, moment: Moment) -> impl Iterator<Item = &'a FaultKind> {
        let faults = self.faults.iter();
        faults
            .filter(move |fault| step.is_at(fault.place) && fault.moment == moment)
            .map(|fault| &fault.kind)
    }

    /// What goes wrong around a step. Right before a request the machine cannot
    /// stand still: no client can know that it did.
    fn happen(&self, step: Step, moment: Moment) {
        let env = self.env;
        for kind in self.faults(step, moment) {
            match kind {
                FaultKind::Meanwhile(other) => drop(env.call(other)),
                FaultKind::Takes(seconds) if env.setup.is_gentle => env.pass((*seconds).min(3)),
                FaultKind::Takes(seconds) => env.pass(*seconds),
                FaultKind::Touched => {
                    let mut rows = env.rows.borrow_mut();
                    rows.touch("credential");
                    rows.touch("pending");
                }
                _ if env.setup.is_gentle => {}
                FaultKind::Dies => self.die(),
                FaultKind::Suspended(..) if step.request.is_some() && moment == Moment::Before => {}
                FaultKind::Suspended(seconds, others) => self.suspend(*seconds, others),
                FaultKind::ClockSet(seconds, others) => {
                    env.set_clock(*seconds);
                    if step.request.is_some() && env.is_set_and_steady() && !others.is_empty() {
                        env.tally.borrow_mut().meets(Rare::ClockSetMeanwhile);
                    }
                    others.iter().for_each(|other| drop(env.call(other)));
                }
                FaultKind::Fails(..) => {}
            }
        }
    }

    fn suspend(&self, seconds: u64, others: &[FaultPlan]) {
        let env = self.env;
        env.is_harmed.set(true);
        let since = env.time.get();
        env.pass(seconds);
        if env.setup.has_other_machines() {
            let was_elsewhere = env.is_elsewhere.replace(true);
            for other in others {
                drop(env.call(other));
            }
            env.is_elsewhere.set(was_elsewhere);
        }
        let stood_still = env.time.get() - since;
        self.suspended.set(self.suspended.get() + stood_still);
        if !env.is_elsewhere.get() {
            env.stood_still.set(env.stood_still.get() + stood_still);
        }
    }

    fn fails(&self, step: Step, moment: Moment) -> Option<(StoreError, WireFault)> {
        let fault = self.faults(step, moment).find_map(|kind| match kind {
            FaultKind::Fails(store, wire) if !self.env.setup.is_gentle => Some((*store, *wire)),
            _ => None,
        });
        if fault.is_some() {
            self.env.is_harmed.set(true);
        }
        fault
    }
}

impl Clock for Worker<'_> {
    fn now(&self) -> u64 {
        self.env.now()
    }
}

impl Random for Worker<'_> {
    fn bits(&self) -> [u8; 16] {
        self.env.random.set(self.env.random.get() + 1);
        u128::from(self.env.random.get()).to_be_bytes()
    }
}
