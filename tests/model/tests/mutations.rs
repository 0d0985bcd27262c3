//! Without one of its rules, the protocol breaks the property that needs the rule.

use refresh_model::properties::{I1, I2, I3, I4, I5, I8, I13};
use refresh_model::rules::{Claim, Commit, Outage, Quiet, Rules, Timepiece};
use refresh_model::{Limits, Protocol, Service};

/// How many probes end the login in a mutation: fewer than the claims of a history.
const PROBE_LIMIT: u8 = 2;

/// Asserts that the rules, changed by `mutate`, break the property.
#[track_caller]
fn assert_breaks(property: &'static str, mutate: fn(&mut Rules)) {
    assert_breaks_within(Limits::EVERYTHING, property, mutate);
}

#[track_caller]
fn assert_breaks_within(limits: Limits, property: &'static str, mutate: fn(&mut Rules)) {
    assert_breaks_at(Service::Strict, limits, property, mutate);
}

#[track_caller]
fn assert_breaks_at(
    service: Service,
    limits: Limits,
    property: &'static str,
    mutate: fn(&mut Rules),
) {
    let mut rules = Rules::default();
    mutate(&mut rules);
    let protocol = Protocol {
        rules,
        service,
        workers: 2,
        limits,
    };
    protocol.assert_breaks(property);
}

#[test]
fn i1_breaks_if_a_lock_stands_for_the_intent() {
    assert_breaks(I1, |rules| rules.claim = Claim::Lock);
}

#[test]
fn i5_breaks_if_a_lock_stands_for_the_intent() {
    assert_breaks(I5, |rules| rules.claim = Claim::Lock);
}

#[test]
fn i2_breaks_if_nothing_is_written_before_the_token_is_presented() {
    assert_breaks(I2, |rules| rules.claim = Claim::Nothing);
}

#[test]
fn i3_breaks_if_a_login_is_stored_that_began_before_a_logout() {
    assert_breaks(I3, |rules| rules.login_seq_check = false);
}

#[test]
fn i4_breaks_if_only_the_holder_of_the_claim_may_commit() {
    assert_breaks(I4, |rules| rules.commit = Commit::ByLease);
}

#[test]
fn i5_breaks_without_a_quiet_period() {
    assert_breaks(I5, |rules| rules.quiet = Quiet::Nothing);
}

#[test]
fn i5_breaks_if_the_quiet_period_covers_the_wire_and_not_the_storing() {
    assert_breaks(I5, |rules| rules.quiet = Quiet::Wire);
}

#[test]
fn i5_breaks_if_a_request_outlives_its_sender_and_probes_are_close() {
    assert_breaks(I5, |rules| rules.quiet_after_probe = Quiet::Spacing);
}

#[test]
fn i5_breaks_if_an_old_claim_is_still_followed_by_its_request() {
    assert_breaks(I5, |rules| rules.send_guard = false);
}

#[test]
fn i5_breaks_if_an_uncertain_token_is_spent_while_the_access_token_lives() {
    assert_breaks(I5, |rules| rules.keep_while_access_works = false);
}

#[test]
fn i8_breaks_if_a_number_of_probes_ends_the_login() {
    assert_breaks(I8, |rules| rules.probe_limit = Some(PROBE_LIMIT));
}

#[test]
fn i8_breaks_if_an_outage_counts_as_a_refusal() {
    assert_breaks_within(Limits::REFUSALS, I8, |rules| rules.outage = Outage::Counts);
}

#[test]
fn i8_breaks_if_refusals_count_in_a_row_that_an_outage_has_interrupted() {
    assert_breaks_within(Limits::REFUSALS, I8, |rules| {
        rules.outage = Outage::IsIgnored;
    });
}

#[test]
fn i8_breaks_if_the_first_unknown_refusal_ends_the_login() {
    assert_breaks_within(Limits::REFUSALS, I8, |rules| {
        rules.refusals = Some(1);
        rules.refused_for = 0;
    });
}

#[test]
fn i8_breaks_if_refusals_one_after_the_other_end_the_login() {
    assert_breaks_within(Limits::REFUSALS, I8, |rules| rules.refused_for = 0);
}

#[test]
fn i8_breaks_if_two_refusals_far_apart_end_the_login() {
    assert_breaks_within(Limits::REFUSALS, I8, |rules| rules.refusals = Some(2));
}

#[test]
fn i13_breaks_if_refusals_never_end_the_login() {
    assert_breaks_at(Service::Refusing, Limits::ONLY_REFUSALS, I13, |rules| {
        rules.refusals = None;
    });
}

#[test]
fn i5_breaks_if_an_intent_ages_by_the_wall_clock_and_that_is_set_forward() {
    assert_breaks_within(Limits::STEPS, I5, |rules| rules.age = Timepiece::Wall);
}

#[test]
fn i5_breaks_if_the_guard_is_set_by_the_wall_clock_and_that_is_set_back() {
    assert_breaks_within(Limits::STEPS, I5, |rules| rules.guard = Timepiece::Wall);
}
