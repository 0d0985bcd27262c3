//! The simulator, a directory for the logins, and the agents.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

use chatgpt_oauth_packaging::Builder;
use openai_simulator::Simulator;
use tempfile::TempDir;

pub struct TestEnv {
    pub simulator: Simulator,
    directory: TempDir,
}

impl TestEnv {
    /// An environment in which this agent runs.
    pub fn new(agent: &[u8]) -> Self {
        let simulator = Simulator::builder().interval(1).start().unwrap();
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("agent.wasm"), agent).unwrap();
        simulator.write_ca(directory.path().join("ca.pem")).unwrap();
        Self {
            simulator,
            directory,
        }
    }

    /// What the agent says.
    #[track_caller]
    pub fn run(&self, task: &str) -> String {
        let output = self.output(task);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Why the run fails.
    #[track_caller]
    pub fn fail(&self, task: &str) -> String {
        let output = self.output(task);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    }

    fn output(&self, task: &str) -> Output {
        let mut runtime = Command::new(env!("CARGO_BIN_EXE_agent-runtime"));
        runtime.current_dir(&self.directory);
        // What it has compiled, for the next run of the tests too.
        runtime.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
        runtime.args(["--cacert", "ca.pem"]);
        for connect_to in self.simulator.connect_to() {
            runtime.args(["--connect-to", &connect_to]);
        }
        runtime.args(["agent.wasm", task]).output().unwrap()
    }
}

/// The code in what an agent says: `… enter the code ABCD-EFGHI.`
#[track_caller]
pub fn code_in(said: &str) -> String {
    let (_, rest) = said.split_once("enter the code ").expect(said);
    rest.split('.').next().unwrap().to_owned()
}

pub fn rust_agent() -> &'static [u8] {
    static AGENT: OnceLock<Vec<u8>> = OnceLock::new();
    AGENT.get_or_init(|| {
        let builder = Builder::new(workspace(), env!("CARGO_TARGET_TMPDIR"));
        builder.guest("agent").unwrap()
    })
}

/// `probe.py` beside this file.
pub fn python_agent() -> &'static [u8] {
    static AGENT: OnceLock<Vec<u8>> = OnceLock::new();
    AGENT.get_or_init(|| {
        let agent = componentize("probe");
        // Compiled once, before several tests run it at the same time.
        TestEnv::new(&agent).run("probe");
        agent
    })
}

/// Makes a component of the agent's world from a Python module of this directory, which may
/// import those of the example.
fn componentize(module: &str) -> Vec<u8> {
    let packages = std::env::var_os("COMPONENTIZE_PY").expect(
        "COMPONENTIZE_PY is not set: eval \"$(sh scripts/tools.sh)\" installs componentize-py and sets it",
    );
    let component = Path::new(env!("CARGO_TARGET_TMPDIR")).join("agent-python.wasm");
    let output = Command::new(Path::new(&packages).join("bin/componentize-py"))
        .env("PYTHONPATH", &packages)
        .current_dir(workspace())
        .args(["-d", "wit", "-d", "examples/agent/agent.wit"])
        .args(["-w", "example:agent/agent", "componentize"])
        .args(["-p", "examples/agent-python"])
        .args(["-p", "examples/runtime/tests/agents"])
        .args([module, "-o"])
        .arg(&component)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    fs::read(component).unwrap()
}

fn workspace() -> &'static Path {
    let mut directories = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    directories.nth(2).unwrap()
}
