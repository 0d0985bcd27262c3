//! `connection` as the import of an agent, answered by a profile: what the agent gets is what
//! the profile returns. The guest is `tests/connection-guest`.

mod agent;
#[path = "../support/mod.rs"]
mod support;

use std::fmt::Debug;

use agent::Agent;
use chatgpt_oauth::store::{MemoryStore, StoreKind};
use chatgpt_oauth::{ConnectionView, Profile, add_connection_to_linker, implement_connection};
use support::TestEnv;
use wasmtime::component::{Component, HasSelf, Linker};

mod bindings {
    #![allow(unsafe_code, reason = "generated")]

    wasmtime::component::bindgen!({
        path: ["../../wit", "../../tests/connection-guest/guest.wit"],
        world: "test:connection/guest",
        imports: { default: async },
        exports: { default: async },
    });
}

/// The state of the agent's store.
struct State(Profile);

impl ConnectionView for State {
    fn profile(&mut self) -> Profile {
        self.0.clone()
    }
}

implement_connection!(bindings::chatgpt::oauth::connection, State);

#[tokio::test]
async fn an_agent_calls_its_profile_by_the_embedders_bindings() {
    an_agent_gets_what_its_profile_returns(|linker| {
        bindings::Guest::add_to_linker::<_, HasSelf<_>>(linker, |state| state)
    })
    .await;
}

#[tokio::test]
async fn an_agent_calls_its_profile_by_a_linker_of_our_version() {
    an_agent_gets_what_its_profile_returns(|linker| {
        add_connection_to_linker(linker, |state: &mut State| state.0.clone())
    })
    .await;
}

#[tokio::test]
async fn a_linker_takes_the_connection_once_and_no_credentials() {
    let mut linker = Linker::<State>::new(agent::engine());
    add_connection_to_linker(&mut linker, |state| state.0.clone()).unwrap();
    let again = add_connection_to_linker(&mut linker, |state| state.0.clone());
    assert!(again.is_err());

    let token = r#"(component (import "chatgpt:oauth/credentials@0.1.0"
        (instance (export "authorize" (func)))))"#;
    let token = Component::new(agent::engine(), wat::parse_str(token).unwrap()).unwrap();
    let refused = linker.instantiate_pre(&token).err().unwrap().to_string();
    assert!(refused.contains("credentials"), "{refused}");
}

/// A whole life of a login, each step by the agent and then by the profile itself, which
/// returns the same again.
async fn an_agent_gets_what_its_profile_returns(
    link: impl FnOnce(&mut Linker<State>) -> wasmtime::Result<()>,
) {
    let world = TestEnv::new();
    let ada = world.host(MemoryStore::of_kind(StoreKind::Test));
    let ada = ada.profile("ada".parse().unwrap());
    let mut linker = Linker::new(agent::engine());
    link(&mut linker).unwrap();
    let mut agent = Agent::new(&linker, State(ada.clone())).await;

    same(agent.call("status", "").await, ada.status().await);
    same(agent.call("usage", "false").await, ada.usage(false).await);
    same(agent.call("poll", "").await, ada.poll(None).await);

    same(agent.call("start", "").await, ada.start().await);
    let pending = ada.status().await.unwrap().pending.unwrap();
    let id = pending.pending_id.as_str();
    same(
        agent.call("poll", "other").await,
        ada.poll(Some("other")).await,
    );
    world.simulator.approve(&pending.user_code).unwrap();
    let connected = agent.call("poll", id).await;
    assert!(connected.contains("ada@example.com"), "{connected}");
    same(agent.call("poll", id).await, ada.poll(Some(id)).await);
    same(agent.call("status", "").await, ada.status().await);

    same(agent.call("models", "false").await, ada.models(false).await);
    same(agent.call("usage", "false").await, ada.usage(false).await);
    world.pass(30);
    for function in ["models", "usage"] {
        let forced = agent.call(function, "true").await;
        assert!(forced.contains("source: AnswerSource::Api"), "{forced}");
    }
    world.pass(60);
    same(agent.call("refresh", "").await, ada.refresh().await);

    let out = agent.call("logout", "true").await;
    assert!(out.contains("revoked: true"), "{out}");
    same(agent.call("logout", "false").await, ada.logout(false).await);
    same(agent.call("status", "").await, ada.status().await);

    let secrets = world.simulator.secrets();
    assert!(secrets.len() > 5, "{secrets:?}");
    for secret in secrets {
        assert!(!agent.got.contains(&secret.value), "{:?}", secret.kind);
    }
}

/// Compares what both show, in which only the dashes of WIT's names differ.
#[track_caller]
fn same(of_agent: String, of_profile: impl Debug) {
    let of_profile = format!("{of_profile:?}");
    assert_eq!(of_agent.replace('-', "_"), of_profile.replace('-', "_"));
}
