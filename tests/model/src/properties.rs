//! The properties that always hold, by the names of the design's invariants, and those
//! that hold sometimes, which show that the model reaches these histories.

use crate::oracle::{Origin, Violation};
use crate::protocol::{Limits, Protocol};
use crate::record::State;
use crate::server::Service;
use crate::system::System;
use stateright::Property;

/// A worker that presents a token again stores that first.
pub const I1: &str = "I1: a presentation after an unanswered one is recorded as a probe";
/// Workers without faults do not harm each other.
pub const I2: &str = "I2: without faults a token is presented once and nothing is terminal";
/// The person's latest action counts.
pub const I3: &str = "I3: after a logout or a new login no older token becomes active";
/// A worker that has the only valid token stores it.
pub const I4: &str = "I4: no granted token is dropped unless superseded";
/// An uncertain token is not presented while the access token works.
pub const I5: &str = "I5: no token is reused while the access token works";
/// A missing answer alone does not end a login.
pub const I8: &str =
    "I8: only a rejection, or repeated refusals with an unknown code, cause needs-login";
/// The model does not wait forever for a service that has decided.
pub const I13: &str = "I13: a service that only refuses reaches needs-login";

/// A service that answers again after a lost answer ends no login.
const NO_LOGIN_LOST: &str = "a forgiving service ends no login";

const REFRESHES: &str = "a refresh returns a token";
const RECOVERS: &str = "a probe recovers an uncertain login";
const COMMITS_LATE: &str = "a holder stores its token after its refresh was taken over";
const IS_FORGIVEN: &str = "a forgiven presentation recovers a login";
const ENDS: &str = "a lost answer ends a login";
const REFUSALS_END: &str = "refusals with an unknown code end a login";
const REFUSALS_ARE_FEW: &str = "few refusals with an unknown code end no login";
const RETURNS: &str = "a login that refusals have ended is granted a token again";

pub(crate) fn of(service: Service, limits: Limits) -> Vec<Property<Protocol>> {
    let mut properties = vec![
        Property::always(I1, |_, system: &System| {
            !system.oracle.has_violated(Violation::Unrecorded)
        }),
        Property::always(I2, |_, system: &System| {
            let is_terminal = system.record.state == State::NeedsLogin;
            let may_be_terminal = system.oracle.faulty;
            !system.oracle.has_violated(Violation::Twice) && (may_be_terminal || !is_terminal)
        }),
        Property::always(I3, |_, system: &System| {
            !system.record.has_login() || system.oracle.is_latest_login()
        }),
        Property::always(I4, |_, system: &System| {
            !system.oracle.has_violated(Violation::Dropped)
        }),
        Property::always(I5, |_, system: &System| {
            !system.oracle.has_violated(Violation::Reuse)
        }),
        Property::always(I8, |_, system: &System| {
            let has_decided = system.oracle.rejected || system.oracle.refused_for_long;
            system.record.state != State::NeedsLogin || has_decided
        }),
    ];
    if service == Service::Refusing {
        properties.push(Property::eventually(
            I13,
            |protocol: &Protocol, system: &System| {
                system.record.state == State::NeedsLogin || system.has_given_up(protocol.limits)
            },
        ));
        return properties;
    }
    properties.extend([
        Property::sometimes(REFRESHES, |_, system: &System| {
            system.oracle.origin == Origin::Refresh
        }),
        Property::sometimes(RECOVERS, |_, system: &System| {
            system.oracle.origin == Origin::Probe
        }),
        Property::sometimes(COMMITS_LATE, |_, system: &System| {
            system.oracle.origin == Origin::LateHolder
        }),
    ]);
    if limits.refusals > 0 {
        properties.extend([
            Property::sometimes(REFUSALS_END, |_, system: &System| {
                system.record.state == State::NeedsLogin && !system.oracle.rejected
            }),
            Property::sometimes(REFUSALS_ARE_FEW, |_, system: &System| {
                system.record.state == State::Uncertain && system.oracle.has_seen_refusals()
            }),
            Property::sometimes(RETURNS, |_, system: &System| {
                system.oracle.origin == Origin::AfterAll
            }),
        ]);
    }
    if matches!(service, Service::Strict | Service::ForgivingBriefly) {
        properties.push(Property::sometimes(ENDS, |_, system: &System| {
            system.record.state == State::NeedsLogin && !system.oracle.has_seen_a_repeat()
        }));
    } else {
        properties.push(Property::always(NO_LOGIN_LOST, |_, system: &System| {
            system.record.state != State::NeedsLogin || system.oracle.has_seen_a_repeat()
        }));
    }
    if matches!(service, Service::Forgiving | Service::ForgivingBriefly) {
        properties.push(Property::sometimes(IS_FORGIVEN, |_, system: &System| {
            system.oracle.origin == Origin::Forgiveness
        }));
    }
    properties
}
