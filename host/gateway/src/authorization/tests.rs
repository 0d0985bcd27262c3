use chatgpt_oauth::store::{MemoryStore, StoreKind};
use chatgpt_oauth::{ErrorCode, Host};
use futures_util::future::join_all;
use openai_simulator::Simulator;

use super::*;

#[test]
fn a_base_url_other_than_the_constant_is_refused() {
    assert!(check_base_url("https://chatgpt.com/backend-api/codex").is_ok());
    for url in [
        "https://chatgpt.com/backend-api/codex/",
        "https://chatgpt.com.example.org/backend-api/codex",
        "http://chatgpt.com/backend-api/codex",
        "",
    ] {
        let error = check_base_url(url).unwrap_err();
        assert_eq!(error.code, ErrorCode::Internal, "{url}");
    }
}

/// The authorization of a person who has signed in.
async fn signed_in(simulator: &Simulator) -> ProfileAuthorization {
    let mut host =
        Host::builder(MemoryStore::of_kind(StoreKind::Test)).root_certificates(simulator.ca_pem());
    for connect_to in simulator.connect_to() {
        host = host.connect_to(connect_to.parse().unwrap());
    }
    let profile = host.build().unwrap().profile("ada".parse().unwrap());
    let prompt = profile.start().await.unwrap();
    simulator.approve(&prompt.pending.user_code).unwrap();
    profile.poll(None).await.unwrap();
    ProfileAuthorization::new(profile)
}

#[tokio::test]
async fn calls_that_find_no_authorization_share_one_call_of_the_component() {
    let simulator = Simulator::builder().interval(1).start().unwrap();
    let authorization = signed_in(&simulator).await;

    let first = join_all((0..8).map(|_| authorization.get(None))).await;

    // Each call of the component has credentials of its own.
    let first: Vec<_> = first.into_iter().map(Result::unwrap).collect();
    assert!(first.iter().all(|it| Arc::ptr_eq(it, &first[0])));
    let kept = authorization.get(None).await.unwrap();
    assert!(Arc::ptr_eq(&kept, &first[0]));
}

#[tokio::test]
async fn an_authorization_is_kept_for_thirty_seconds() {
    let simulator = Simulator::builder().interval(1).start().unwrap();
    let authorization = signed_in(&simulator).await;
    let first = authorization.get(None).await.unwrap();

    let shortly = Duration::from_secs(5);
    pass(KEPT - shortly).await;
    let kept = authorization.get(None).await.unwrap();
    assert!(Arc::ptr_eq(&kept, &first));

    pass(shortly).await;
    let next = authorization.get(None).await.unwrap();
    assert!(!Arc::ptr_eq(&next, &first));
}

/// The clock stops only for the advance: the sandbox needs time that passes.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}
