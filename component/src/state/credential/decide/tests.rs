use super::super::codec::decode;
use super::{Action, Request, decide};
use crate::contract::{Error, ErrorCode};
use crate::state::credential::{Intent, Record};
use crate::testing::fakes::{
    LIFETIME, NOW, access_token, changed, credential, dead, fingerprint, intent, old_access,
};
use serde_json::{Value, json};

const TOKEN: Request = Request::AccessToken { refused: None };

fn record(stored: &Value) -> Record {
    decode(stored.to_string().as_bytes()).expect("a record")
}

fn step(stored: &Value, request: Request, now: u64) -> Result<&'static str, Error> {
    match decide(&record(stored), request, now) {
        Action::Serve => Ok("serve"),
        Action::Present(_) => Ok("present"),
        Action::Store(_) => Ok("store"),
        Action::Fail(error) => Err(*error),
    }
}

#[track_caller]
fn assert_step(stored: &Value, request: Request, expected: &str) {
    match step(stored, request, NOW) {
        Ok(found) => assert_eq!(found, expected, "{stored}"),
        Err(error) => panic!("{:?} instead of {expected}: {stored}", error.code),
    }
}

#[track_caller]
fn assert_fails(stored: &Value, request: Request, code: ErrorCode, wait: Option<u32>) {
    match step(stored, request, NOW) {
        Ok(found) => panic!("{found} instead of {code:?}: {stored}"),
        Err(error) => {
            assert_eq!((error.code, error.retry_after_seconds), (code, wait));
            assert!(error.retryable || wait.is_none(), "{code:?}");
        }
    }
}

/// The record that `decide` stores.
fn written(stored: &Value, request: Request, now: u64) -> Record {
    match decide(&record(stored), request, now) {
        Action::Store(record) => *record,
        Action::Present(token) => record(stored).with_intent(&Intent {
            attempt: "mine".to_owned(),
            presented: token.fingerprint(),
            started: now,
        }),
        _ => panic!("nothing is written: {stored}"),
    }
}

fn refused(fingerprint: &str) -> Request<'_> {
    Request::AccessToken {
        refused: Some(fingerprint),
    }
}

#[test]
fn active_a_live_token_is_served_and_refreshed_on_demand() {
    let live = credential("active", json!({}));
    assert_step(&live, TOKEN, "serve");
    assert_step(&live, Request::ForceRefresh, "present");
    assert_step(&dead("active", json!({})), TOKEN, "present");
    assert_step(&dead("active", json!({})), Request::ForceRefresh, "present");
}

#[test]
fn active_a_due_token_is_refreshed_before_it_ends() {
    let due = credential(
        "active",
        json!({"received_at": NOW - LIFETIME + 600, "expires_at": NOW + 600}),
    );
    assert_step(&due, TOKEN, "present");
    assert_step(&due, Request::ForceRefresh, "present");
}

#[test]
fn active_a_token_recorded_as_refused_is_refreshed() {
    let name = fingerprint(&old_access());
    let known = credential("active", json!({"refused": name}));
    assert_step(&known, refused(&name), "present");
    assert_step(&known, TOKEN, "present");
}

/// Faults: N33
#[test]
fn a_refused_token_is_recorded_first_in_every_state() {
    let name = fingerprint(&old_access());
    for stored in [
        credential("active", json!({})),
        credential(
            "active",
            json!({"not_before": NOW + 60, "last_trouble": "network"}),
        ),
        credential("refreshing", json!({"intent": intent(NOW)})),
        credential("refreshing", json!({"intent": intent(NOW - 65)})),
        credential("uncertain", json!({"not_before": NOW + 60})),
        credential("needs-login", json!({"reason": "invalid_grant"})),
    ] {
        assert_step(&stored, refused(&name), "store");
        let noted = written(&stored, refused(&name), NOW);
        assert!(noted.live_token(NOW).is_none(), "{stored}");
        assert_eq!(noted.state.name(), record(&stored).state.name());
        let tokens = noted.tokens().expect("tokens");
        assert_eq!(tokens.refused.as_deref(), Some(&*name));
    }
    let leaving = credential("logging-out", json!({}));
    assert_fails(&leaving, refused(&name), ErrorCode::NotConnected, None);
}

/// Faults: N33
#[test]
fn a_refused_new_token_still_serves_other_calls() {
    let name = fingerprint(&old_access());
    let fresh = credential("active", json!({"received_at": NOW - 20}));
    assert_fails(
        &fresh,
        refused(&name),
        ErrorCode::RejectedByBackend,
        Some(40),
    );
    assert_step(&fresh, TOKEN, "serve");
}

#[test]
fn active_the_refusal_of_an_older_token_changes_nothing() {
    let live = credential("active", json!({}));
    assert_step(&live, refused(&fingerprint("older")), "serve");
    assert_step(&live, refused(""), "serve");
    let due = credential(
        "active",
        json!({"received_at": NOW - LIFETIME + 600, "expires_at": NOW + 600}),
    );
    let written = written(&due, refused(&fingerprint("older")), NOW);
    assert_eq!(written.tokens().expect("tokens").refused, None);
}

/// Faults: P24
#[test]
fn active_within_a_minute_of_a_success_nothing_is_sent() {
    let name = fingerprint(&old_access());
    let fresh = |age: u64| credential("active", json!({"received_at": NOW - age}));
    let refused_of = |age: u64| changed(fresh(age), json!({"refused": name}));
    assert_step(&fresh(0), Request::ForceRefresh, "serve");
    assert_step(&fresh(59), Request::ForceRefresh, "serve");
    assert_step(&fresh(60), Request::ForceRefresh, "present");
    let by_a_clock_ahead = credential("active", json!({"received_at": NOW + 30}));
    assert_step(&by_a_clock_ahead, Request::ForceRefresh, "serve");
    assert_fails(
        &refused_of(10),
        TOKEN,
        ErrorCode::RejectedByBackend,
        Some(50),
    );
    assert_step(&refused_of(60), TOKEN, "present");
    let dead_on_arrival = dead("active", json!({"received_at": NOW - 1}));
    assert_fails(
        &dead_on_arrival,
        TOKEN,
        ErrorCode::RejectedByBackend,
        Some(59),
    );
}

#[test]
fn active_a_pause_is_kept_and_a_live_token_served_meanwhile() {
    let pause = json!({"not_before": NOW + 40, "last_trouble": "rate-limited"});
    let due = changed(
        credential("active", pause.clone()),
        json!({"received_at": NOW - LIFETIME + 600, "expires_at": NOW + 600}),
    );
    assert_step(&due, TOKEN, "serve");
    assert_fails(
        &due,
        Request::ForceRefresh,
        ErrorCode::RateLimited,
        Some(40),
    );
    assert_fails(
        &dead("active", pause),
        TOKEN,
        ErrorCode::RateLimited,
        Some(40),
    );
    let lasting = dead(
        "active",
        json!({"not_before": NOW + 40, "last_trouble": "region"}),
    );
    assert_fails(&lasting, TOKEN, ErrorCode::RegionUnsupported, None);
    let nameless = dead("active", json!({"not_before": NOW + 1}));
    assert_fails(&nameless, TOKEN, ErrorCode::UpstreamError, Some(1));
}

/// Faults: N31
#[test]
fn a_pause_beyond_an_hour_and_the_clock_skew_is_ignored() {
    for not_before in [0, NOW - 1, NOW, NOW + 3631, i64::MAX as u64] {
        let stored = dead("active", json!({"not_before": not_before}));
        assert_step(&stored, TOKEN, "present");
        let stored = dead("uncertain", json!({"not_before": not_before}));
        assert_step(&stored, TOKEN, "present");
    }
    for wait in [3600, 3630] {
        let hour = dead("active", json!({"not_before": NOW + wait}));
        assert_fails(&hour, TOKEN, ErrorCode::UpstreamError, Some(wait as u32));
    }
}

/// Faults: P12
#[test]
fn without_a_refresh_token_the_access_token_serves_to_its_end() {
    let none = json!({"refresh_token": null});
    let live = credential("active", none.clone());
    assert_step(&live, TOKEN, "serve");
    assert_fails(
        &live,
        Request::ForceRefresh,
        ErrorCode::NotRefreshable,
        None,
    );
    assert_fails(
        &dead("active", none.clone()),
        TOKEN,
        ErrorCode::NotRefreshable,
        None,
    );
    let due = changed(
        credential("active", none),
        json!({"received_at": NOW - LIFETIME + 600, "expires_at": NOW + 600}),
    );
    assert_step(&due, TOKEN, "serve");
}

/// Faults: P14
#[test]
fn without_an_access_token_a_refresh_is_due_at_once() {
    let none = credential("active", json!({"access_token": null, "received_at": NOW}));
    assert_step(&none, TOKEN, "present");
    assert_step(&none, Request::ForceRefresh, "present");
}

#[test]
fn refreshing_a_live_token_is_served_and_nothing_is_sent() {
    let live = credential("refreshing", json!({"intent": intent(NOW - 1)}));
    assert_step(&live, TOKEN, "serve");
    assert_fails(
        &live,
        Request::ForceRefresh,
        ErrorCode::RefreshInProgress,
        Some(1),
    );
    let dead = dead("refreshing", json!({"intent": intent(NOW - 1)}));
    for request in [TOKEN, Request::ForceRefresh] {
        assert_fails(&dead, request, ErrorCode::RefreshInProgress, Some(1));
    }
}

/// Faults: H01 S22
#[test]
fn refreshing_is_taken_over_after_65_seconds() {
    for request in [TOKEN, Request::ForceRefresh] {
        let young = dead("refreshing", json!({"intent": intent(NOW - 64)}));
        assert_fails(&young, request, ErrorCode::RefreshInProgress, Some(1));
        let old = dead("refreshing", json!({"intent": intent(NOW - 65)}));
        assert_step(&old, request, "store");
        let taken = written(&old, request, NOW);
        assert_eq!(taken.state.name(), "uncertain");
        assert_eq!(taken.not_before, Some(NOW - 65 + 120));
        assert_eq!(taken.intent().expect("kept").attempt, "theirs");
    }
    let without = dead("refreshing", json!({}));
    assert_step(&without, TOKEN, "store");
}

/// Faults: N31
#[test]
fn an_intent_from_the_far_future_is_abandoned() {
    let near = dead("refreshing", json!({"intent": intent(NOW + 300)}));
    assert_fails(&near, TOKEN, ErrorCode::RefreshInProgress, Some(1));
    for started in [NOW + 301, i64::MAX as u64] {
        let far = dead("refreshing", json!({"intent": intent(started)}));
        assert_step(&far, TOKEN, "store");
        assert_eq!(written(&far, TOKEN, NOW).not_before, Some(NOW + 120));
    }
}

#[test]
fn an_abandoned_probe_keeps_the_delay_of_its_number() {
    for (probes, pause) in [
        (0, 120),
        (1, 120),
        (4, 120),
        (5, 240),
        (9, 3600),
        (40, 3600),
    ] {
        let intent = intent(NOW - 65);
        let old = dead("refreshing", json!({"intent": intent, "probes": probes}));
        let taken = written(&old, TOKEN, NOW);
        assert_eq!(taken.not_before, Some(NOW - 65 + pause), "{probes}");
        assert_eq!(taken.state.probe_count(), probes);
    }
}

#[test]
fn uncertain_while_the_token_lives_nothing_is_sent() {
    let live = credential("uncertain", json!({"not_before": NOW - 1}));
    assert_step(&live, TOKEN, "serve");
    let left = (LIFETIME - 30) as u32;
    assert_fails(
        &live,
        Request::ForceRefresh,
        ErrorCode::RefreshUncertain,
        Some(left),
    );
    let endless = credential("uncertain", json!({"expires_at": null}));
    assert_step(&endless, TOKEN, "serve");
    assert_fails(
        &endless,
        Request::ForceRefresh,
        ErrorCode::RefreshUncertain,
        None,
    );
}

#[test]
fn uncertain_a_dead_token_waits_for_the_delay_and_then_probes() {
    for request in [TOKEN, Request::ForceRefresh] {
        let quiet = dead("uncertain", json!({"not_before": NOW + 90}));
        assert_fails(&quiet, request, ErrorCode::RefreshUncertain, Some(90));
        let over = dead("uncertain", json!({"not_before": NOW, "probes": 4}));
        assert_step(&over, request, "present");
        let probe = written(&over, request, NOW);
        assert_eq!(
            (probe.state.name(), probe.state.probe_count()),
            ("refreshing", 5)
        );
        assert_eq!(probe.not_before, None);
    }
}

#[test]
fn uncertain_a_refused_token_is_as_dead_as_an_ended_one() {
    let name = fingerprint(&old_access());
    let stored = credential("uncertain", json!({"refused": name}));
    assert_step(&stored, TOKEN, "present");
    let quiet = credential("uncertain", json!({"not_before": NOW + 5, "refused": name}));
    assert_fails(&quiet, TOKEN, ErrorCode::RefreshUncertain, Some(5));
}

#[test]
fn needs_login_a_live_token_is_served_and_nothing_refreshes() {
    let reason = json!({"reason": "invalid_grant"});
    let live = credential("needs-login", reason.clone());
    assert_step(&live, TOKEN, "serve");
    assert_fails(&live, Request::ForceRefresh, ErrorCode::NeedsLogin, None);
    let name = fingerprint(&old_access());
    let refused = credential("needs-login", json!({"refused": name}));
    assert_fails(&refused, TOKEN, ErrorCode::NeedsLogin, None);
    let dead = dead("needs-login", reason);
    assert_fails(&dead, TOKEN, ErrorCode::NeedsLogin, None);
    let error = step(&dead, TOKEN, NOW).expect_err("no token");
    assert_eq!(error.message, "the login has ended (invalid_grant)");
    assert!(error.relogin_required && !error.retryable);
}

/// Faults: P22
#[test]
fn a_copied_login_is_explained() {
    let reused = dead("needs-login", json!({"reason": "refresh_token_reused"}));
    let error = step(&reused, TOKEN, NOW).expect_err("no token");
    assert_eq!(error.code, ErrorCode::NeedsLogin);
    assert!(error.message.contains("refresh_token_reused"));
    assert!(error.hint.contains("Another program"), "{}", error.hint);
    assert!(error.hint.contains("a login of its own") && error.relogin_required);
}

/// Faults: S36
#[test]
fn a_token_is_presented_only_if_its_successor_fits() {
    let large = json!({"tomorrow": "x".repeat(5000)});
    let due = json!({"received_at": NOW - LIFETIME + 600, "expires_at": NOW + 600});
    let due = changed(credential("active", due), large.clone());
    assert_step(&due, TOKEN, "serve");
    for stored in [due, dead("uncertain", large)] {
        assert_fails(
            &stored,
            Request::ForceRefresh,
            ErrorCode::StoreUnavailable,
            None,
        );
    }
}

/// Faults: P20
#[test]
fn needs_login_names_another_account() {
    let other = dead("needs-login", json!({"reason": "account-mismatch"}));
    assert_fails(&other, TOKEN, ErrorCode::AccountMismatch, None);
    assert_fails(
        &other,
        Request::ForceRefresh,
        ErrorCode::AccountMismatch,
        None,
    );
}

#[test]
fn signed_out_there_is_nothing_to_serve() {
    let absent =
        json!({"version": 1, "generation": 1, "epoch": 4, "state": "logged-out", "updated_at": 1});
    for stored in [absent, credential("logging-out", json!({"revoke": true}))] {
        for request in [TOKEN, Request::ForceRefresh] {
            assert_fails(&stored, request, ErrorCode::NotConnected, None);
        }
        assert!(record(&stored).live_token(NOW).is_none(), "{stored}");
    }
}

#[test]
fn a_token_lives_until_half_a_minute_before_its_end() {
    let end = NOW + 1000;
    let stored = credential("needs-login", json!({"expires_at": end}));
    assert!(record(&stored).live_token(end - 31).is_some());
    assert!(record(&stored).live_token(end - 30).is_none());
}

/// Faults: N31 P30
#[test]
fn a_token_lives_by_the_services_clock() {
    for offset in [-7200_i64, 7200] {
        let stored = credential(
            "needs-login",
            json!({"expires_at": NOW + 1000, "clock_offset": offset}),
        );
        let local_end = (NOW + 1000).saturating_add_signed(-offset);
        let record = record(&stored);
        assert!(record.live_token(local_end - 31).is_some());
        assert!(record.live_token(local_end - 30).is_none());
    }
}

/// How long before its end a token of that lifetime is due, in seconds.
fn window(refresh: &str, lifetime: u64) -> u64 {
    let stored = credential(
        "active",
        json!({
            "refresh_token": refresh, "access_token": access_token("x", NOW + lifetime),
            "received_at": NOW, "expires_at": NOW + lifetime,
        }),
    );
    let record = record(&stored);
    let tokens = record.tokens().expect("tokens");
    let left: Vec<u64> = (0..=lifetime).collect();
    left.partition_point(|left| tokens.is_due(NOW + lifetime - left))
        .try_into()
        .expect("a length")
}

/// Faults: H14
#[test]
fn the_window_is_five_minutes_or_a_tenth_and_spread_by_the_login() {
    let windows: Vec<u64> = (0..20).map(|n| window(&format!("rt-{n}"), 3600)).collect();
    assert!(windows.iter().all(|window| (360..450).contains(window)));
    let different: std::collections::BTreeSet<_> = windows.iter().collect();
    assert!(different.len() > 10, "{windows:?}");
    assert_eq!(window("rt-1", 3600), window("rt-1", 3600));
    assert!((300..375).contains(&window("rt-1", 1200)));
}

#[test]
fn the_window_never_opens_in_the_first_half_of_the_lifetime() {
    for lifetime in [10, 60, 200, 500] {
        assert_eq!(window("rt-1", lifetime), lifetime / 2, "{lifetime}");
    }
}

/// Faults: P17
#[test]
fn without_a_readable_end_a_refresh_is_due_after_eight_days() {
    let at = |received_at: u64| {
        credential(
            "active",
            json!({"expires_at": null, "received_at": received_at}),
        )
    };
    assert_step(&at(NOW - 8 * 86_400 + 1), TOKEN, "serve");
    assert_step(&at(NOW - 8 * 86_400), TOKEN, "present");
    assert_step(&at(NOW + 86_400), TOKEN, "serve");
}

/// Faults: N31
#[test]
fn a_clock_set_back_neither_pauses_nor_expires_anything() {
    let ahead = credential("active", json!({"received_at": NOW + 5000}));
    assert_step(&ahead, TOKEN, "serve");
    assert_step(&ahead, Request::ForceRefresh, "present");
}

#[test]
fn an_intent_names_the_attempt_and_the_token_and_raises_nothing_else() {
    let stored = credential(
        "active",
        json!({"not_before": NOW - 5, "last_trouble": "network"}),
    );
    let written = written(&stored, Request::ForceRefresh, NOW);
    let intent = written.intent().expect("an intent");
    assert_eq!((&*intent.attempt, intent.started), ("mine", NOW));
    assert_eq!(intent.presented, fingerprint("rt-1"));
    assert_eq!(
        (written.state.name(), written.state.probe_count()),
        ("refreshing", 0)
    );
    assert_eq!((written.login_seq, written.generation), (3, 7));
}
