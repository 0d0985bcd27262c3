//! The agent that can search its memory, and a host of it that records its traffic.

use std::path::Path;

use chatgpt_oauth::store::{MemoryStore, StoreKind};
use chatgpt_oauth::{Host, Profile, add_connection_to_linker};
use chatgpt_oauth_gateway::{Gateway, ModelAccess, ModelHooks};
use chatgpt_oauth_packaging::Builder;
use openai_simulator::Simulator;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::recorder::{Recorder, Recording};

mod agent_bindings {
    #![allow(unsafe_code, reason = "generated")]

    wasmtime::component::bindgen!({
        path: ["../../wit", "../agent/agent.wit", "../agent/searchable.wit"],
        world: "example:searchable/agent",
        imports: { default: async },
        exports: { default: async },
    });
}

/// As in `searchable.wit`.
const MASK: u8 = 0xa5;

/// The simulator, ada, who is not signed in, and what her agents sent and received.
pub struct TestEnv {
    pub simulator: Simulator,
    ada: Profile,
    access: ModelAccess,
    recording: Recording,
    engine: Engine,
    component: Component,
}

impl TestEnv {
    pub fn new() -> Self {
        let simulator = Simulator::builder().interval(1).start().unwrap();
        let store = MemoryStore::of_kind(StoreKind::Test);
        let mut host = Host::builder(store).root_certificates(simulator.ca_pem());
        for connect_to in simulator.connect_to() {
            host = host.connect_to(connect_to.parse().unwrap());
        }
        let host = host.build().unwrap();
        let ada = host.profile("ada".parse().unwrap());
        let engine = Engine::default();
        Self {
            access: Gateway::builder(host).build().unwrap().access(ada.clone()),
            component: Component::new(&engine, searchable()).unwrap(),
            recording: Recording::default(),
            simulator,
            ada,
            engine,
        }
    }

    pub async fn sign_in(&self) {
        let prompt = self.ada.start().await.unwrap();
        self.simulator.approve(&prompt.pending.user_code).unwrap();
        self.ada.poll(None).await.unwrap();
    }

    /// What the agents sent, as they built it, and what they received.
    pub fn traffic(&self) -> Vec<u8> {
        self.recording.bytes()
    }
}

fn searchable() -> Vec<u8> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let builder = Builder::new(workspace.unwrap(), env!("CARGO_TARGET_TMPDIR"));
    builder.guest_with("agent", "searchable").unwrap()
}

/// An instance of the agent.
pub struct Agent {
    store: Store<State>,
    agent: agent_bindings::Agent,
}

impl Agent {
    pub async fn new(env: &TestEnv) -> Self {
        let hooks = ModelHooks::only(env.access.clone());
        let state = State {
            ada: env.ada.clone(),
            hooks: Recorder::new(hooks, env.recording.clone()),
            table: ResourceTable::new(),
            wasi: WasiCtx::default(),
            http: WasiHttpCtx::new(),
        };
        let mut linker = Linker::<State>::new(&env.engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).unwrap();
        add_connection_to_linker(&mut linker, |state| state.ada.clone()).unwrap();
        let mut store = Store::new(&env.engine, state);
        let agent = agent_bindings::Agent::instantiate_async(&mut store, &env.component, &linker);
        Self {
            agent: agent.await.unwrap(),
            store,
        }
    }

    pub async fn run(&mut self, task: &str) -> Result<String, String> {
        self.agent.call_run(&mut self.store, task).await.unwrap()
    }

    /// How often these bytes are in its memory.
    pub async fn search(&mut self, bytes: &[u8]) -> u32 {
        let memory = self.agent.example_searchable_memory();
        let found = memory.call_search(&mut self.store, &masked(bytes)).await;
        found.unwrap()
    }

    /// Puts these bytes into its memory.
    pub async fn plant(&mut self, bytes: &[u8]) {
        let memory = self.agent.example_searchable_memory();
        let planted = memory.call_plant(&mut self.store, &masked(bytes)).await;
        planted.unwrap();
    }
}

fn masked(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| byte ^ MASK).collect()
}

struct State {
    ada: Profile,
    hooks: Recorder,
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.hooks,
        }
    }
}
