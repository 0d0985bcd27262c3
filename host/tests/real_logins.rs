//! No argument, variable or stored value sends a real login elsewhere than to the six
//! URLs of the policy. `host/src/commands/mod.rs` lists the arguments.
//!
//! A real login needs a store of the real kind and no `--connect-to`. These tests
//! create one as an operator could: through a proxy that connects to the simulator, and
//! with a root that the operator trusts.

mod support;

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chatgpt_oauth::store::{MemoryStore, SqliteStore, Store, StoreKind};
use chatgpt_oauth::types::ConnectionState;
use chatgpt_oauth::{ErrorCode, Host, POLICY, Profile, Resolver};
use serde_json::{Value, json};
use support::proxy::Proxy;
use support::{TestEnv, json as answer, sign_in};

/// The hosts of the policy, as the program names them to a proxy.
const CONNECTS: [&str; 2] = [
    "CONNECT auth.openai.com:443 HTTP/1.1",
    "CONNECT chatgpt.com:443 HTTP/1.1",
];

/// The variables that name a proxy.
const PROXY_VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Every command that presents a token or requests one.
const COMMANDS: [&[&str]; 7] = [
    &["models", "--force"],
    &["usage", "--force"],
    &["authorize"],
    &["refresh"],
    &["start"],
    &["poll"],
    &["logout", "--revoke"],
];

/// The program with a store of real logins.
fn program(test: &TestEnv) -> Command {
    program_over(&test.path("real/openai.db"), test)
}

/// The program, without the proxy variables of this process.
fn program_over(store: &Path, test: &TestEnv) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"));
    let store = format!("sqlite:{}", store.display());
    for variable in PROXY_VARIABLES.iter().chain(&["NO_PROXY", "no_proxy"]) {
        program.env_remove(variable);
    }
    program
        .args(["--json", "--store", &store])
        .env("CHATGPT_OAUTH_TEST_CLOCK", test.path("clock"))
        .env("XDG_STATE_HOME", test.path("state"))
        .env("SSL_CERT_FILE", "/dev/null")
        .env_remove("SSL_CERT_DIR");
    program
}

fn run(mut program: Command) -> Value {
    answer(&program.output().unwrap())
}

/// Signs in through a proxy and a root that the operator trusts.
fn sign_in_for_real(test: &TestEnv, proxy: &Proxy) {
    let trusting = |command: &str| {
        let mut program = program(test);
        let ca = test.path("ca.pem");
        program.env("HTTPS_PROXY", proxy.url());
        program.arg("--cacert").arg(ca).arg(command);
        run(program)
    };
    let prompt = trusting("start");
    let code = prompt["user_code"].as_str().unwrap();
    test.simulator.approve(code).unwrap();
    assert_eq!(trusting("poll")["status"], "connected");
    test.simulator.clear_requests();
    proxy.forget();
}

#[test]
fn an_untrusted_proxy_learns_only_the_names_of_the_two_hosts() {
    let test = TestEnv::new();
    let proxy = Proxy::to(test.simulator.https_address());
    let other_proxy = Proxy::to(test.simulator.http_address());
    sign_in_for_real(&test, &proxy);
    let stranger = rcgen::generate_simple_self_signed(["chatgpt.com".to_owned()]).unwrap();
    let stranger_pem = test.path("stranger.pem");
    std::fs::write(&stranger_pem, stranger.cert.pem()).unwrap();

    for (n, command) in COMMANDS.iter().enumerate() {
        // The first two commands present the token; then it has expired, and the others
        // need a new one.
        test.pass(if n < 2 { 60 } else { 20 * 24 * 3600 });
        let mut program = program(&test);
        program.env(PROXY_VARIABLES[n % PROXY_VARIABLES.len()], proxy.url());
        // These variables have no effect.
        program.env("HTTP_PROXY", other_proxy.url());
        program.env("http_proxy", other_proxy.url());
        program.env("REQUEST_METHOD", "GET");
        if n % 2 == 1 {
            program.arg("--cacert").arg(&stranger_pem);
        }
        program.args(*command);
        run(program);
    }

    assert!(test.simulator.requests().is_empty());
    assert!(other_proxy.connects().is_empty());
    let asked: BTreeSet<_> = proxy.connects().into_iter().collect();
    assert_eq!(asked.into_iter().collect::<Vec<_>>(), CONNECTS);
    let heard = proxy.heard();
    for secret in test.simulator.secrets() {
        assert!(!heard.contains(&secret.value), "{:?}", secret.kind);
    }
}

#[track_caller]
fn assert_is_of_the_wrong_kind(refused: &Value) {
    assert_eq!(refused["code"], "invalid-argument", "{refused}");
    let message = refused["error"].as_str().unwrap();
    assert!(message.contains("a store of the kind"), "{message}");
}

#[test]
fn connect_to_refuses_a_store_of_real_logins_with_any_option() {
    let test = TestEnv::new();
    let proxy = Proxy::to(test.simulator.https_address());
    sign_in_for_real(&test, &proxy);
    let before = rows(&test.path("real/openai.db"));
    let [auth, backend] = test.simulator.connect_to();
    for command in COMMANDS {
        test.pass(20 * 24 * 3600);
        let mut program = program(&test);
        program.env("HTTPS_PROXY", proxy.url());
        program.args(["--connect-to", &auth, "--connect-to", &backend]);
        program.arg("--cacert").arg(test.path("ca.pem"));
        program.args(command);
        assert_is_of_the_wrong_kind(&run(program));
    }
    assert!(test.simulator.requests().is_empty());
    assert!(proxy.connects().is_empty());
    assert_eq!(rows(&test.path("real/openai.db")), before);
}

/// The profile's values. Not the bytes of the file: closing the store moves the rest of
/// the write-ahead log into the file.
fn rows(store: &Path) -> Vec<(String, String, Option<Vec<u8>>)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let store = SqliteStore::open_read_only(store, StoreKind::OpenAi).await;
        let rows = store.unwrap().load(&"default".parse().unwrap()).await;
        let mut rows: Vec<_> = rows
            .unwrap()
            .into_iter()
            .map(|row| (row.key, format!("{:?}", row.version), row.value))
            .collect();
        assert!(!rows.is_empty());
        rows.sort();
        rows
    })
}

#[test]
fn a_login_at_a_simulator_is_never_sent_to_the_real_hosts() {
    let test = TestEnv::new();
    test.sign_in();
    let proxy = Proxy::to(test.simulator.https_address());
    for command in COMMANDS {
        let mut program = program_over(&test.store(), &test);
        program.env("HTTPS_PROXY", proxy.url()).args(command);
        assert_is_of_the_wrong_kind(&run(program));
    }
    assert!(proxy.connects().is_empty());
}

/// The files of the program that read the environment, and how often.
#[test]
fn the_environment_is_read_only_in_known_places() {
    let sources = support::root().join("host");
    let mut found = Vec::new();
    for package in ["src", "runtime/src", "storage/src"] {
        files_that_read_it(&sources.join(package), &mut found);
    }
    let found: BTreeSet<_> = found
        .iter()
        .map(|file| file.strip_prefix(&sources).unwrap().to_str().unwrap())
        .collect();
    let known = [
        // For tests: the clock, and the points at which to die. No released build has
        // these.
        "src/open.rs",
        // The clock of tests, whether the terminal can redraw, and which variable causes an
        // error.
        "src/output/clock.rs",
        "src/output/view.rs",
        "src/variables.rs",
        // The version of the program that executes the other one.
        "src/service.rs",
        // Codex's home, from which only its login is read.
        "src/commands/import/codex_login.rs",
        "runtime/src/sandbox/failpoint.rs",
        // Proxies.
        "runtime/src/egress/connect/proxy.rs",
        // The key and the store.
        "storage/src/seal/keys.rs",
        "storage/src/location.rs",
        // Only in tests.
        "storage/src/sqlite/file/tests.rs",
        "storage/src/sqlite/tests/full_disk.rs",
        "storage/src/sqlite/tests/race.rs",
    ];
    assert_eq!(found, BTreeSet::from(known));
}

fn files_that_read_it(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_that_read_it(&path, found);
        } else if std::fs::read_to_string(&path).unwrap().contains("env::var") {
            found.push(path);
        }
    }
}

/// Records the names that it is asked for, and resolves none of them.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<BTreeSet<String>>>);

#[async_trait]
impl Resolver for Asked {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.0.lock().unwrap().insert(host.to_owned());
        Ok(Vec::new())
    }
}

/// Fields that would name another host, if the component read them.
fn elsewhere() -> Value {
    let url = "https://elsewhere.example/";
    let names = [
        "url",
        "base_url",
        "api_base",
        "issuer",
        "iss",
        "aud",
        "authority",
        "token_endpoint",
        "token_url",
        "revocation_endpoint",
        "auth_url",
        "authorization_server",
        "server",
        "verification_url",
        "verification_uri",
        "verification_uri_complete",
        "redirect_uri",
        "proxy",
        "usage_url",
        "models_url",
        "endpoint",
        "endpoints",
    ];
    let mut fields: serde_json::Map<_, _> = names.iter().map(|&n| (n.into(), url.into())).collect();
    for name in [
        "host",
        "hostname",
        "domain",
        "origin",
        "api_host",
        "auth_host",
    ] {
        fields.insert(name.into(), "elsewhere.example".into());
    }
    fields.insert("port".into(), 8443.into());
    fields.insert(
        "connect_to".into(),
        json!(["auth.openai.com:443:127.0.0.1:1"]),
    );
    Value::Object(fields)
}

/// The records of a profile that is signed in, has cached models and usage and has a
/// waiting code. Each record has the fields of [`elsewhere`].
async fn tampered(test: &TestEnv) -> Vec<(&'static str, Vec<u8>)> {
    let store = Arc::new(MemoryStore::of_kind(StoreKind::Test));
    let profile = test.host(store.clone()).profile("ada".parse().unwrap());
    sign_in(test, &profile).await;
    test.pass(120);
    profile.models(true).await.unwrap();
    profile.usage(true).await.unwrap();
    profile.start().await.unwrap();
    // Every cached value may be requested again.
    test.pass(60);

    let mut records = Vec::new();
    for key in ["credential", "pending", "models", "usage"] {
        let row = store.read(profile.name(), key).await.unwrap().unwrap();
        let mut record: Value = serde_json::from_slice(&row.value.unwrap()).unwrap();
        let fields = elsewhere();
        let record_fields = record.as_object_mut().unwrap();
        for (name, value) in fields.as_object().unwrap() {
            record_fields.entry(name.clone()).or_insert(value.clone());
        }
        if key == "credential" {
            record["access_token"] = test.simulator.sign(&odd_claims()).into();
        }
        records.push((key, record.to_string().into_bytes()));
    }
    records
}

/// Claims of a token from another issuer for another audience.
fn odd_claims() -> Value {
    let mut claims = elsewhere();
    claims["exp"] = (support::BEGINNING + 3600).into();
    claims["aud"] = json!([
        "https://elsewhere.example/",
        "https://api.elsewhere.example/v1"
    ]);
    claims["https://api.openai.com/auth"] = elsewhere();
    claims["https://api.openai.com/auth"]["chatgpt_account_id"] = "@elsewhere.example".into();
    claims
}

async fn store_of(kind: StoreKind, records: &[(&'static str, Vec<u8>)]) -> MemoryStore {
    let store = MemoryStore::of_kind(kind);
    let ada = "ada".parse().unwrap();
    for (key, record) in records {
        let written = store.compare_and_swap(&ada, key, None, Some(record)).await;
        written.unwrap();
    }
    store
}

/// Calls every function and asserts that all requests go to addresses of the policy.
async fn call_everything(test: &TestEnv, profile: &Profile) {
    let mut failures = Vec::new();
    let status = profile.status().await.unwrap();
    assert_eq!(status.state, ConnectionState::Connected, "{status:?}");
    failures.extend(profile.usage(true).await.err());
    failures.extend(profile.models(true).await.err());
    failures.extend(profile.poll(None).await.err());
    failures.extend(profile.refresh().await.err());
    test.pass(20 * 24 * 3600);
    match profile.authorize(None).await {
        Ok(token) => assert_eq!(token.base_url(), "https://chatgpt.com/backend-api/codex"),
        Err(error) => failures.push(error),
    }
    match profile.start().await {
        Ok(prompt) => assert_eq!(
            prompt.pending.verification_url,
            "https://auth.openai.com/codex/device"
        ),
        Err(error) => failures.push(error),
    }
    failures.extend(profile.logout(true).await.err());
    for error in failures {
        assert_ne!(error.code, ErrorCode::EgressDenied, "{error:?}");
    }
}

/// Faults: M07 M08
#[tokio::test]
async fn no_stored_value_sends_a_real_login_to_another_host() {
    let test = TestEnv::new();
    let records = tampered(&test).await;
    let asked = Asked::default();
    let host = Host::builder(store_of(StoreKind::OpenAi, &records).await)
        .resolver(asked.clone())
        .wall_clock_file(test.path("clock"));
    let host = host.build().unwrap();
    let proxy = host.proxy("auth.openai.com").unwrap();
    assert_eq!(
        proxy, None,
        "unset the proxy: it would resolve names itself"
    );
    call_everything(&test, &host.profile("ada".parse().unwrap())).await;
    let asked: Vec<_> = asked.0.lock().unwrap().iter().cloned().collect();
    assert_eq!(asked, ["auth.openai.com", "chatgpt.com"]);
}

/// Faults: M07 M08
#[tokio::test]
async fn no_stored_value_sends_a_request_to_another_address() {
    let test = TestEnv::new();
    let records = tampered(&test).await;
    test.simulator.clear_requests();
    let host = test.host(store_of(StoreKind::Test, &records).await);
    call_everything(&test, &host.profile("ada".parse().unwrap())).await;

    let policy: BTreeSet<_> = POLICY.iter().map(ToString::to_string).collect();
    let asked: BTreeSet<_> = test
        .simulator
        .requests()
        .iter()
        .map(|request| {
            let host = request.header("host").unwrap();
            let path = request.target.split('?').next().unwrap();
            format!("{} {}://{host}{path}", request.method, request.scheme)
        })
        .collect();
    assert_eq!(asked, policy, "each of the six, and nothing else");
}
