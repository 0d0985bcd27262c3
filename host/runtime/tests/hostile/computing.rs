//! Endless computing and endless waiting.

use crate::guest::{end_in, host, order, profile, shortest, stopped};

const TOOK_TOO_LONG: &str = "the call took too long and was stopped";

/// Faults: H03
#[tokio::test]
pub async fn a_guest_that_computes_forever_is_stopped_after_two_seconds() {
    host();
    for misdeed in [
        "compute forever",
        "look at the clock forever",
        "poll forever",
    ] {
        let seconds = shortest(6.0, async || {
            let error = stopped(&[misdeed]).await;
            assert_eq!(error.message, TOOK_TOO_LONG, "{misdeed}");
            assert!(error.retryable);
        });
        let seconds = seconds.await;
        assert!((1.9..6.0).contains(&seconds), "{misdeed}: {seconds} s");
    }
}

#[tokio::test(flavor = "current_thread")]
pub async fn others_get_their_turn_while_a_guest_computes() {
    let culprit = profile("culprit");
    let misdeed = tokio::spawn(async move { culprit.poll(Some("compute forever")).await });
    let served = tokio::spawn(async move {
        let mut served = 0;
        while !misdeed.is_finished() {
            profile("bystander").status().await.unwrap();
            served += 1;
        }
        served
    });
    let served = served.await.unwrap();
    assert!(served > 5, "{served}");
}

#[tokio::test(start_paused = true)]
pub async fn a_guest_that_waits_forever_is_stopped_when_its_call_is_over() {
    for misdeed in [
        &["sleep", "18446744073709551615"][..],
        &["sleep until the end of all time"],
        &["write a body that nobody reads"],
    ] {
        let started = tokio::time::Instant::now();
        let error = end_in(host(), misdeed).await;
        assert_eq!(error.message, TOOK_TOO_LONG, "{misdeed:?}");
        assert_eq!(started.elapsed().as_secs(), 100, "{misdeed:?}");
    }
}

#[tokio::test]
pub async fn a_guest_that_breaks_off_ends_its_call_alone() {
    for misdeed in ["panic", "trap", "poll nothing"] {
        let error = stopped(&[misdeed]).await;
        assert_eq!(
            error.message, "the component stopped with a trap",
            "{misdeed}"
        );
    }
}

/// Faults: H09
#[tokio::test]
pub async fn every_one_of_many_calls_at_once_gets_a_sandbox() {
    const CALLS: usize = 300;
    let a_second = order(&["sleep", "1000000000"]);
    let asleep: Vec<_> = (0..CALLS)
        .map(|_| {
            let (profile, order) = (profile("asleep"), a_second.clone());
            tokio::spawn(async move { profile.poll(Some(&order)).await.unwrap_err() })
        })
        .collect();
    tokio::task::yield_now().await;
    profile("bystander").status().await.unwrap();
    for call in asleep {
        assert_eq!(call.await.unwrap().message, "survived");
    }
}
