//! `examples/http`: the programs in Python and TypeScript, against `serve` and the simulator.

mod support;

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use support::TestEnv;
use support::serve::Serve;
use tempfile::TempDir;

/// A server, and a key for it.
struct Served {
    test: TestEnv,
    serve: Serve,
    key: String,
}

impl Served {
    fn start() -> Self {
        let test = TestEnv::new();
        test.sign_in();
        let file = test.path("key");
        let output = file.display().to_string();
        let scopes = "inference,onboarding";
        let made = test.ask(&["keys", "create", "--scope", scopes, "--output", &output]);
        assert_eq!(made["ok"], true, "{made}");
        let mut serve = Serve::start(test.command());
        serve.discard_log();
        let key = fs::read_to_string(file).unwrap().trim().to_owned();
        Self { test, serve, key }
    }

    /// Runs a program with the address and the key, while the person approves every code and
    /// the clock goes on.
    fn run(&self, mut program: Command) -> String {
        let address = &self.serve.public;
        let mut child = program
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("OPENAI_BASE_URL", format!("http://{address}/v1"))
            .env("OPENAI_API_KEY", &self.key)
            .env("CHATGPT_OAUTH_URL", format!("http://{address}/api/v1/me"))
            .env("CHATGPT_OAUTH_KEY", &self.key)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while child.try_wait().unwrap().is_none() {
            for code in self.test.simulator.pending_codes() {
                // It may have been approved since.
                _ = self.test.simulator.approve(&code);
            }
            thread::sleep(Duration::from_millis(100));
            self.test.pass(1);
        }
        said(&child.wait_with_output().unwrap())
    }
}

#[track_caller]
fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{out}{err}");
    out.into_owned()
}

fn examples() -> std::path::PathBuf {
    support::root().join("examples/http")
}

/// The examples in JavaScript, as the compiler makes them.
fn compiled() -> TempDir {
    let modules = env::var_os("HTTP_EXAMPLES_NODE_MODULES").expect(
        "HTTP_EXAMPLES_NODE_MODULES is not set: eval \"$(sh scripts/tools.sh)\" installs TypeScript and sets it",
    );
    let folder = tempfile::tempdir().unwrap();
    for file in ["ask.ts", "sign_in.ts", "tsconfig.json", "package.json"] {
        fs::copy(examples().join(file), folder.path().join(file)).unwrap();
    }
    symlink(&modules, folder.path().join("node_modules")).unwrap();
    let mut tsc = Command::new("node");
    let compiler = Path::new(&modules).join("typescript/bin/tsc");
    said(&tsc.arg(compiler).current_dir(&folder).output().unwrap());
    folder
}

/// Calls with the two programs of one language.
fn work(program: impl Fn(&str) -> Command) {
    let served = Served::start();
    let mut ask = program("ask");
    ask.arg("Say hi.");
    let answer = served.run(ask);
    assert!(answer.contains("You said: Say hi."), "{answer}");

    let account = served.run(program("sign_in"));
    assert!(
        account.contains("https://auth.openai.com/codex/device"),
        "{account}"
    );
    assert!(
        account.contains("signed in as ada@example.com"),
        "{account}"
    );
    assert!(account.contains("openai-codex/"), "{account}");
    for said in [answer, account] {
        for secret in served.test.simulator.secrets() {
            assert!(!said.contains(&secret.value), "{:?}", secret.kind);
        }
    }
}

#[test]
fn the_programs_in_python_ask_a_model_and_sign_a_person_in() {
    work(|name| {
        let mut python = Command::new("python3");
        python.arg(examples().join(format!("{name}.py")));
        python
    });
}

#[test]
fn the_programs_in_typescript_compile_ask_a_model_and_sign_a_person_in() {
    let folder = compiled();
    work(|name| {
        let mut node = Command::new("node");
        node.arg(folder.path().join(format!("out/{name}.js")));
        node
    });
}
