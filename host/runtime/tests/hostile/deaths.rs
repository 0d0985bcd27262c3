//! The login after a guest that stops before, during or after its request. (`host/tests/crashes`
//! tests a process that dies in the middle of the protocol.)

use std::sync::Arc;

use chatgpt_oauth::store::{MemoryStore, StoreKind};
use chatgpt_oauth::types::ConnectionState;
use chatgpt_oauth::{ErrorCode, Host, Profile};
use openai_simulator::{Endpoint, Fault, Outcome};
use serde_json::Value;

use crate::guest::{answer_in, guest, order};
use crate::support::{TestEnv, sign_in};

/// A login by the real component, and the hostile guest over the same store.
struct Scene {
    world: TestEnv,
    store: Arc<MemoryStore>,
    honest: Host,
    hostile: Host,
}

impl Scene {
    async fn new() -> Self {
        let world = TestEnv::new();
        let store = Arc::new(MemoryStore::of_kind(StoreKind::Test));
        let honest = world.host(store.clone());
        let hostile = world.builder(store.clone()).component(guest());
        let hostile = hostile.build().unwrap();
        for name in ["ada", "bystander"] {
            sign_in(&world, &honest.profile(name.parse().unwrap())).await;
        }
        world.simulator.clear_requests();
        Self {
            world,
            store,
            honest,
            hostile,
        }
    }

    fn ada(&self) -> Profile {
        self.honest.profile("ada".parse().unwrap())
    }

    fn bystander(&self) -> Profile {
        self.honest.profile("bystander".parse().unwrap())
    }

    /// Gives the guest an order for Ada's profile that ends the guest.
    async fn breaks_off(&self, words: &[&str]) {
        let culprit = self.hostile.profile("ada".parse().unwrap());
        let error = culprit.poll(Some(&order(words))).await.unwrap_err();
        assert_eq!(
            error.message, "the component stopped with a trap",
            "{words:?}"
        );
    }

    async fn refresh_token(&self) -> String {
        let store = &*self.store;
        let row = chatgpt_oauth::store::Store::read(store, self.ada().name(), "credential").await;
        let record = row.unwrap().unwrap().value.unwrap();
        let record: Value = serde_json::from_slice(&record).unwrap();
        record["refresh_token"].as_str().unwrap().to_owned()
    }

    fn asked_for_tokens(&self) -> usize {
        self.world.simulator.requests_to(Endpoint::Token).len()
    }
}

/// Faults: H01
#[tokio::test]
pub async fn a_guest_that_breaks_off_before_its_request_changes_nothing() {
    let scene = Scene::new().await;
    scene.breaks_off(&["trap"]).await;
    scene.breaks_off(&["panic"]).await;
    assert_eq!(scene.asked_for_tokens(), 0);
    let status = scene.ada().status().await.unwrap();
    assert_eq!(status.state, ConnectionState::Connected);
    scene.world.pass(120);
    scene.ada().refresh().await.unwrap();
    assert_eq!(scene.world.presentations().iter().max(), Some(&1));
}

/// Faults: H02
#[tokio::test]
pub async fn a_request_ends_with_the_guest_that_breaks_off_after_it() {
    let scene = Scene::new().await;
    let simulator = &scene.world.simulator;
    simulator.fault_always(Endpoint::Token, Fault::hang());
    let mut orders = 0;
    // On a busy machine the guest traps before its request has left.
    while scene.asked_for_tokens() == 0 {
        scene
            .breaks_off(&["request and trap while it is under way"])
            .await;
        orders += 1;
        assert!(orders < 20, "no request leaves");
    }
    simulator.clear_faults();
    scene
        .breaks_off(&["request and trap with the answer"])
        .await;
    let sent = scene.asked_for_tokens();
    assert!((2..=orders + 1).contains(&sent), "nothing is sent twice");
    // A request for whose answer the guest does not wait ends too. Often it has not left yet.
    simulator.fault(Endpoint::Token, Fault::hang());
    assert_eq!(
        answer_in(&scene.hostile, &["request and leave"]).await,
        "left"
    );
    simulator.clear_faults();
    let status = scene.ada().status().await.unwrap();
    assert_eq!(status.state, ConnectionState::Connected);
    scene.world.pass(120);
    scene.ada().refresh().await.unwrap();
}

/// Faults: H02
#[tokio::test]
pub async fn a_guest_that_spends_the_refresh_token_and_stops_ends_only_this_login() {
    let scene = Scene::new().await;
    let body = format!(
        r#"body={{"client_id": "{}", "grant_type": "refresh_token", "refresh_token": "{}"}}"#,
        openai_simulator::CLIENT_ID,
        scene.refresh_token().await
    );
    let json = "header=content-type: application/json";
    scene
        .breaks_off(&["request and trap with the answer", &body, json])
        .await;
    let presented = scene.world.simulator.presentations();
    let spent = presented
        .iter()
        .find(|token| !token.presentations.is_empty());
    assert_eq!(spent.unwrap().presentations[0].outcome, Outcome::Rotated);

    // The access token is valid, and no answer says that the refresh token is spent.
    let status = scene.ada().status().await.unwrap();
    assert_eq!(status.state, ConnectionState::Connected);
    scene.ada().authorize(None).await.unwrap();
    scene.world.pass(120);
    let error = scene.ada().refresh().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NeedsLogin);
    scene.bystander().refresh().await.unwrap();
    sign_in(&scene.world, &scene.ada()).await;
}
