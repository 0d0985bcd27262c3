use super::super::codec::decode;
use super::{Applied, apply_outcome, probe_delay};
use crate::openai::{Failure, FailureKind, Response, ServiceError, TokenOutcome, TokenResponse};
use crate::state::credential::{Intent, Record, Tokens};
use crate::testing::fakes::{
    HttpResult, LIFETIME, NOW, access_token, credential, dead, fingerprint, grant, id_token,
    intent, jwt, ok, with_header,
};
use serde_json::{Value, json};

fn record(stored: &Value) -> Record {
    decode(stored.to_string().as_bytes()).expect("a record")
}

/// The intent of the call, as stored and as held.
fn ours() -> (Value, Intent) {
    let stored = json!({"attempt": "mine", "presented": fingerprint("rt-1"), "started": NOW - 2});
    let held = Intent {
        attempt: "mine".to_owned(),
        presented: fingerprint("rt-1"),
        started: NOW - 2,
    };
    (stored, held)
}

fn refreshing(changes: Value) -> Value {
    let ours = credential("refreshing", json!({"intent": ours().0}));
    crate::testing::fakes::changed(ours, changes)
}

fn read(response: HttpResult) -> TokenResponse {
    TokenResponse::read(&Response::read(response.expect("an answer"), NOW)).expect("a grant")
}

fn granted() -> TokenOutcome {
    TokenOutcome::Granted(read(grant("rt-2")))
}

fn outcomes() -> [TokenOutcome; 4] {
    [
        granted(),
        TokenOutcome::NotProcessed(Failure {
            retry_after: 40,
            ..Failure::new(FailureKind::RateLimited)
        }),
        TokenOutcome::Rejected(ServiceError {
            status: Some(401),
            code: Some("refresh_token_reused".to_owned()),
        }),
        TokenOutcome::Unknown(Failure::new(FailureKind::Network)),
    ]
}

fn applied(stored: &Value, outcome: &TokenOutcome) -> Option<Record> {
    match apply_outcome(&record(stored), 3, &ours().1, outcome, NOW) {
        Applied::Store(record) => Some(*record),
        Applied::Leave => None,
        Applied::Superseded => panic!("superseded"),
    }
}

fn state(stored: &Value, outcome: &TokenOutcome) -> Option<&'static str> {
    applied(stored, outcome).map(|record| record.state.name())
}

#[test]
fn the_calls_own_intent_takes_every_outcome() {
    let expected = ["active", "active", "needs-login", "uncertain"];
    for (outcome, expected) in outcomes().iter().zip(expected) {
        assert_eq!(state(&refreshing(json!({})), outcome), Some(expected));
    }
}

#[test]
fn a_late_holder_commits_by_lineage_and_adds_nothing_else() {
    let [granted, not_processed, refused, unknown] = outcomes();
    let taken_over = dead(
        "uncertain",
        json!({"intent": ours().0, "not_before": NOW + 60}),
    );
    let by_another = dead("refreshing", json!({"intent": intent(NOW)}));
    let ended = dead(
        "needs-login",
        json!({"reason": "invalid_grant", "intent": ours().0}),
    );
    let released = dead("active", json!({}));
    for stored in [&taken_over, &by_another, &ended, &released] {
        let record = applied(stored, &granted).expect("a commit");
        assert_eq!(record.state.name(), "active", "{stored}");
        assert_eq!(
            (record.state.reason(), record.state.probe_count()),
            (None, 0)
        );
        assert!(record.intent().is_none() && record.not_before.is_none());
        assert!(applied(stored, &not_processed).is_none(), "{stored}");
        assert!(applied(stored, &unknown).is_none(), "{stored}");
    }
    assert_eq!(state(&taken_over, &refused), Some("needs-login"));
    assert_eq!(state(&by_another, &refused), None);
}

/// Faults: N18
#[test]
fn a_rejection_of_an_older_token_changes_nothing() {
    for state in ["active", "refreshing", "uncertain", "needs-login"] {
        let advanced = credential(state, json!({"refresh_token": "rt-2"}));
        for outcome in outcomes() {
            let is_ours = false;
            assert_eq!(applied(&advanced, &outcome).is_some(), is_ours, "{state}");
        }
    }
}

/// Faults: N19
#[test]
fn a_rejection_keeps_login_seq_tokens_and_intent() {
    let [_, _, refused, _] = outcomes();
    let record = applied(&refreshing(json!({})), &refused).expect("a commit");
    assert_eq!(record.state.reason(), Some("refresh_token_reused"));
    assert_eq!(record.login_seq, 3);
    assert_eq!(record.intent().expect("kept").attempt, "mine");
    assert!(record.live_token(NOW).is_some());
    let late = apply_outcome(&record, 3, &ours().1, &granted(), NOW);
    assert!(matches!(late, Applied::Store(record) if record.state.name() == "active"));
}

/// Faults: S08 P07 P32
#[test]
fn another_login_or_a_logout_supersedes_every_outcome() {
    let stored = [
        refreshing(json!({"epoch": 4})),
        refreshing(json!({"epoch": 2})),
        credential("logging-out", json!({})),
        credential("logged-out", json!({})),
    ];
    for stored in &stored {
        for outcome in outcomes() {
            let applied = apply_outcome(&record(stored), 3, &ours().1, &outcome, NOW);
            assert!(matches!(applied, Applied::Superseded), "{stored}");
        }
    }
}

#[test]
fn a_grant_replaces_the_pair_and_the_last_failure() {
    let failed = refreshing(json!({
        "probes": 3, "last_trouble": "network", "refused": "f", "not_before": NOW + 5,
    }));
    let record = applied(&failed, &granted()).expect("a commit");
    let tokens = record.tokens().expect("tokens");
    assert_eq!(tokens.refresh.as_ref().expect("one").reveal(), "rt-2");
    assert_eq!(tokens.expires_at, Some(NOW + LIFETIME + 60));
    assert_eq!((tokens.received_at, &tokens.refused), (NOW, &None));
    assert_eq!((record.state.probe_count(), record.last_failure), (0, None));
    assert!(record.intent().is_none() && record.not_before.is_none());
    assert_eq!(
        (record.login_seq, record.login_id.as_deref()),
        (3, Some("login-1"))
    );
}

/// Faults: P13
#[test]
fn a_grant_without_a_refresh_token_keeps_the_old_one() {
    let grant = TokenOutcome::Granted(read(ok(json!({"access_token": "opaque"}))));
    let record = applied(&refreshing(json!({})), &grant).expect("a commit");
    let tokens = record.tokens().expect("tokens");
    assert_eq!(tokens.refresh.as_ref().expect("kept").reveal(), "rt-1");
    assert_eq!(tokens.access.as_ref().expect("new").reveal(), "opaque");
    assert_eq!(tokens.expires_at, None);
    assert_eq!(record.claims.email.as_deref(), Some("ada@example.com"));
}

/// Faults: P14
#[test]
fn a_grant_without_an_access_token_stores_the_refresh_token() {
    let grant = TokenOutcome::Granted(read(ok(json!({"refresh_token": "rt-2"}))));
    let record = applied(&refreshing(json!({})), &grant).expect("a commit");
    let tokens = record.tokens().expect("tokens");
    assert_eq!(tokens.refresh.as_ref().expect("new").reveal(), "rt-2");
    assert!(tokens.access.is_none() && record.state.name() == "active");
    assert_eq!(record.not_before, Some(NOW + 1));
    assert_eq!(record.last_failure, Some(FailureKind::NoAccessToken));
}

/// Faults: P14 M11 S36
#[test]
fn an_unusable_access_token_is_not_stored_and_is_requested_again() {
    for odd in [json!(7), json!("a\r\nb: c"), json!("a".repeat(9000))] {
        let body = json!({"refresh_token": "rt-2", "access_token": odd});
        let record = applied(
            &refreshing(json!({})),
            &TokenOutcome::Granted(read(ok(body))),
        );
        let record = record.expect("a commit");
        let tokens = record.tokens().expect("tokens");
        assert_eq!(tokens.refresh.as_ref().expect("new").reveal(), "rt-2");
        assert!(tokens.access.is_none());
        assert_eq!(record.not_before, Some(NOW + 30));
        assert_eq!(record.last_failure, Some(FailureKind::Unexpected));
    }
}

/// Faults: P13 M11 S36
#[test]
fn an_unusable_refresh_token_spends_the_previous_one() {
    for odd in [json!(7), json!("r t"), json!("r".repeat(5000))] {
        let body = json!({"refresh_token": odd, "access_token": "opaque", "expires_in": 600});
        let record = applied(
            &refreshing(json!({})),
            &TokenOutcome::Granted(read(ok(body))),
        );
        let record = record.expect("a commit");
        let tokens = record.tokens().expect("tokens");
        assert_eq!(tokens.access.as_ref().expect("new").reveal(), "opaque");
        assert!(tokens.refresh.is_none() && record.state.name() == "active");
    }
    for none in [json!(null), json!("")] {
        let body = json!({"refresh_token": none, "access_token": "opaque"});
        let record = applied(
            &refreshing(json!({})),
            &TokenOutcome::Granted(read(ok(body))),
        );
        let record = record.expect("a commit");
        let tokens = record.tokens().expect("tokens");
        assert_eq!(tokens.refresh.as_ref().expect("kept").reveal(), "rt-1");
    }
}

/// Faults: P20
#[test]
fn another_accounts_tokens_are_dropped() {
    for (account, user) in [("acc-2", "user-1"), ("acc-1", "user-2")] {
        let claims = json!({"https://api.openai.com/auth": {
            "chatgpt_account_id": account, "chatgpt_user_id": user,
        }});
        let body = json!({"refresh_token": "rt-2", "access_token": jwt(&claims)});
        let grant = TokenOutcome::Granted(read(ok(body)));
        let record = applied(&refreshing(json!({})), &grant).expect("a commit");
        assert_eq!(record.state.name(), "needs-login");
        assert_eq!(record.state.reason(), Some("account-mismatch"));
        assert_eq!(record.claims.account_id.as_deref(), Some("acc-1"));
        let refresh = &record.tokens().expect("the old ones").refresh;
        assert_eq!(refresh.as_ref().expect("kept").reveal(), "rt-1");
    }
}

/// Faults: P15
#[test]
fn a_grant_without_an_account_belongs_to_the_records() {
    let body = json!({"refresh_token": "rt-2", "access_token": access_token("x", NOW + 600)});
    let record = applied(
        &refreshing(json!({})),
        &TokenOutcome::Granted(read(ok(body))),
    );
    let claims = record.expect("a commit").claims;
    assert_eq!(claims.account_id.as_deref(), Some("acc-1"));
    assert_eq!(claims.user_id.as_deref(), Some("user-1"));
}

/// Faults: P17 P19
#[test]
fn an_end_that_cannot_be_read_is_taken_from_expires_in() {
    for access in [
        "opaque".to_owned(),
        jwt(&json!({"exp": 0})),
        jwt(&json!({"exp": "soon"})),
    ] {
        let body = json!({"access_token": access, "expires_in": 600});
        let tokens = Tokens::received(&read(ok(body)), None, NOW);
        assert_eq!(tokens.expires_at, Some(NOW + 600));
    }
    let far = json!({"access_token": access_token("x", 253_402_300_799)});
    let tokens = Tokens::received(&read(ok(far)), None, NOW);
    assert_eq!(tokens.expires_at, Some(NOW + 90 * 86_400));
}

/// Faults: P30
#[test]
fn the_services_clock_is_kept_as_an_offset() {
    let body = json!({"access_token": "opaque", "expires_in": 600});
    let response = with_header(ok(body), "Date", "Tue, 24 Nov 2026 12:00:00 GMT");
    let tokens = Tokens::received(&read(response), None, NOW);
    assert_eq!(tokens.clock_offset, 7200);
    assert_eq!(tokens.expires_at, Some(NOW + 7200 + 600));
    assert_eq!(tokens.local_time(NOW + 7200 + 600), NOW + 600);
    let behind = with_header(
        ok(json!({"access_token": "opaque", "expires_in": 600})),
        "date",
        "Tue, 24 Nov 2026 08:00:00 GMT",
    );
    assert_eq!(
        Tokens::received(&read(behind), None, NOW).clock_offset,
        -7200
    );
}

/// Faults: N23
#[test]
fn a_release_removes_the_intent_and_keeps_the_pause() {
    let [_, not_processed, _, _] = outcomes();
    let record = applied(&refreshing(json!({})), &not_processed).expect("a commit");
    assert!(record.intent().is_none());
    assert_eq!(record.not_before, Some(NOW + 40));
    assert_eq!(record.last_failure, Some(FailureKind::RateLimited));
    assert!(record.live_token(NOW).is_some());
}

#[test]
fn a_released_probe_leaves_the_outcome_uncertain_and_is_not_counted() {
    let [_, not_processed, _, _] = outcomes();
    let record = applied(&refreshing(json!({"probes": 3})), &not_processed).expect("a commit");
    assert_eq!(
        (record.state.name(), record.state.probe_count()),
        ("uncertain", 2)
    );
    assert_eq!(record.not_before, Some(NOW + 40));
    let first = applied(&refreshing(json!({"probes": 1})), &not_processed).expect("a commit");
    assert_eq!(
        (first.state.name(), first.state.probe_count()),
        ("uncertain", 0)
    );
}

/// Faults: N08
#[test]
fn the_probe_delay_counts_from_the_intent() {
    let [_, _, _, unknown] = outcomes();
    let record = applied(&refreshing(json!({})), &unknown).expect("a commit");
    assert_eq!(record.not_before, Some(NOW - 2 + 120));
    assert_eq!(record.last_failure, Some(FailureKind::Network));
    let probe = applied(&refreshing(json!({"probes": 5})), &unknown).expect("a commit");
    assert_eq!(probe.not_before, Some(NOW - 2 + 240));
    assert_eq!(probe.state.probe_count(), 5);
}

/// Faults: N20
#[test]
fn probe_delays_grow_to_an_hour() {
    let pauses: Vec<u64> = (0..=11).map(probe_delay).collect();
    assert_eq!(
        pauses,
        [
            120, 120, 120, 120, 120, 240, 480, 960, 1920, 3600, 3600, 3600
        ]
    );
    assert_eq!(probe_delay(u64::MAX), 3600);
}

#[test]
fn the_claims_of_a_grant_come_from_both_of_its_tokens() {
    let body = json!({
        "access_token": jwt(&json!({"https://api.openai.com/auth": {"chatgpt_account_is_fedramp": true}})),
        "id_token": id_token("acc-9", "grace@example.com"),
    });
    let claims = read(ok(body)).claims();
    assert_eq!(claims.email.as_deref(), Some("grace@example.com"));
    assert_eq!(claims.account_id.as_deref(), Some("acc-9"));
    assert!(claims.fedramp);
}
