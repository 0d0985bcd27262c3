//! The examples in Rust of docs/embedding.md and README.md are parts of this file, so that they
//! compile.

#![allow(
    dead_code,
    unused_assignments,
    reason = "the examples are compiled, not run"
)]

use std::path::Path;

mod a_model_call {
    async fn respond(
        alice: &chatgpt_oauth::Profile,
        client: &reqwest::Client,
    ) -> Result<(), chatgpt_oauth::Error> {
        let authorization = alice.authorize(None).await?; // never show it to a model
        let mut request = client.post(format!("{}/responses", authorization.base_url()));
        for (name, value) in authorization.headers() {
            request = request.header(name, value);
        }
        Ok(())
    }
}

mod the_gateway {
    async fn respond(host: &chatgpt_oauth::Host) -> Result<(), chatgpt_oauth::Error> {
        let gateway = chatgpt_oauth_gateway::Gateway::builder(host.clone()).build()?; // once per program
        let access = gateway.access(host.profile("alice".parse()?)); // whose plan: the platform decides
        let body = r#"{"model": "openai-codex/gpt-6-astra", "input": "Say hi.", "stream": true}"#;
        let answer = access
            .send(
                http::Request::post("/v1/responses")
                    .body(body.to_owned())
                    .unwrap(),
            )
            .await;
        println!("{}", answer.status()); // every outcome is an HTTP answer
        Ok(())
    }
}

mod model_calls_of_a_guest {
    use chatgpt_oauth::{Host, Profile};
    use chatgpt_oauth_gateway::{Gateway, ModelHooks};
    use wasmtime::component::ResourceTable;
    use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

    struct State {
        table: ResourceTable,
        http: WasiHttpCtx,
        models: ModelHooks,
    }

    fn hooks(host: &Host, alice: Profile) -> Result<ModelHooks, chatgpt_oauth::Error> {
        let gateway = Gateway::builder(host.clone()).build()?; // once per program
        let models = ModelHooks::only(gateway.access(alice)); // a field of the guest's state
        Ok(models)
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
}

mod the_connection_for_guests {
    use wasmtime::component::Linker;

    mod bindings {
        #![allow(missing_docs, unsafe_code, reason = "generated")]

        wasmtime::component::bindgen!({
            path: ["../../wit", "../agent/agent.wit"],
            world: "example:agent/agent",
            imports: { default: async },
            exports: { default: async },
        });
    }

    struct State {
        profile: chatgpt_oauth::Profile,
    }

    fn link(mut linker: Linker<State>) -> wasmtime::Result<()> {
        chatgpt_oauth::add_connection_to_linker(&mut linker, |state: &mut State| {
            state.profile.clone()
        })?;
        Ok(())
    }

    impl chatgpt_oauth::ConnectionView for State {
        fn profile(&mut self) -> chatgpt_oauth::Profile {
            self.profile.clone()
        }
    }

    chatgpt_oauth::implement_connection!(bindings::chatgpt::oauth::connection, State);
}

mod readme_an_agent {
    use chatgpt_oauth::{Profile, add_connection_to_linker};
    use chatgpt_oauth_gateway::{Gateway, ModelHooks};
    use wasmtime::component::Linker;

    struct State {
        person: Profile,
    }

    fn link(
        mut linker: Linker<State>,
        gateway: &Gateway,
        person: Profile,
    ) -> wasmtime::Result<ModelHooks> {
        add_connection_to_linker(&mut linker, |state| state.person.clone())?; // the agent asks its person to sign in
        let hooks = ModelHooks::only(gateway.access(person)); // adds the login outside of the sandbox to what the agent sends:
        // POST https://openai-codex.invalid/v1/responses {"model": "openai-codex/gpt-6-astra", "input": "Say hi.", "stream": true}
        Ok(hooks)
    }
}

mod readme_embedding {
    use chatgpt_oauth::store::{SqliteStore, StoreKind};
    use chatgpt_oauth::{Error, Host, Keys, Profile};

    async fn connect() -> Result<Profile, Error> {
        let file = "/var/lib/agents/openai.db";
        let store = SqliteStore::open(file, StoreKind::OpenAi).await?;
        let host = Host::builder(store).keys(Keys::of_store(file)).build()?; // once per program
        Ok(host.profile("alice".parse()?)) // one person, one bucket
    }

    async fn sign_in(alice: &Profile) -> Result<String, Error> {
        Ok(alice.start().await?.instructions) // show it; wait until the person is done
    }

    async fn they_say_done(alice: &Profile) -> Result<String, Error> {
        Ok(alice.poll(None).await?.next_step)
    }

    async fn model_call(alice: &Profile) -> Result<(), Error> {
        let call = alice.authorize(None).await?; // refreshes automatically
        println!(
            "POST {}/responses, {} headers",
            call.base_url(),
            call.headers().count()
        );
        Ok(())
    }
}

/// Code without what a formatter changes: spaces, and commas before a bracket that closes.
fn bare(code: &str) -> String {
    let code: String = code.split_whitespace().collect();
    [("}", ",}"), (")", ",)")]
        .iter()
        .fold(code, |code, (bracket, with_comma)| {
            code.replace(with_comma, bracket)
        })
}

#[test]
fn every_example_in_rust_of_the_guide_and_of_the_readme_compiles() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let compiled = bare(include_str!("guide.rs"));
    let mut found = 0;
    for page in ["docs/embedding.md", "README.md"] {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        for example in text.split("```rust\n").skip(1) {
            let (example, _) = example.split_once("```").unwrap();
            assert!(compiled.contains(&bare(example)), "{page}: {example}");
            found += 1;
        }
    }
    assert_eq!(found, 8);
}
