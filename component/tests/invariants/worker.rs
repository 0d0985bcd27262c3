//! One call's ports. Every use of the store or the network is a step at which
//! the process can die, time can pass, or another call can run.

mod network;
mod store;

use crate::bucket::Handle;
use crate::call::Call;
use crate::service::Endpoint;
use crate::tally::Rare;
use crate::upset::{Moment, Place, Troubled, Upset, What, WireFault};
use crate::witness::Report;
use crate::world::{Ended, World};
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
            Place::Request(number) => self.request == Some(number),
            Place::AfterRequest(number) => self.after_request == Some(number),
        }
    }
}

/// What a process that dies unwinds with.
pub struct Died;

/// The host ends a call after this, in seconds.
const CALL_BOUND: u64 = 100;

pub struct Worker<'a> {
    world: &'a World,
    upsets: &'a [Upset],
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
    pub fn new(world: &'a World, upsets: &'a [Upset]) -> Self {
        let report = Report {
            epoch: world.credential().map_or(0, |credential| credential.epoch),
            ..Report::default()
        };
        Self {
            world,
            upsets,
            handle: Handle::open(&world.rows.borrow()),
            steps: Cell::new(0),
            requests: Cell::new(0),
            after_request: Cell::new(None),
            began: world.time.get(),
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
        let stored = self.world.credential().unwrap_or_default();
        let mut tally = self.world.tally.borrow_mut();
        tally.returns(ended, &report, &stored);
        let witness = self.world.witness.borrow();
        witness.check(self.world, call, ended, &report);
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
            began: self.world.time.get() - self.suspended.get(),
        }
    }

    /// The seconds that count against a deadline.
    fn elapsed(&self, since: u64) -> u64 {
        self.world.time.get() - self.suspended.get() - since
    }

    fn die(&self) -> ! {
        self.world.is_harmed.set(true);
        resume_unwind(Box::new(Died))
    }

    fn upsets(&self, step: Step, moment: Moment) -> impl Iterator<Item = &'a What> {
        let upsets = self.upsets.iter();
        upsets
            .filter(move |upset| step.is_at(upset.place) && upset.moment == moment)
            .map(|upset| &upset.what)
    }

    /// What goes wrong around a step. Right before a request the machine cannot
    /// stand still: no client can know that it did.
    fn happen(&self, step: Step, moment: Moment) {
        let world = self.world;
        for what in self.upsets(step, moment) {
            match what {
                What::Meanwhile(other) => drop(world.call(other)),
                What::Takes(seconds) if world.setup.is_gentle => world.pass((*seconds).min(3)),
                What::Takes(seconds) => world.pass(*seconds),
                What::Touched => {
                    let mut rows = world.rows.borrow_mut();
                    rows.touch("credential");
                    rows.touch("pending");
                }
                _ if world.setup.is_gentle => {}
                What::Dies => self.die(),
                What::Suspended(..) if step.request.is_some() && moment == Moment::Before => {}
                What::Suspended(seconds, others) => self.suspend(*seconds, others),
                What::ClockSet(seconds, others) => {
                    world.set_clock(*seconds);
                    if step.request.is_some() && world.is_set_and_steady() && !others.is_empty() {
                        world.tally.borrow_mut().meets(Rare::ClockSetMeanwhile);
                    }
                    others.iter().for_each(|other| drop(world.call(other)));
                }
                What::Fails(..) => {}
            }
        }
    }

    fn suspend(&self, seconds: u64, others: &[Troubled]) {
        let world = self.world;
        world.is_harmed.set(true);
        let since = world.time.get();
        world.pass(seconds);
        if world.setup.has_other_machines() {
            let was_elsewhere = world.is_elsewhere.replace(true);
            for other in others {
                drop(world.call(other));
            }
            world.is_elsewhere.set(was_elsewhere);
        }
        let stood_still = world.time.get() - since;
        self.suspended.set(self.suspended.get() + stood_still);
        if !world.is_elsewhere.get() {
            world.stood_still.set(world.stood_still.get() + stood_still);
        }
    }

    fn fails(&self, step: Step, moment: Moment) -> Option<(StoreError, WireFault)> {
        let fault = self.upsets(step, moment).find_map(|what| match what {
            What::Fails(store, wire) if !self.world.setup.is_gentle => Some((*store, *wire)),
            _ => None,
        });
        if fault.is_some() {
            self.world.is_harmed.set(true);
        }
        fault
    }
}

impl Clock for Worker<'_> {
    fn now(&self) -> u64 {
        self.world.now()
    }
}

impl Random for Worker<'_> {
    fn bits(&self) -> [u8; 16] {
        self.world.random.set(self.world.random.get() + 1);
        u128::from(self.world.random.get()).to_be_bytes()
    }
}
