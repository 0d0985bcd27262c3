//! What may go wrong in a call: at which of its steps, and what.

use crate::call::Call;
use crate::service::{self, Quirk};
use chatgpt_oauth_component::ports::{HttpError, HttpResponse, MaybeSent, NotSent, StoreError};
use proptest::prelude::*;
use proptest::sample::select;

/// A call and what goes wrong in it.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    pub call: Call,
    pub faults: Vec<Fault>,
}

/// One thing that goes wrong.
#[derive(Clone, Debug)]
pub struct Fault {
    pub place: Place,
    pub moment: Moment,
    pub kind: FaultKind,
}

/// A step of a call: one use of the store or of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The step of that number, from 0.
    Step(usize),
    /// The request of that number, from 0.
    HttpRequest(usize),
    /// The step of that number after the first request, from 0.
    AfterRequest(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing of the step has happened yet.
    Before,
    /// The step has had its effect; the call does not know yet.
    After,
}

#[derive(Clone, Debug)]
pub enum FaultKind {
    /// The process dies.
    Dies,
    /// The step takes that many seconds, or runs into its deadline.
    Takes(u64),
    /// The machine stands still for that many seconds. What was under way is
    /// there when it resumes; other machines make these calls meanwhile.
    Suspended(u64, Vec<FaultPlan>),
    /// The machine's clock is set forward, or back, and it makes these calls then.
    ClockSet(i64, Vec<FaultPlan>),
    /// Another call runs from beginning to end.
    Meanwhile(Box<FaultPlan>),
    /// Another process writes the rows without changing them.
    Touched,
    /// The step fails: as a use of the store, or as one of the network.
    Fails(StoreError, WireFault),
}

/// How a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireFault {
    /// It is certainly not sent.
    NotSent(NotSent),
    /// The connection breaks, before or after the service has done its part.
    Broken(MaybeSent, Moment),
    /// The connection breaks, and it arrives all the same, that many seconds later:
    /// within the quiet period.
    Delayed(u64),
    /// Something in front of the service answers; the service sees nothing.
    TurnedAway(u16, &'static str),
    /// The service has done its part, and this arrives in place of its response.
    Garbled(u16, &'static str),
    /// The answer is good and comes under a wrong content type.
    Mislabelled,
    /// The service deviates from the usual.
    Odd(Quirk),
}

const PAGE: &str = "<!DOCTYPE html><title>Just a moment</title>";
const REGION: &str = r#"{"error":{"code":"unsupported_country_region_territory"}}"#;

pub const WIRE_FAULTS: [WireFault; 30] = [
    WireFault::NotSent(NotSent::Refused),
    WireFault::NotSent(NotSent::NameUnknown),
    WireFault::NotSent(NotSent::Denied),
    WireFault::Broken(MaybeSent::Broken, Moment::Before),
    WireFault::Broken(MaybeSent::Broken, Moment::After),
    WireFault::Broken(MaybeSent::TimedOut, Moment::Before),
    WireFault::Broken(MaybeSent::TimedOut, Moment::After),
    WireFault::Broken(MaybeSent::Unreadable, Moment::After),
    WireFault::Delayed(1),
    WireFault::Delayed(80),
    WireFault::TurnedAway(429, "{}"),
    WireFault::TurnedAway(503, r#"{"error":"overloaded"}"#),
    WireFault::TurnedAway(403, PAGE),
    WireFault::TurnedAway(200, PAGE),
    WireFault::TurnedAway(403, REGION),
    WireFault::TurnedAway(408, ""),
    WireFault::TurnedAway(404, ""),
    WireFault::TurnedAway(400, r#"{"error":"invalid_client"}"#),
    WireFault::TurnedAway(302, ""),
    WireFault::TurnedAway(502, ""),
    WireFault::Garbled(200, r#"{"access_token":"HUSH-cut"#),
    WireFault::Garbled(200, ""),
    WireFault::Garbled(200, r#"["HUSH"]"#),
    WireFault::Garbled(500, "HUSH"),
    WireFault::Garbled(504, r#"{"detail":"HUSH"}"#),
    WireFault::Garbled(401, r#"{"error":{"code":"unheard_of","message":"HUSH"}}"#),
    WireFault::Mislabelled,
    WireFault::Odd(Quirk::KeepsToken),
    WireFault::Odd(Quirk::OmitsAccess),
    WireFault::Odd(Quirk::MixesAccounts),
];

impl WireFault {
    /// Whether the service sees the request now.
    pub fn arrives(self) -> bool {
        matches!(
            self,
            WireFault::Broken(_, Moment::After)
                | WireFault::Garbled(..)
                | WireFault::Mislabelled
                | WireFault::Odd(_)
        )
    }

    /// Whether a client may take it that a token request was not processed
    /// (docs/refresh.md, the table of answers).
    pub fn means_not_processed(self) -> bool {
        match self {
            WireFault::NotSent(_) => true,
            WireFault::TurnedAway(status, _) => !matches!(status, 302 | 502),
            _ => false,
        }
    }

    /// How the service deviates from the usual.
    pub fn quirk(self) -> Option<Quirk> {
        match self {
            WireFault::Odd(quirk) => Some(quirk),
            _ => None,
        }
    }

    /// Whether the answer is a refusal by an unknown code.
    pub fn refuses(self) -> bool {
        matches!(self, WireFault::Garbled(401, _))
    }

    /// Whether the answer comes as the service has written it.
    pub fn delivers(self) -> bool {
        matches!(self, WireFault::Mislabelled | WireFault::Odd(_))
    }

    /// What arrives instead of the service's answer.
    pub fn instead(self, response: Option<HttpResponse>) -> Result<HttpResponse, HttpError> {
        match self {
            WireFault::NotSent(cause) => Err(HttpError::NotSent(cause)),
            WireFault::Broken(cause, _) => Err(HttpError::MaybeSent(cause)),
            WireFault::Delayed(_) => Err(HttpError::MaybeSent(MaybeSent::TimedOut)),
            WireFault::TurnedAway(status, body) | WireFault::Garbled(status, body) => {
                Ok(service::answer(status, body))
            }
            WireFault::Mislabelled | WireFault::Odd(_) => {
                let mut response = response.expect("it arrives");
                if self == WireFault::Mislabelled {
                    response.headers[0].1 = b"text/html".to_vec();
                }
                Ok(response)
            }
        }
    }
}

/// A call and what goes wrong in it; a call within a call has faults of its own.
pub fn plan(depth: u32) -> BoxedStrategy<FaultPlan> {
    (Call::any(), faults(depth))
        .prop_map(|(call, faults)| FaultPlan { call, faults })
        .boxed()
}

/// What goes wrong in one call: nothing, or up to three things.
pub fn faults(depth: u32) -> impl Strategy<Value = Vec<Fault>> {
    prop_oneof![
        2 => Just(Vec::new()),
        5 => prop::collection::vec(fault(depth), 1..4),
    ]
}

fn fault(depth: u32) -> BoxedStrategy<Fault> {
    let moment = select(&[Moment::Before, Moment::After][..]);
    let kind = match depth {
        0 => mishap().boxed(),
        _ => prop_oneof![
            6 => mishap(),
            4 => plan(depth - 1).prop_map(|other| FaultKind::Meanwhile(Box::new(other))),
            1 => suspended(depth - 1),
            2 => clock_set(depth - 1),
        ]
        .boxed(),
    };
    let place = prop_oneof![
        2 => (0_usize..5).prop_map(Place::Step),
        1 => (5_usize..12).prop_map(Place::Step),
        3 => (0_usize..3).prop_map(Place::HttpRequest),
        2 => (0_usize..4).prop_map(Place::AfterRequest),
    ];
    (place, moment, kind)
        .prop_map(|(place, moment, kind)| Fault {
            place,
            moment,
            kind,
        })
        .boxed()
}

fn mishap() -> impl Strategy<Value = FaultKind> {
    prop_oneof![
        2 => Just(FaultKind::Dies),
        3 => (1_u64..40).prop_map(FaultKind::Takes),
        1 => clock_steps().prop_map(|seconds| FaultKind::ClockSet(seconds, Vec::new())),
        2 => Just(FaultKind::Touched),
        5 => (store_error(), select(&WIRE_FAULTS[..])).prop_map(|(store, wire)| FaultKind::Fails(store, wire)),
    ]
}

fn suspended(depth: u32) -> impl Strategy<Value = FaultKind> {
    let seconds = prop_oneof![60_u64..130, 130_u64..4000];
    let others = prop::collection::vec(plan(depth), 0..4);
    (seconds, others).prop_map(|(seconds, others)| FaultKind::Suspended(seconds, others))
}

fn clock_set(depth: u32) -> impl Strategy<Value = FaultKind> {
    let seconds = prop_oneof![120_i64..4000, -4000_i64..-120];
    let others = prop::collection::vec(plan(depth), 1..3);
    (seconds, others).prop_map(|(seconds, others)| FaultKind::ClockSet(seconds, others))
}

/// By how many seconds a clock is set.
pub fn clock_steps() -> impl Strategy<Value = i64> {
    prop_oneof![-90_i64..90, -4000_i64..4000]
}

fn store_error() -> impl Strategy<Value = StoreError> {
    select(
        &[
            StoreError::Unavailable,
            StoreError::Unavailable,
            StoreError::Conflict,
            StoreError::Busy,
            StoreError::ReadOnly,
            StoreError::Full,
            StoreError::TooLarge,
            StoreError::KeyUnknown,
            StoreError::Corrupt,
            StoreError::Newer,
            StoreError::Rollback,
        ][..],
    )
}
