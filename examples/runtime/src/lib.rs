//! A runtime of agents that use their persons' ChatGPT subscriptions and never hold a token.
//!
//! An agent is a component of the world `example:agent/agent`. It calls `connection`, which its
//! person's profile answers, and sends its model calls to `https://openai-codex.invalid/v1/…`,
//! where the gateway adds the login. It reaches no other address, and has no directory, no
//! variable and no socket, whatever WASI it imports.

use std::fmt::Display;
use std::thread;
use std::time::Duration;

use chatgpt_oauth::{Host, Profile, add_connection_to_linker};
use chatgpt_oauth_gateway::{Gateway, ModelHooks};
use tokio::time::timeout;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Cache, Config, Engine, Store, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

mod bindings {
    #![allow(missing_docs, unsafe_code, reason = "generated")]

    wasmtime::component::bindgen!({
        path: ["../../wit", "../agent/agent.wit"],
        world: "example:agent/agent",
        imports: { default: async },
        exports: { default: async },
    });
}

/// The longest run of an agent.
const LONGEST: Duration = Duration::from_secs(300);
/// How long an agent computes before others continue.
const SLICE: Duration = Duration::from_millis(50);
/// The memory of an agent, in bytes. Python needs a tenth of it.
const MEMORY: usize = 512 * 1024 * 1024;
/// How many modules an agent may instantiate, and how many tables it may have.
const INSTANCES: usize = 64;
/// The elements of a table.
const ELEMENTS: usize = 20_000;

/// Runs agents.
pub struct Runtime {
    engine: Engine,
    linker: Linker<State>,
    gateway: Gateway,
}

/// An agent, ready to run for anyone.
pub struct Agent(bindings::AgentPre<State>);

/// A run that has no result of the agent, in words.
#[derive(Debug)]
pub struct Failed(String);

impl Runtime {
    /// A runtime whose persons' logins are in the store of this host.
    ///
    /// # Errors
    ///
    /// If there is no compiler for this machine, or no directory for what it compiles.
    pub fn new(host: Host) -> Result<Self, Failed> {
        let mut config = Config::new();
        config.epoch_interruption(true);
        // Compiling an agent in Python takes half a minute.
        config.cache(Some(Cache::from_file(None).map_err(failed)?));
        let engine = Engine::new(&config).map_err(failed)?;
        slice(&engine);
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(failed)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).map_err(failed)?;
        let person = |state: &mut State| state.person.clone();
        add_connection_to_linker(&mut linker, person).map_err(failed)?;
        let gateway = Gateway::builder(host).build().map_err(failed)?;
        Ok(Self {
            engine,
            linker,
            gateway,
        })
    }

    /// Compiles an agent.
    ///
    /// # Errors
    ///
    /// If it is no component, or imports something that this runtime does not have.
    pub fn load(&self, component: &[u8]) -> Result<Agent, Failed> {
        let component = Component::new(&self.engine, component).map_err(failed)?;
        let agent = self.linker.instantiate_pre(&component).map_err(failed)?;
        Ok(Agent(bindings::AgentPre::new(agent).map_err(failed)?))
    }

    /// Runs an agent once, in a sandbox of its own, for one person. The inner result is the
    /// agent's.
    ///
    /// # Errors
    ///
    /// If the agent traps or takes too long.
    pub async fn run(
        &self,
        agent: &Agent,
        person: &Profile,
        task: &str,
    ) -> Result<Result<String, String>, Failed> {
        let mut store = Store::new(&self.engine, self.state(person));
        store.limiter(|state| &mut state.limits);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        let run = async {
            let agent = agent.0.instantiate_async(&mut store).await?;
            agent.call_run(&mut store, task).await
        };
        timeout(LONGEST, run).await.map_err(failed)?.map_err(failed)
    }

    fn state(&self, person: &Profile) -> State {
        State {
            models: ModelHooks::only(self.gateway.access(person.clone())),
            person: person.clone(),
            table: ResourceTable::new(),
            wasi: WasiCtx::default(),
            http: WasiHttpCtx::new(),
            limits: StoreLimitsBuilder::new()
                .memory_size(MEMORY)
                .memories(1)
                .instances(INSTANCES)
                .tables(INSTANCES)
                .table_elements(ELEMENTS)
                .build(),
        }
    }
}

/// Ends one slice after the other, as long as the engine is used.
fn slice(engine: &Engine) {
    let engine = engine.weak();
    thread::spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            thread::sleep(SLICE);
        }
    });
}

/// The host's side of one run.
struct State {
    person: Profile,
    models: ModelHooks,
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    limits: StoreLimits,
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
            hooks: &mut self.models,
        }
    }
}

fn failed(error: impl Display) -> Failed {
    Failed(format!("{error:#}"))
}

impl Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}
