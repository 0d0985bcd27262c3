//! Random histories in which nothing goes wrong: every answer and every request
//! is the one that the [`Model`] says.

use crate::call::{Answer, Call};
use crate::fault_plan::FaultPlan;
use crate::model::{Expected, Model};
use crate::test_env::{BEGIN, Ended, Setup, TestEnv};
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

#[derive(Clone, Debug)]
pub enum Event {
    Call(Call),
    Waits(u64),
    /// The person approves as the owner of that account, or declines.
    Decides(Option<&'static str>),
}

/// The model, and what it says of the latest event.
#[derive(Clone, Debug)]
pub struct State {
    model: Model,
    expected: Option<Expected>,
}

impl ReferenceStateMachine for Model {
    type State = State;
    type Transition = Event;

    fn init_state() -> BoxedStrategy<State> {
        let lifetime = select(&[300, 3600, 86_400][..]);
        let state = |lifetime| State {
            model: Model::new(lifetime),
            expected: None,
        };
        lifetime.prop_map(state).boxed()
    }

    fn transitions(state: &State) -> BoxedStrategy<Event> {
        let lifetime = state.model.lifetime;
        let decision = select(&[Some("acc-1"), Some("acc-1"), Some("acc-2"), None][..]);
        let seconds = prop_oneof![
            select(
                &[
                    1, 4, 5, 9, 10, 59, 60, 119, 120, 299, 300, 779, 780, 781, 900
                ][..]
            ),
            1..lifetime,
            (lifetime - 60)..(lifetime + 60),
        ];
        prop_oneof![
            8 => Call::any().prop_map(Event::Call),
            1 => Just(Event::Call(Call::Start)),
            3 => seconds.prop_map(Event::Waits),
            2 => decision.prop_map(Event::Decides),
        ]
        .boxed()
    }

    fn preconditions(state: &State, event: &Event) -> bool {
        !matches!(event, Event::Call(call) if state.model.cannot_tell(*call))
    }

    fn apply(mut state: State, event: &Event) -> State {
        state.expected = None;
        match event {
            Event::Call(call) => state.expected = Some(state.model.answers(*call)),
            Event::Waits(seconds) => state.model.waits(*seconds),
            Event::Decides(account) => state.model.decides(*account),
        }
        state
    }
}

/// The component in an environment without faults.
pub struct WithoutFaults;

impl StateMachineTest for WithoutFaults {
    type SystemUnderTest = TestEnv;
    type Reference = Model;

    fn init_test(state: &State) -> TestEnv {
        TestEnv::new(Setup {
            lifetime: state.model.lifetime,
            grace: 0,
            clock_offset: -1800,
            is_gentle: true,
            has_true_clock: true,
            has_steady_clock: false,
            is_signed_in: false,
        })
    }

    fn apply(env: TestEnv, state: &State, event: Event) -> TestEnv {
        match event {
            Event::Call(call) => {
                let faults = Vec::new();
                let (ended, requests) = env.call(&FaultPlan { call, faults });
                let word = word(&ended, &env);
                assert_eq!(
                    Some(Expected { word, requests }),
                    state.expected,
                    "{call:?}"
                );
                if matches!(call, Call::Logout { .. }) {
                    let copies = ["models", "usage"].map(|key| env.rows.borrow().value(key));
                    assert_eq!(copies, [None, None], "a logout leaves copies behind");
                }
            }
            Event::Waits(seconds) => env.pass(seconds),
            Event::Decides(account) => {
                let now = env.time.get();
                env.service.borrow_mut().decide(account, now);
            }
        }
        env
    }
}

/// What a call answered, in the model's words.
fn word(ended: &Ended, env: &TestEnv) -> String {
    let until = |expires_at: Option<u64>| {
        let begin = BEGIN.saturating_add_signed(env.setup.clock_offset);
        format!("until {:?}", expires_at.map(|end| end - begin))
    };
    let with = |word: String, account: &Option<String>| match account {
        Some(account) => format!("{word} {account}"),
        None => word,
    };
    let answer = match ended {
        Some(Ok(answer)) => answer,
        Some(Err(error)) => return name(error.code),
        None => return "died".to_owned(),
    };
    match answer {
        Answer::Status(answer) => with(name(answer.state), &answer.account_id),
        Answer::Start(answer) => answer.pending.user_code.clone(),
        Answer::Poll(answer) => with(name(answer.status), &answer.account_id),
        Answer::Logout(answer) => {
            let removed = if answer.removed { ", removed" } else { "" };
            let revoked = if answer.revoked { ", revoked" } else { "" };
            format!("{}{removed}{revoked}", name(answer.status))
        }
        Answer::Refresh(answer) => until(answer.expires_at),
        Answer::Models(answer) => name(answer.source),
        Answer::Usage(answer) => name(answer.source),
        Answer::Authorize(answer) => until(answer.expires_at),
    }
}

/// The bare name of an enum's case.
fn name(case: impl std::fmt::Debug) -> String {
    let text = format!("{case:?}");
    text.rsplit("::").next().unwrap_or_default().to_owned()
}
