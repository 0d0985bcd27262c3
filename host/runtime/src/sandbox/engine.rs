//! [`Sandbox`]: the engine with the component loaded, which makes an [`Instance`] for each
//! call.

use std::io;

use chatgpt_oauth_storage::shortage::{Shortage, limit};
use rustix::io::Errno;
use rustix::process::Resource;
use wasmtime::component::{Component, InstancePre};
use wasmtime::{Engine, Result, Store};

use super::bindings::{Platform, PlatformPre};
use super::engine_config::{Code, engine_config};
use super::limits;
use super::linker::linker;
use super::pool::{Place, Pool};
use super::state::State;
use super::ticker::{self, Running, Ticker};
use crate::artifact::{INTERPRETED, PRECOMPILED};
use crate::shortage;

/// How much address space a call adds to the program's, in bytes: 64 MiB for the guest's
/// memory, 64 MiB for the allocator of SQLite's thread, and a reserve.
const ADDRESS_SPACE: usize = 192 << 20;
/// How much data a call adds to the program's, in bytes: 8 MiB for the stacks of four threads,
/// and 8 MiB for the guest and for TLS.
const DATA: usize = 16 << 20;

/// Makes sandboxes of one component.
pub(crate) struct Sandbox {
    component: PlatformPre<State>,
    ticker: Ticker,
    code: Code,
    /// None if any number of calls may run at a time.
    pool: Option<Pool>,
}

/// One call's sandbox: the guest and everything it holds.
pub(crate) struct Instance {
    /// The guest's functions.
    pub(crate) guest: Platform,
    /// The guest's memory and its [`State`].
    pub(crate) store: Store<State>,
    _running: Running,
    // Dropped last: the memory returns to the pool before another call gets the place.
    _place: Option<Place>,
}

impl Sandbox {
    /// Loads the embedded component: as machine code if possible, else for the interpreter.
    pub(crate) fn embedded(pool: Option<Pool>) -> Result<Self> {
        check_room(Resource::Data, DATA)?;
        match code() {
            Code::Machine => match Self::load(Code::Machine, PRECOMPILED, pool.clone()) {
                Err(error) if shortage::of_sandbox(&error) == Some(Shortage::MachineCode) => {
                    tracing::debug!("memory cannot be made executable: interpreting");
                    Self::load(Code::Interpreted, INTERPRETED, pool)
                }
                loaded => loaded,
            },
            Code::Interpreted => {
                check_room(Resource::As, ADDRESS_SPACE)?;
                Self::load(Code::Interpreted, INTERPRETED, pool)
            }
        }
    }

    fn load(code: Code, compiled: &[u8], pool: Option<Pool>) -> Result<Self> {
        let engine = engine(code, pool.as_ref())?;
        // SAFETY: wasmtime runs these bytes unchecked, so they must come unchanged from its own
        // compiler. The build script compiled them with the version of wasmtime that is linked
        // here, and they are part of this program. No other bytes are passed to this function.
        #[allow(unsafe_code, reason = "loads what the build script compiled")]
        let component = unsafe { Component::deserialize(&engine, compiled)? };
        Self::link(&component, code, pool)
    }

    /// Compiles another component, of the world `platform`.
    #[cfg(feature = "compiler")]
    pub(crate) fn compile(component: &[u8], pool: Option<Pool>) -> Result<Self> {
        let code = code();
        let engine = engine(code, pool.as_ref())?;
        Self::link(&Component::from_binary(&engine, component)?, code, pool)
    }

    /// Resolves the imports once, for all calls.
    fn link(component: &Component, code: Code, pool: Option<Pool>) -> Result<Self> {
        let engine = component.engine();
        let linked: InstancePre<State> = linker(engine)?.instantiate_pre(component)?;
        Ok(Self {
            ticker: Ticker::new(engine),
            component: PlatformPre::new(linked)?,
            code,
            pool,
        })
    }

    /// Whether the component is interpreted here.
    pub(crate) fn is_interpreted(&self) -> bool {
        self.code == Code::Interpreted
    }

    /// Waits until another call may begin, if the calls at a time are bounded.
    pub(crate) async fn place(&self) -> Option<Place> {
        match &self.pool {
            Some(pool) => pool.place().await,
            None => None,
        }
    }

    /// Makes a new sandbox in this place.
    pub(crate) async fn instantiate(&self, state: State, place: Option<Place>) -> Result<Instance> {
        let deadline = state.deadline;
        let mut store = Store::new(self.component.engine(), state);
        limits::apply(&mut store, |state| &mut state.limiter);
        ticker::watch(&mut store, deadline);
        let running = self.ticker.run()?;
        let guest = self.component.instantiate_async(&mut store).await?;
        Ok(Instance {
            guest,
            store,
            _running: running,
            _place: place,
        })
    }
}

/// An engine, with its memory from the pool. The interpreter does without: its address space
/// may be limited, and a pool reserves much.
fn engine(code: Code, pool: Option<&Pool>) -> Result<Engine> {
    let mut config = engine_config(code)?;
    if let Some(pool) = pool.filter(|_| code == Code::Machine) {
        pool.apply(&mut config);
    }
    Engine::new(&config)
}

/// How components run in this process. Machine code reserves gigabytes of address space for
/// each call. Batch systems, shared hosts and small boards limit the address space, so that
/// components are interpreted.
fn code() -> Code {
    match limit(Resource::As) {
        Some(_) => Code::Interpreted,
        None => Code::Machine,
    }
}

/// Checks that a resource, if it is limited, suffices for a call. Otherwise an allocation could
/// fail where the program can only abort.
fn check_room(resource: Resource, needed: usize) -> Result<()> {
    if limit(resource).is_none() {
        return Ok(());
    }
    let mut room = Vec::<u8>::new();
    let reserved = room.try_reserve_exact(needed);
    // Keeps the compiler from removing the allocation.
    std::hint::black_box(&room);
    reserved.map_err(|_| io::Error::from(Errno::NOMEM))?;
    Ok(())
}
