//! ACT, an independent agent runtime on another version of wasmtime: examples/act.

use std::env;
use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::Duration;

use chatgpt_oauth_packaging::{World, plug};
use openai_simulator::{Endpoint, Fault};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::test_component;
use crate::test_env::{TestEnv, example, test_env};

/// What the manifest of the example allows.
const AUTH: Rule = Rule {
    host: "auth.openai.com",
    scheme: "https",
    method: "POST",
    port: 443,
};
const BACKEND: Rule = Rule {
    host: "chatgpt.com",
    method: "GET",
    ..AUTH
};
const DIRECTORY: &str = "~/.local/state/chatgpt-oauth/act";

/// Grants for all of it.
const ALL: [&str; 2] = ["http", "fs"];

/// A rule for HTTP in a manifest.
#[derive(Clone, Debug)]
struct Rule {
    host: &'static str,
    scheme: &'static str,
    method: &'static str,
    port: u16,
}

impl Rule {
    /// Where the component goes, by POST.
    fn simulator(test: &TestEnv) -> Self {
        let port = test.simulator.http_address().port();
        Self {
            host: "127.0.0.1",
            scheme: "http",
            method: "POST",
            port,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            host,
            scheme,
            method,
            port,
        } = self;
        write!(
            f,
            r#"{{ host = "{host}", scheme = "{scheme}", methods = ["{method}"], ports = [{port}] }}"#
        )
    }
}

/// The component with a manifest, and a person's directory.
struct Act(TempDir);

/// The example, with the simulator's address in the place of OpenAI's in its manifest.
fn act(test: &TestEnv) -> Act {
    let post = Rule::simulator(test);
    let get = Rule {
        method: "GET",
        ..post.clone()
    };
    Act::packed(test, &[(AUTH, post), (BACKEND, get)])
}

impl Act {
    /// Packs the component with the manifest of the example, with other rules in the
    /// place of some.
    fn packed(test: &TestEnv, rules: &[(Rule, Rule)]) -> Self {
        let act = Self(TempDir::new().unwrap());
        let mut manifest = fs::read_to_string(example("act").join("act.toml")).unwrap();
        let mut replace = |from: &str, to: &str| {
            assert!(manifest.contains(from), "{from}");
            manifest = manifest.replace(from, to);
        };
        replace(DIRECTORY, act.login().to_str().unwrap());
        for (from, to) in rules {
            replace(&from.to_string(), &to.to_string());
        }
        fs::create_dir(act.login()).unwrap();
        fs::write(act.0.path().join("act.toml"), manifest).unwrap();
        fs::write(act.component(), composed(test)).unwrap();
        let mut pack = act.program("act-build");
        printed(&pack.arg("pack").arg(act.component()).output().unwrap());
        act
    }

    fn component(&self) -> PathBuf {
        self.0.path().join("chatgpt-oauth.wasm")
    }

    fn login(&self) -> PathBuf {
        self.0.path().join("login")
    }

    /// A program of ACT. Its caches and its audit trail are in the test's directory.
    fn program(&self, name: &str) -> Command {
        let packages = env::var_os("ACT_PACKAGES").expect(
            "ACT_PACKAGES is not set: eval \"$(sh scripts/tools.sh)\" installs ACT and sets it",
        );
        let mut command = Command::new(Path::new(&packages).join("bin").join(name));
        command.current_dir(&self.0).env("HOME", self.0.path());
        for variable in [
            "XDG_CACHE_HOME",
            "XDG_CONFIG_HOME",
            "XDG_DATA_HOME",
            "XDG_STATE_HOME",
        ] {
            command.env_remove(variable);
        }
        command
    }

    /// A process that calls a tool, with grants for what the manifest allows.
    fn call(&self, tool: &str, arguments: &Value, grants: &[&str]) -> Output {
        let mut command = self.program("act");
        command
            .arg("call")
            .arg(self.component())
            .arg(tool)
            .args(["--args", &arguments.to_string()]);
        for grant in grants {
            command.args(["--allow", grant]);
        }
        command.output().unwrap()
    }

    /// The answer of a call that succeeds.
    #[track_caller]
    fn ask(&self, tool: &str, arguments: &Value) -> Value {
        json(&printed(&self.call(tool, arguments, &ALL)))
    }

    /// The code of a call that fails.
    #[track_caller]
    fn failure(&self, tool: &str, grants: &[&str]) -> Value {
        let output = self.call(tool, &json!({}), grants);
        let answer = json(&String::from_utf8(output.stdout).unwrap());
        let code = answer["code"].clone();
        let errors = String::from_utf8_lossy(&output.stderr);
        let kind = format!("chatgpt-oauth:{}", code.as_str().unwrap());
        assert!(errors.contains(&kind), "{errors}");
        assert_eq!(output.status.code(), Some(1));
        code
    }

    #[track_caller]
    fn sign_in(&self, test: &TestEnv) {
        let prompt = self.ask("start", &json!({}));
        let code = prompt["user_code"].as_str().unwrap();
        test.simulator.approve(code).unwrap();
        // The simulator asks for a second between two polls.
        sleep(Duration::from_secs(1));
        assert_eq!(self.ask("poll", &json!({}))["status"], "connected");
    }

    /// Lets the access token be older: one of the last minute is not refreshed.
    fn age_token(&self) {
        let file = self.login().join("key-credential");
        let mut record = json(&fs::read_to_string(&file).unwrap());
        let received_at = record["received_at"].as_u64().unwrap();
        record["received_at"] = (received_at - 100).into();
        fs::write(&file, record.to_string()).unwrap();
    }
}

#[track_caller]
fn printed(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// `act run --mcp`: one message of JSON-RPC a line.
struct Server {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Server {
    fn start(act: &Act) -> Self {
        let mut command = act.program("act");
        let mut process = command
            .args(["run", "--mcp"])
            .arg(act.component())
            .args(["--allow", "http", "--allow", "fs"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        Self {
            process,
            input,
            output,
        }
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.input, "{message}").unwrap();
    }

    /// The result of a request.
    #[track_caller]
    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.send(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }));
        let answer = json(&self.output.next().unwrap().unwrap());
        assert!(answer["error"].is_null(), "{answer}");
        answer["result"].clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// The tools, composed with a login that is built for the simulator.
fn composed(test: &TestEnv) -> &'static [u8] {
    static COMPOSED: OnceLock<Vec<u8>> = OnceLock::new();
    COMPOSED.get_or_init(|| {
        let origin = test.simulator.http_url();
        let login = test_component::build(World::OnboardingFilesystem, &origin).unwrap();
        plug(test_component::guest("act-tools"), login).unwrap()
    })
}

#[test]
fn a_login_in_act_takes_a_process_for_each_call() {
    let test = test_env();
    let act = act(&test);
    let none = json!({});
    assert_eq!(act.ask("status", &none)["state"], "not_connected");
    let prompt = act.ask("start", &none);
    assert_eq!(act.ask("poll", &none)["status"], "pending");
    let code = prompt["user_code"].as_str().unwrap();
    test.simulator.approve(code).unwrap();
    sleep(Duration::from_secs(1));
    let pending = json!({ "pending_id": prompt["pending_id"] });
    assert_eq!(act.ask("poll", &pending)["status"], "connected");

    let status = act.ask("status", &none);
    assert_eq!(status["email"], "ada@example.com");
    assert_eq!(act.ask("models", &none)["source"], "cache");
    assert_eq!(act.ask("usage", &json!({ "force": false }))["plan"], "plus");
    act.age_token();
    assert_eq!(act.ask("refresh", &none)["status"], "refreshed");
    let revoke = json!({ "revoke": true });
    assert_eq!(act.ask("logout", &revoke)["revoked"], true);
    assert_eq!(act.failure("models", &ALL), "not-connected");
}

#[test]
fn act_serves_seven_tools_over_mcp() {
    let test = test_env();
    let act = act(&test);
    let mut server = Server::start(&act);
    let hello = server.ask(
        "initialize",
        &json!({
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "0" },
        }),
    );
    assert_eq!(hello["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
    server.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));

    let listed = server.ask("tools/list", &json!({}));
    let tools = listed["tools"].as_array().unwrap();
    let names: Vec<_> = tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    let reading = |tool: &&Value| tool["annotations"]["readOnlyHint"] == true;
    let reading: Vec<_> = tools
        .iter()
        .filter(reading)
        .map(|tool| &tool["name"])
        .collect();
    let all = [
        "status", "start", "poll", "logout", "refresh", "models", "usage",
    ];
    assert_eq!(names, all);
    assert_eq!(reading, ["status", "models", "usage"]);

    let mut call = |tool: &str| server.ask("tools/call", &json!({ "name": tool, "arguments": {} }));
    let status = call("status");
    assert_eq!(status["structuredContent"]["state"], "not_connected");
    let failure = call("usage");
    assert_eq!(failure["isError"], true);
    let kind = &failure["_meta"]["dev.actcore/error-kind"];
    assert_eq!(kind, "chatgpt-oauth:not-connected");
    assert_eq!(
        json(failure["content"][0]["text"].as_str().unwrap())["code"],
        "not-connected"
    );
}

#[test]
fn an_address_outside_of_the_list_is_refused_in_act() {
    let test = test_env();
    let here = Rule::simulator(&test);
    for elsewhere in [
        AUTH,
        Rule {
            host: "localhost",
            ..here.clone()
        },
        Rule {
            scheme: "https",
            ..here.clone()
        },
        Rule {
            method: "GET",
            ..here.clone()
        },
        Rule {
            port: here.port - 1,
            ..here.clone()
        },
    ] {
        let act = Act::packed(&test, &[(AUTH, elsewhere.clone())]);
        assert_eq!(act.failure("start", &ALL), "egress-denied", "{elsewhere}");
    }
    let act = act(&test);
    assert_eq!(act.failure("start", &["fs"]), "egress-denied", "no grant");
    assert_eq!(
        act.failure("start", &["http"]),
        "store-unavailable",
        "no grant"
    );
    assert_eq!(test.simulator.requests().len(), 0);
    act.sign_in(&test);
}

/// ACT reports a lost connection as one that was refused. So the component takes the token
/// for unused and presents it again, which can end the login: docs/runtimes.md says so.
#[test]
fn a_refresh_that_is_cut_off_counts_as_not_sent_in_act() {
    let test = test_env();
    let act = act(&test);
    act.sign_in(&test);
    act.age_token();
    let presented = || test.simulator.requests_to(Endpoint::Token).len();
    let before = presented();
    let lost = Fault::silence().after_processing();
    test.simulator.fault(Endpoint::Token, lost);
    assert_eq!(act.failure("refresh", &ALL), "network");
    assert_eq!(presented(), before + 1, "ACT repeats no request");
}
