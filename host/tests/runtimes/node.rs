//! Node, through jco: examples/node.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use openai_simulator::{Endpoint, Fault};

use crate::stories::{self, Runtime};
use crate::test_env::{self, TestEnv, test_env};

/// A directory with the example's programs.
struct Node(PathBuf);

/// The example, with the simulator's addresses in its policy.
fn node(test: &TestEnv) -> &'static Node {
    static NODE: LazyLock<Node> = LazyLock::new(|| Node::set_up("runtimes-node"));
    test.copy_example("node", &NODE.0);
    &NODE
}

impl Node {
    fn set_up(name: &str) -> Self {
        let modules = env::var_os("JCO_NODE_MODULES").expect(
            "JCO_NODE_MODULES is not set: eval \"$(sh scripts/tools.sh)\" installs jco and sets it",
        );
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        symlink(modules, directory.join("node_modules")).unwrap();
        let node = Self(directory);
        test_env::copy_unchanged("node", &node.0);
        let transpiled = node
            .program("transpile.mjs")
            .arg(test_env::component_file())
            .output()
            .expect("node cannot be run: install Node 20 or newer");
        let said = String::from_utf8_lossy(&transpiled.stderr);
        assert!(transpiled.status.success(), "{said}");
        node
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new("node");
        command.arg(self.0.join(name));
        command
    }
}

impl Runtime for Node {
    fn call(&self, directory: &Path, function: &str, ahead: u64) -> Command {
        let clock = format!(
            "data:text/javascript,const now = Date.now; Date.now = () => now() + {ahead} * 1000"
        );
        let mut command = Command::new("node");
        command
            .args(["--import", &clock])
            .arg(self.0.join("call.mjs"))
            .arg(directory)
            .arg(function);
        command
    }

    fn sign_in(&self, directory: &Path) -> Command {
        let mut command = self.program("sign-in.mjs");
        command.arg(directory);
        command
    }

    fn field(&self, name: &str) -> String {
        let mut words = name.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |name, word| {
            let (initial, rest) = word.split_at(1);
            name + &initial.to_uppercase() + rest
        })
    }
}

#[test]
fn a_login_survives_its_process_in_node() {
    let test = test_env();
    stories::a_login_survives_its_process(node(&test), &test);
}

#[test]
fn the_login_program_waits_for_the_person_in_node() {
    let test = test_env();
    stories::the_login_program_waits_for_the_person(node(&test), &test);
}

#[test]
fn no_other_user_can_read_what_node_stores() {
    let test = test_env();
    stories::nobody_else_can_read_what_is_stored(node(&test), &test);
}

#[test]
fn a_missing_directory_is_a_store_failure_in_node() {
    let test = test_env();
    stories::a_directory_that_is_missing_is_a_store_that_does_not_work(node(&test), &test);
}

#[test]
fn a_declined_and_an_expired_login_are_reported_in_node() {
    let test = test_env();
    stories::a_declined_login_and_a_late_one_say_so(node(&test), &test);
}

#[test]
fn only_urls_of_the_policy_are_reached_in_node() {
    let test = test_env();
    let unchanged = Node::set_up("runtimes-node-unchanged");
    stories::what_is_not_on_the_list_is_not_reached(&unchanged, &test);
}

#[test]
fn a_refresh_that_is_cut_off_has_an_unknown_outcome_in_node() {
    let test = test_env();
    let lost = Fault::silence().after_processing();
    stories::a_refresh_without_an_answer_has_an_unknown_outcome(node(&test), &test, lost);
}

/// jco's shim reports this as a timeout of connecting.
#[test]
fn a_refresh_that_is_not_answered_has_an_unknown_outcome_in_node() {
    let test = test_env();
    let lost = Fault::hang();
    stories::a_refresh_without_an_answer_has_an_unknown_outcome(node(&test), &test, lost);
}

/// The component allows 5 s for connecting and 15 s for the first byte; the shim would
/// end both after 5 s.
#[test]
fn an_answer_may_take_longer_than_connecting_in_node() {
    let test = test_env();
    let slow = Fault::normal().delay(Duration::from_millis(5500));
    test.simulator.fault(Endpoint::UserCode, slow);
    stories::the_login_program_waits_for_the_person(node(&test), &test);
}
