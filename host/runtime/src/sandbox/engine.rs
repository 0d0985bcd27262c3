//! The engine, and the component in it, ready to be called.

use std::io;

use rustix::io::Errno;
use rustix::process::Resource;
use wasmtime::component::{Component, InstancePre};
use wasmtime::{Engine, Result, Store};

use super::bindings::{Platform, PlatformPre};
use super::engine_config::{Code, engine_config};
use super::limits;
use super::linker::linker;
use super::state::State;
use super::ticker::{self, Running, Ticker};
use crate::artifact::{INTERPRETED, PRECOMPILED};
use crate::shortage;
use chatgpt_oauth_storage::shortage::{Shortage, limit};

/// Address space that a call needs beside the program's own, in bytes: the guest's
/// memory, as much for the allocator of SQLite's thread, and some to spare.
const ADDRESS_SPACE: usize = 192 << 20;

/// Makes sandboxes of one component.
pub(crate) struct Sandbox {
    component: PlatformPre<State>,
    ticker: Ticker,
    code: Code,
}

/// One call's sandbox: the guest and everything it holds.
pub(crate) struct Instance {
    /// The guest's functions.
    pub(crate) guest: Platform,
    /// Its memory and its [`State`].
    pub(crate) store: Store<State>,
    _running: Running,
}

impl Sandbox {
    /// Loads the embedded component: as machine code where that may be, else for the
    /// interpreter.
    pub(crate) fn embedded() -> Result<Self> {
        match code() {
            Code::Machine => match Self::load(Code::Machine, PRECOMPILED) {
                Err(error) if shortage::of_sandbox(&error) == Some(Shortage::MachineCode) => {
                    tracing::debug!("memory cannot be made executable: interpreting");
                    Self::load(Code::Interpreted, INTERPRETED)
                }
                loaded => loaded,
            },
            Code::Interpreted => {
                check_address_space()?;
                Self::load(Code::Interpreted, INTERPRETED)
            }
        }
    }

    fn load(code: Code, compiled: &[u8]) -> Result<Self> {
        let engine = Engine::new(&engine_config(code)?)?;
        // SAFETY: these bytes are code that is run as it is, so they must
        // come from wasmtime's own compiler, unchanged. They do: the build script
        // made them with the very version of wasmtime that is linked here, and
        // they are part of this program. Nothing from outside ever comes here.
        #[allow(unsafe_code, reason = "loads what the build script compiled")]
        let component = unsafe { Component::deserialize(&engine, compiled)? };
        Self::link(&component, code)
    }

    /// Compiles another component, of the world `platform`.
    #[cfg(feature = "compiler")]
    pub(crate) fn compile(component: &[u8]) -> Result<Self> {
        let code = code();
        let engine = Engine::new(&engine_config(code)?)?;
        Self::link(&Component::from_binary(&engine, component)?, code)
    }

    /// Resolves the imports once, for all calls.
    fn link(component: &Component, code: Code) -> Result<Self> {
        let engine = component.engine();
        let linked: InstancePre<State> = linker(engine)?.instantiate_pre(component)?;
        Ok(Self {
            ticker: Ticker::new(engine),
            component: PlatformPre::new(linked)?,
            code,
        })
    }

    /// Whether the component is interpreted here.
    pub(crate) fn is_interpreted(&self) -> bool {
        self.code == Code::Interpreted
    }

    /// Makes a fresh sandbox.
    pub(crate) async fn instantiate(&self, state: State) -> Result<Instance> {
        let bound = state.bound;
        let mut store = Store::new(self.component.engine(), state);
        limits::apply(&mut store, |state| &mut state.growth);
        ticker::watch(&mut store, bound);
        let running = self.ticker.run()?;
        let guest = self.component.instantiate_async(&mut store).await?;
        Ok(Instance {
            guest,
            store,
            _running: running,
        })
    }
}

/// How components are run in this process, as far as its limits decide it: machine
/// code reserves gigabytes of address space for each call, which batch systems, shared
/// hosts and small boards do not give.
fn code() -> Code {
    match limit(Resource::As) {
        Some(_) => Code::Interpreted,
        None => Code::Machine,
    }
}

/// Whether there is address space for a call, where it is limited. Less would run out
/// anywhere, also where a program can only abort.
fn check_address_space() -> Result<()> {
    let mut room = Vec::<u8>::new();
    let reserved = room.try_reserve_exact(ADDRESS_SPACE);
    // Without a use the compiler may leave the allocation out.
    std::hint::black_box(&room);
    reserved.map_err(|_| io::Error::from(Errno::NOMEM))?;
    Ok(())
}
