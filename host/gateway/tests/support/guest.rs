//! A guest of wasmtime whose requests the hooks answer: `tests/hostile-guest`.

use std::path::Path;
use std::sync::OnceLock;

use chatgpt_oauth_gateway::ModelHooks;
use chatgpt_oauth_packaging::Builder;
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{Component, Func, InstancePre, Linker, ResourceTable, ResourceType, Val};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

const CONNECTION: &str = "chatgpt:oauth/connection@0.1.0";

/// What a platform keeps for a guest.
struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: ModelHooks,
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
            hooks: &mut self.hooks,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

/// An instance of the guest.
pub struct Guest {
    store: Store<State>,
    poll: Func,
}

impl Guest {
    pub async fn new(hooks: ModelHooks) -> Self {
        let guest = linked();
        let state = State {
            table: ResourceTable::new(),
            wasi: WasiCtx::builder().build(),
            http: WasiHttpCtx::new(),
            hooks,
        };
        let mut store = Store::new(guest.engine(), state);
        let instance = guest.instantiate_async(&mut store).await.unwrap();
        let connection = instance.get_export_index(&mut store, None, CONNECTION);
        let poll = instance.get_export_index(&mut store, connection.as_ref(), "poll");
        let poll = instance.get_func(&mut store, poll.unwrap()).unwrap();
        Self { store, poll }
    }

    /// Gives an order, and returns what the guest reports.
    pub async fn obey(&mut self, words: &[&str]) -> String {
        match self.poll(words).await.unwrap() {
            Val::Result(Err(Some(error))) => message(*error),
            other => panic!("the guest reports by an error: {other:?}"),
        }
    }

    /// Gives an order that ends the guest.
    pub async fn break_off(mut self, words: &[&str]) {
        self.poll(words).await.unwrap_err();
    }

    async fn poll(&mut self, words: &[&str]) -> wasmtime::Result<Val> {
        let order = Val::String(words.join("\u{1f}"));
        let order = [Val::Option(Some(Box::new(order)))];
        let mut results = [Val::Bool(false)];
        let called = self.poll.call_async(&mut self.store, &order, &mut results);
        called.await?;
        let [result] = results;
        Ok(result)
    }
}

fn message(error: Val) -> String {
    let Val::Record(fields) = error else {
        panic!("an error is a record: {error:?}");
    };
    let message = fields.into_iter().find(|(name, _)| name == "message");
    match message {
        Some((_, Val::String(message))) => message,
        other => panic!("the message is a text: {other:?}"),
    }
}

/// The guest, compiled once for all tests of a program.
fn linked() -> &'static InstancePre<State> {
    static GUEST: OnceLock<InstancePre<State>> = OnceLock::new();
    GUEST.get_or_init(|| {
        let engine = Engine::default();
        let component = Component::from_binary(&engine, &built()).unwrap();
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).unwrap();
        for (name, import) in component.component_type().imports(&engine) {
            if let ComponentItem::ComponentInstance(items) = import.ty
                && name.starts_with("wasi:keyvalue/")
            {
                link_nothing(&mut linker, name, &items);
            }
        }
        linker.instantiate_pre(&component).unwrap()
    })
}

/// Links an interface whose functions no order of these tests calls.
fn link_nothing(linker: &mut Linker<State>, name: &str, items: &ComponentInstance) {
    let engine = linker.engine().clone();
    let mut interface = linker.instance(name).unwrap();
    for (name, item) in items.exports(&engine) {
        match item.ty {
            ComponentItem::Resource(_) => {
                let kind = ResourceType::host::<()>();
                interface.resource(name, kind, |_, _| Ok(())).unwrap();
            }
            ComponentItem::ComponentFunc(_) => interface
                .func_new(name, |_, _, _, _| {
                    wasmtime::bail!("the guest has no bucket")
                })
                .unwrap(),
            _ => {}
        }
    }
}

fn built() -> Vec<u8> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let builder = Builder::new(workspace.unwrap(), env!("CARGO_TARGET_TMPDIR"));
    builder.guest("hostile-guest").unwrap()
}
