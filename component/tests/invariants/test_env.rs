//! Everything outside the component: one bucket, one service, time.

use crate::bucket::Rows;
use crate::call::{Answer, Names};
use crate::fault_plan::FaultPlan;
use crate::oracle::Oracle;
use crate::service::{Endpoint, Quirk, Said, Sent, Service};
use crate::stored::{Credential, fingerprint};
use crate::tally::{Rare, Tally};
use crate::worker::{Died, Worker};
use chatgpt_oauth_component::contract::Error;
use chatgpt_oauth_component::ports::HttpResponse;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// When every environment begins, Unix seconds: 1 February 2026.
pub const BEGIN: u64 = 1_769_904_000;

/// An access token is not returned in its last seconds.
pub const EXPIRY_LEEWAY: u64 = 30;

/// An access token counts as dead at most this long before its end, in
/// seconds: the margin, and the time that the request of its grant may have taken.
const GIVEN_UP: u64 = EXPIRY_LEEWAY + 30;

/// How environments differ.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// How long access tokens live, in seconds.
    pub lifetime: u64,
    /// How long the service answers a used refresh token with its successor, in seconds.
    pub grace: u64,
    /// How far the service's clock is ahead of the true time, in seconds.
    pub clock_offset: i64,
    /// Calls interleave, and nothing else goes wrong.
    pub is_gentle: bool,
    /// The machine's clock is never set.
    pub has_true_clock: bool,
    /// The host answers the bucket's key `clock`.
    pub has_steady_clock: bool,
    /// There is a login at the beginning.
    pub is_signed_in: bool,
}

impl Setup {
    pub fn any() -> impl Strategy<Value = Self> {
        let lifetime = select(&[300, 3600, 86_400][..]);
        let clock_offset = select(&[0, 0, -1800, 1800][..]);
        let grace = select(&[0, 0, 60][..]);
        let flags = [0.2, 0.6, 0.7, 0.8].map(prop::bool::weighted);
        (lifetime, grace, clock_offset, flags).prop_map(|(lifetime, grace, clock_offset, flags)| {
            let [is_gentle, has_true_clock, has_steady_clock, is_signed_in] = flags;
            Self {
                lifetime,
                grace,
                clock_offset,
                is_gentle,
                has_true_clock,
                has_steady_clock,
                is_signed_in,
            }
        })
    }
}

impl Setup {
    /// Whether no holder is taken for gone because of a clock: none is set, or the
    /// machine has one that cannot be.
    pub fn ages_truly(self) -> bool {
        self.has_true_clock || self.has_steady_clock
    }

    /// Whether other machines share the store. Their clocks agree with this one's,
    /// so this one's is never set.
    pub fn has_other_machines(self) -> bool {
        self.has_true_clock
    }
}

pub struct TestEnv {
    pub setup: Setup,
    pub rows: RefCell<Rows>,
    pub service: RefCell<Service>,
    pub oracle: RefCell<Oracle>,
    pub tally: RefCell<Tally>,
    /// The true time, Unix seconds.
    pub time: Cell<u64>,
    /// How far the machine's clock is ahead of it, in seconds.
    pub skew: Cell<i64>,
    /// For how long the machine was suspended: its steady clock did, too.
    pub stood_still: Cell<u64>,
    /// Whether another machine makes the calls, while this one stands still.
    pub is_elsewhere: Cell<bool>,
    pub random: Cell<u64>,
    /// Something other than interleaved calls has gone wrong.
    pub is_harmed: Cell<bool>,
}

/// What a call returned; none when its process died in it.
pub type Ended = Option<Result<Answer, Box<Error>>>;

impl TestEnv {
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            rows: RefCell::default(),
            service: RefCell::new(Service::new(
                setup.clock_offset,
                setup.lifetime,
                setup.grace,
            )),
            oracle: RefCell::default(),
            tally: RefCell::default(),
            time: Cell::new(BEGIN),
            skew: Cell::new(0),
            stood_still: Cell::new(0),
            is_elsewhere: Cell::new(false),
            random: Cell::new(0),
            is_harmed: Cell::new(false),
        }
    }

    /// The time by the machine's clock, Unix seconds.
    pub fn now(&self) -> u64 {
        self.time.get().saturating_add_signed(self.skew.get())
    }

    /// Whether the machine's clock can be set and has another that cannot.
    pub fn is_set_and_steady(&self) -> bool {
        !self.setup.has_true_clock && self.setup.has_steady_clock
    }

    /// What the host says of its steady clock.
    pub fn steady_clock(&self) -> Option<Vec<u8>> {
        let (name, stood_still) = match self.is_elsewhere.get() {
            true => ("elsewhere", 0),
            false => ("here", self.stood_still.get()),
        };
        let seconds = self.time.get() - BEGIN - stood_still;
        let is_offered = self.setup.has_steady_clock;
        is_offered.then(|| format!("{name} {seconds}").into_bytes())
    }

    /// The service refuses every refresh by an unknown code, or does no more.
    pub fn only_refuses(&self, does: bool) {
        self.is_harmed.set(true);
        self.service.borrow_mut().only_refuses(does);
    }

    /// The seconds until a time by the service's clock.
    pub fn seconds_to(&self, time: u64) -> u64 {
        let time = time.saturating_add_signed(-self.setup.clock_offset);
        time.saturating_sub(self.time.get())
    }

    /// Lets time pass. What was sent earlier and is to arrive meanwhile arrives.
    pub fn pass(&self, seconds: u64) {
        let until = self.time.get() + seconds;
        loop {
            let next = self.service.borrow_mut().arrival(until);
            let Some((at, sent)) = next else { break };
            self.time.set(at.max(self.time.get()));
            self.arrive(&sent, None);
        }
        self.time.set(until);
    }

    pub fn set_clock(&self, seconds: i64) {
        if self.setup.is_gentle || self.setup.has_true_clock {
            return;
        }
        self.is_harmed.set(true);
        self.skew.set(self.skew.get() + seconds);
    }

    /// A request reaches the service.
    pub fn arrive(&self, sent: &Sent, quirk: Option<Quirk>) -> (HttpResponse, Option<Said>) {
        let stored = self.credential().unwrap_or_default();
        let time = self.time.get();
        let mut service = self.service.borrow_mut();
        let is_stored_login = stored.has_login() && {
            let login = stored
                .refresh
                .as_deref()
                .map(|token| service.login_of(token));
            login == Some(service.login_of(&sent.secret))
        };
        let came_in_time = (self.oracle.borrow()).came_in_time(stored.refresh.as_deref());
        let is_good = came_in_time && !stored.is_refused();
        let access = stored.access.as_deref().filter(|_| is_good);
        let works = access.is_some_and(|access| service.works(access, time, GIVEN_UP));
        let was_tripped = service.tripped_at(&sent.secret).is_some();
        let answered = service.answer(sent, quirk, time);
        let trips = !was_tripped && service.tripped_at(&sent.secret).is_some();
        if trips {
            self.tally.borrow_mut().meets(Rare::Reuse);
        }
        assert!(
            !(trips && is_stored_login && works && self.setup.has_true_clock),
            "I5: reuse was detected while the stored access token still worked"
        );
        answered
    }

    pub fn credential(&self) -> Option<Credential> {
        let bytes = self.rows.borrow().value("credential");
        bytes.map(|bytes| Credential::read(&bytes))
    }

    fn names(&self) -> Names {
        let pending = self.rows.borrow().value("pending").unwrap_or_default();
        let pending: Value = serde_json::from_slice(&pending).unwrap_or_default();
        let text = |field: &str| pending[field].as_str().map(str::to_owned);
        Names {
            pending_id: text("id"),
            user_code: text("user_code"),
            access: self
                .credential()
                .and_then(|credential| Some(fingerprint(&credential.access?))),
        }
    }

    /// Makes a call in a process of its own, and checks how it ended; returns
    /// that and the requests it made.
    pub fn call(&self, plan: &FaultPlan) -> (Ended, Vec<Endpoint>) {
        let names = self.names();
        let worker = Worker::new(self, &plan.faults);
        let call = || plan.call.make(worker.ports(), &names);
        let ended = match catch_unwind(AssertUnwindSafe(call)) {
            Ok(result) => Some(result),
            Err(payload) if payload.is::<Died>() => None,
            Err(payload) => resume_unwind(payload),
        };
        let requests = worker.check(plan.call, &ended);
        (ended, requests)
    }
}
