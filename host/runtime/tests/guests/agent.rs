//! An instance of the guest, in a store of its own.

use std::path::Path;
use std::sync::OnceLock;

use chatgpt_oauth_packaging::Builder;
use wasmtime::component::{Component, Linker, TypedFunc};
use wasmtime::{Engine, Store};

/// The engine of the platform, which is not the one of the library.
pub fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::default)
}

fn component() -> &'static Component {
    static COMPONENT: OnceLock<Component> = OnceLock::new();
    COMPONENT.get_or_init(|| {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
        let builder = Builder::new(workspace.unwrap(), env!("CARGO_TARGET_TMPDIR"));
        let guest = builder.guest("connection-guest").unwrap();
        Component::new(engine(), guest).unwrap()
    })
}

pub struct Agent<T: 'static> {
    store: Store<T>,
    call: TypedFunc<(String, String), (String,)>,
    /// Everything that it got.
    pub got: String,
}

impl<T: Send + 'static> Agent<T> {
    pub async fn new(linker: &Linker<T>, state: T) -> Self {
        let mut store = Store::new(engine(), state);
        let instance = linker.instantiate_async(&mut store, component()).await;
        let call = instance.unwrap().get_typed_func(&mut store, "call");
        Self {
            call: call.unwrap(),
            store,
            got: String::new(),
        }
    }

    /// What a function of the connection returned to the agent.
    pub async fn call(&mut self, function: &str, argument: &str) -> String {
        let arguments = (function.to_owned(), argument.to_owned());
        let (shown,) = self
            .call
            .call_async(&mut self.store, arguments)
            .await
            .unwrap();
        self.got += &shown;
        shown
    }
}
