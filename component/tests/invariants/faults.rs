//! Random histories in which everything goes wrong that can.

use crate::call::{Call, Login, Refused};
use crate::fault_plan::{Fault, FaultPlan, clock_steps, faults, plan};
use crate::service::INTERVAL;
use crate::test_env::{Setup, TestEnv};
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

/// One thing that happens to a connection.
#[derive(Clone, Debug)]
pub enum Event {
    /// A call, after that time.
    Call(Wait, FaultPlan),
    /// The person approves the newest code as the owner of that account, or declines.
    Decides(Option<&'static str>),
    /// The person signs in; things may go wrong in the last `poll`.
    SignsIn(Vec<Fault>),
    /// The service ends every login: a changed password, a sweep.
    EndsAll,
    /// The service refuses by an unknown code for so many hours, in each of which this
    /// call is made; things may go wrong in that one of the hours.
    OnlyRefuses(u64, Call, (u64, Vec<Fault>)),
    /// The machine's clock is set, by that many seconds.
    ClockSet(i64),
}

/// How long nothing happens.
#[derive(Clone, Copy, Debug)]
pub enum Wait {
    Seconds(u64),
    /// Until the access token is to be refreshed.
    UntilDue,
    /// Until the access token has ended.
    UntilDead,
    /// Until the refresh token may be presented again.
    UntilAllowed,
}

/// What happens does not depend on what happened before: any history can be.
pub struct History;

impl ReferenceStateMachine for History {
    type State = Setup;
    type Transition = Event;

    fn init_state() -> BoxedStrategy<Setup> {
        Setup::any().boxed()
    }

    fn transitions(_: &Setup) -> BoxedStrategy<Event> {
        let decision = select(&[Some("acc-1"), Some("acc-1"), Some("acc-2"), None][..]);
        prop_oneof![
            60 => (Wait::any(), plan(2)).prop_map(|(wait, call)| Event::Call(wait, call)),
            6 => decision.prop_map(Event::Decides),
            4 => faults(2).prop_map(Event::SignsIn),
            3 => clock_steps().prop_map(Event::ClockSet),
            1 => Just(Event::EndsAll),
            1 => only_refuses(),
        ]
        .boxed()
    }

    fn apply(setup: Setup, _: &Event) -> Setup {
        setup
    }
}

impl Wait {
    fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            2 => (0_u64..10).prop_map(Wait::Seconds),
            2 => (10_u64..140).prop_map(Wait::Seconds),
            1 => (140_u64..4000).prop_map(Wait::Seconds),
            3 => Just(Wait::UntilDue),
            3 => Just(Wait::UntilDead),
            3 => Just(Wait::UntilAllowed),
        ]
    }

    fn seconds(self, env: &TestEnv) -> u64 {
        let credential = env.credential().unwrap_or_default();
        let until = match self {
            Wait::Seconds(seconds) => return seconds,
            Wait::UntilDue => credential.ends_at().map(|end| end - 140),
            Wait::UntilDead => credential.ends_at().map(|end| end - 29),
            Wait::UntilAllowed if credential.state == "refreshing" => {
                credential.started.map(|started| started + 65)
            }
            Wait::UntilAllowed => credential.not_before,
        };
        until.map_or(0, |until| until.saturating_sub(env.now()).min(86_400))
    }
}

/// The component in that history.
pub struct WithFaults;

impl StateMachineTest for WithFaults {
    type SystemUnderTest = TestEnv;
    type Reference = History;

    fn init_test(setup: &Setup) -> TestEnv {
        let env = TestEnv::new(*setup);
        if setup.is_signed_in {
            sign_in(&env, Vec::new());
            let state = env.credential().map(|credential| credential.state);
            assert_eq!(state.as_deref(), Some("active"));
        }
        env
    }

    fn apply(env: TestEnv, _: &Setup, event: Event) -> TestEnv {
        match event {
            Event::Call(wait, plan) => {
                env.pass(wait.seconds(&env));
                drop(env.call(&plan));
            }
            Event::Decides(account) => {
                let now = env.time.get();
                env.service.borrow_mut().decide(account, now);
            }
            Event::SignsIn(faults) => sign_in(&env, faults),
            Event::EndsAll | Event::OnlyRefuses(..) if env.setup.is_gentle => {}
            Event::OnlyRefuses(hours, call, fault) => {
                env.only_refuses(true);
                for hour in 0..hours {
                    let faults = if hour == fault.0 {
                        fault.1.clone()
                    } else {
                        Vec::new()
                    };
                    env.pass(3600);
                    drop(env.call(&FaultPlan { call, faults }));
                }
                env.only_refuses(false);
            }
            Event::EndsAll => {
                env.is_harmed.set(true);
                env.service.borrow_mut().end_all_logins();
            }
            Event::ClockSet(seconds) => env.set_clock(seconds),
        }
        env
    }

    /// I13: from wherever the history has led, a service that only refuses ends the
    /// login, if calls go on.
    fn teardown(env: TestEnv, _: Setup) {
        let has_ended = |env: &TestEnv| {
            let credential = env.credential().unwrap_or_default();
            !credential.has_login() || credential.state == "needs-login"
        };
        env.only_refuses(true);
        env.pass(Wait::UntilDead.seconds(&env));
        let call = Call::Authorize(Refused::Nothing);
        for _ in 0..HOURS {
            if has_ended(&env) {
                return;
            }
            env.pass(3600);
            let faults = Vec::new();
            drop(env.call(&FaultPlan { call, faults }));
        }
        assert!(
            has_ended(&env),
            "I13: a service that only refuses ends no login"
        );
    }
}

/// A day of refusals, and two for an access token that lives on by a clock that was set
/// back.
const HOURS: u32 = 24 + 48;

fn only_refuses() -> impl Strategy<Value = Event> {
    let call = select(&[Call::Authorize(Refused::Nothing), Call::Refresh][..]);
    let hours = prop_oneof![2_u64..24, 24_u64..60];
    (hours, call, (0_u64..60, faults(1)))
        .prop_map(|(hours, call, fault)| Event::OnlyRefuses(hours, call, fault))
}

fn sign_in(env: &TestEnv, faults: Vec<Fault>) {
    let call = Call::Start;
    env.call(&FaultPlan {
        call,
        faults: Vec::new(),
    });
    let now = env.time.get();
    env.service.borrow_mut().decide(Some("acc-1"), now);
    env.pass(INTERVAL);
    let call = Call::Poll(Login::Unnamed);
    env.call(&FaultPlan { call, faults });
}
