//! What always holds, by the names of the design's invariants, and what happens
//! sometimes, so that nothing holds for want of histories.

use crate::protocol::{Limits, Protocol};
use crate::record::State;
use crate::server::Service;
use crate::witness::{Breach, Origin};
use crate::world::World;
use stateright::Property;

/// Who presents a token again knows it, and has stored that before.
pub const I1: &str = "I1: a presentation after an unanswered one is recorded as a probe";
/// Workers alone do no harm to one another.
pub const I2: &str = "I2: without faults a token is presented once and nothing is terminal";
/// What the person did last counts.
pub const I3: &str = "I3: after a logout or a new login no older token becomes active";
/// Who has the only good token stores it.
pub const I4: &str = "I4: no received rotation is dropped unless superseded";
/// What is uncertain is spent last.
pub const I5: &str = "I5: reuse detection is never set off while the access token works";
/// Nobody is asked to log in for want of an answer.
pub const I8: &str =
    "I8: only a definitive answer, or the repeated unknown refusal, makes needs-login";
/// Nobody waits for ever for a service that has decided.
pub const I13: &str = "I13: a service that only refuses reaches needs-login";

/// Where a lost answer can be asked for again, it costs no login.
const NOTHING_LOST: &str = "a forgiving service ends no login";

const REFRESHES: &str = "a refresh brings a token";
const RECOVERS: &str = "a probe recovers an uncertain login";
const COMMITS_LATE: &str = "a holder stores its token after its refresh was taken over";
const IS_FORGIVEN: &str = "a forgiven presentation recovers a login";
const ENDS: &str = "a lost answer ends a login";
const REFUSALS_END: &str = "refusals by an unknown code end a login";
const REFUSALS_ARE_FEW: &str = "some refusals by an unknown code end no login";
const RETURNS: &str = "a login that refusals have ended is granted a token after all";

pub(crate) fn of(service: Service, limits: Limits) -> Vec<Property<Protocol>> {
    let mut properties = vec![
        Property::always(I1, |_, world: &World| {
            !world.witness.has_broken(Breach::Unrecorded)
        }),
        Property::always(I2, |_, world: &World| {
            let is_terminal = world.record.state == State::NeedsLogin;
            let may_be_terminal = world.witness.faulty;
            !world.witness.has_broken(Breach::Twice) && (may_be_terminal || !is_terminal)
        }),
        Property::always(I3, |_, world: &World| {
            !world.record.has_login() || world.witness.is_latest_login()
        }),
        Property::always(I4, |_, world: &World| {
            !world.witness.has_broken(Breach::Dropped)
        }),
        Property::always(I5, |_, world: &World| {
            !world.witness.has_broken(Breach::Reuse)
        }),
        Property::always(I8, |_, world: &World| {
            let has_decided = world.witness.refused || world.witness.refused_for_long;
            world.record.state != State::NeedsLogin || has_decided
        }),
    ];
    if service == Service::Refusing {
        properties.push(Property::eventually(
            I13,
            |protocol: &Protocol, world: &World| {
                world.record.state == State::NeedsLogin || world.has_given_up(protocol.limits)
            },
        ));
        return properties;
    }
    properties.extend([
        Property::sometimes(REFRESHES, |_, world: &World| {
            world.witness.origin == Origin::Refresh
        }),
        Property::sometimes(RECOVERS, |_, world: &World| {
            world.witness.origin == Origin::Probe
        }),
        Property::sometimes(COMMITS_LATE, |_, world: &World| {
            world.witness.origin == Origin::LateHolder
        }),
    ]);
    if limits.refusals > 0 {
        properties.extend([
            Property::sometimes(REFUSALS_END, |_, world: &World| {
                world.record.state == State::NeedsLogin && !world.witness.refused
            }),
            Property::sometimes(REFUSALS_ARE_FEW, |_, world: &World| {
                world.record.state == State::Uncertain && world.witness.has_seen_refusals()
            }),
            Property::sometimes(RETURNS, |_, world: &World| {
                world.witness.origin == Origin::AfterAll
            }),
        ]);
    }
    if matches!(service, Service::Strict | Service::ForgivingBriefly) {
        properties.push(Property::sometimes(ENDS, |_, world: &World| {
            world.record.state == State::NeedsLogin && !world.witness.has_seen_a_repeat()
        }));
    } else {
        properties.push(Property::always(NOTHING_LOST, |_, world: &World| {
            world.record.state != State::NeedsLogin || world.witness.has_seen_a_repeat()
        }));
    }
    if matches!(service, Service::Forgiving | Service::ForgivingBriefly) {
        properties.push(Property::sometimes(IS_FORGIVEN, |_, world: &World| {
            world.witness.origin == Origin::Forgiveness
        }));
    }
    properties
}
