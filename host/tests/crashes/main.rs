//! The program, killed as by `kill -9` before and after each of its steps, and its
//! host panicking there: what is lost, and what is not. Each test prints its table:
//! `--nocapture` shows them.

mod matrix;
mod recovery;
mod situation;
#[path = "../support/mod.rs"]
mod support;

use matrix::{Command, Death};

/// How long access tokens last in these tests, in seconds.
const LIFETIME: u64 = 3600;

#[test]
fn s21_s26_h12_no_kill_of_start_keeps_the_next_start_from_a_login() {
    Command::new("start", situation::nobody_signed_in, recovery::of_a_login).dies_everywhere();
}

#[test]
fn s21_s26_h12_no_kill_of_a_poll_loses_the_code_that_waits() {
    Command::new("poll", situation::code_waits, recovery::of_a_login).dies_everywhere();
}

#[test]
fn s22_s23_s24_s26_h12_a_kill_wastes_an_approval_only_if_the_exchange_had_been_answered() {
    Command {
        is_forgiven: false,
        ..Command::new(
            "poll, approved",
            situation::code_approved,
            recovery::of_a_login,
        )
    }
    .dies_everywhere();
}

#[test]
fn s21_s22_s23_s24_s26_h12_a_kill_of_refresh_loses_a_login_only_where_nothing_could_keep_it() {
    Command::new("refresh", situation::token_lives, recovery::of_a_token).dies_everywhere();
}

#[test]
fn s21_s22_s23_s24_s26_h12_so_does_one_of_authorize_when_the_token_is_due() {
    Command::new("authorize, due", situation::token_due, recovery::of_a_token).dies_everywhere();
}

#[test]
fn s21_s22_s23_s24_s26_h12_so_does_one_of_authorize_when_the_token_has_ended() {
    authorize_when_ended().dies_everywhere();
}

#[test]
fn h11_a_panic_of_the_host_costs_no_more_than_a_kill() {
    Command {
        death: Death::Panic,
        ..authorize_when_ended()
    }
    .dies_everywhere();
}

fn authorize_when_ended() -> Command {
    Command::new(
        "authorize, ended",
        situation::token_ended,
        recovery::of_a_token,
    )
}

#[test]
fn s21_s22_s23_s24_s26_h12_so_does_one_of_authorize_when_the_token_was_refused() {
    Command {
        token_works: situation::A_WHILE,
        ..Command::new(
            "authorize --refused",
            situation::token_refused,
            recovery::of_a_token,
        )
    }
    .dies_everywhere();
}

#[test]
fn h12_no_kill_of_models_or_usage_costs_anything() {
    Command::new(
        "models --force",
        situation::models_wanted,
        recovery::of_a_token,
    )
    .dies_everywhere();
    Command::new(
        "usage --force",
        situation::usage_wanted,
        recovery::of_a_token,
    )
    .dies_everywhere();
}

#[test]
fn s27_h12_no_kill_of_logout_leaves_a_token_that_the_next_logout_does_not_remove() {
    Command::new("logout", situation::signing_out, recovery::of_a_logout).dies_everywhere();
    Command::new(
        "logout --revoke",
        situation::signing_out_everywhere,
        recovery::of_a_revocation,
    )
    .dies_everywhere();
}

#[test]
fn s27_h12_nor_one_of_the_start_that_finishes_an_interrupted_logout() {
    Command::new(
        "start, logging out",
        situation::logout_interrupted,
        recovery::of_a_revocation_by_start,
    )
    .dies_everywhere();
}
