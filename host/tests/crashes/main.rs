//! The program is killed, as by `kill -9`, before and after each of its steps, and its
//! host panics there. The tests say what that loses and what it does not. Each test
//! prints its table; `--nocapture` shows the tables.

mod matrix;
mod recovery;
mod situation;
#[path = "../support/mod.rs"]
mod support;

use matrix::{Command, Death};

/// How long access tokens last in these tests, in seconds.
const LIFETIME: u64 = 3600;

/// Faults: S21 S26 H12
#[test]
fn a_killed_start_does_not_prevent_the_next_login() {
    Command::new("start", situation::nobody_signed_in, recovery::of_a_login).die_at_every_point();
}

/// Faults: S21 S26 H12
#[test]
fn a_killed_poll_does_not_lose_the_waiting_code() {
    Command::new("poll", situation::code_waits, recovery::of_a_login).die_at_every_point();
}

/// Faults: S22 S23 S24 S26 H12
#[test]
fn a_killed_poll_wastes_an_approval_only_after_the_exchange_was_answered() {
    Command {
        is_forgiven: false,
        ..Command::new(
            "poll, approved",
            situation::code_approved,
            recovery::of_a_login,
        )
    }
    .die_at_every_point();
}

/// Faults: S21 S22 S23 S24 S26 H12
#[test]
fn a_killed_refresh_loses_a_login_only_where_nothing_could_keep_it() {
    Command::new("refresh", situation::token_valid, recovery::of_a_token).die_at_every_point();
}

/// Faults: S21 S22 S23 S24 S26 H12
#[test]
fn a_killed_authorize_with_a_due_token_loses_no_more_than_a_refresh() {
    Command::new("authorize, due", situation::token_due, recovery::of_a_token).die_at_every_point();
}

/// Faults: S21 S22 S23 S24 S26 H12
#[test]
fn a_killed_authorize_with_an_expired_token_loses_no_more() {
    authorize_when_expired().die_at_every_point();
}

/// Faults: H11
#[test]
fn a_panic_of_the_host_costs_no_more_than_a_kill() {
    Command {
        death: Death::Panic,
        ..authorize_when_expired()
    }
    .die_at_every_point();
}

fn authorize_when_expired() -> Command {
    Command::new(
        "authorize, expired",
        situation::token_expired,
        recovery::of_a_token,
    )
}

/// Faults: S21 S22 S23 S24 S26 H12
#[test]
fn a_killed_authorize_with_a_refused_token_loses_no_more() {
    Command {
        token_works: situation::A_WHILE,
        ..Command::new(
            "authorize --refused",
            situation::token_refused,
            recovery::of_a_token,
        )
    }
    .die_at_every_point();
}

/// Faults: H12
#[test]
fn a_killed_models_or_usage_costs_nothing() {
    Command::new(
        "models --force",
        situation::models_wanted,
        recovery::of_a_token,
    )
    .die_at_every_point();
    Command::new(
        "usage --force",
        situation::usage_wanted,
        recovery::of_a_token,
    )
    .die_at_every_point();
}

/// Faults: S27 H12
#[test]
fn a_killed_logout_leaves_no_token_that_the_next_logout_keeps() {
    Command::new("logout", situation::signing_out, recovery::of_a_logout).die_at_every_point();
    Command::new(
        "logout --revoke",
        situation::signing_out_everywhere,
        recovery::of_a_revocation,
    )
    .die_at_every_point();
}

/// Faults: S27 H12
#[test]
fn a_killed_start_leaves_no_token_of_an_interrupted_logout() {
    Command::new(
        "start, logging out",
        situation::logout_interrupted,
        recovery::of_a_revocation_by_start,
    )
    .die_at_every_point();
}
