//! The wasmtime CLI with the world `command`: the answers and the exit codes are those of
//! `chatgpt-oauth --json`, a process a call in both.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

use openai_simulator::Endpoint;
use serde_json::Value;
use tempfile::TempDir;

use crate::test_env::{self, TestEnv, test_env};

/// A person who is nowhere signed in, with a store of each runtime.
struct Person<'a> {
    test: &'a TestEnv,
    directory: TempDir,
}

/// The answer of a process and its exit code.
#[derive(Debug)]
struct Answer {
    json: Value,
    exit_code: Option<i32>,
}

impl<'a> Person<'a> {
    fn new(test: &'a TestEnv) -> Self {
        let directory = TempDir::new().unwrap();
        test.simulator
            .write_ca(directory.path().join("ca.pem"))
            .unwrap();
        for store in ["files", "program"] {
            let store = directory.path().join(store);
            fs::DirBuilder::new().mode(0o700).create(store).unwrap();
        }
        Self { test, directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The wasmtime CLI.
    fn cli(&self, subcommand: &str) -> Command {
        let wasmtime = env::var_os("WASMTIME_BIN").expect(
            "WASMTIME_BIN is not set: eval \"$(sh scripts/tools.sh)\" installs the wasmtime CLI and sets it",
        );
        let mut command = Command::new(wasmtime);
        command.arg(subcommand).current_dir(&self.directory);
        command
    }

    /// The component in the wasmtime CLI with these directories.
    fn wasmtime(&self, directories: &[&str]) -> Command {
        let mut command = self.cli("run");
        command.args(["-S", "http"]);
        for directory in directories {
            command.args(["--dir", directory]);
        }
        command.arg(test_env::command_file());
        command
    }

    /// The program, with a store of its own.
    fn program(&self) -> Command {
        let [auth, backend] = self.test.simulator.connect_to();
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatgpt-oauth"));
        command
            .env("XDG_STATE_HOME", self.path("state"))
            .env("SSL_CERT_FILE", "/dev/null")
            .arg("--json")
            .arg("--store")
            .arg(format!("sqlite:{}", self.path("program/test.db").display()))
            .arg("--cacert")
            .arg(self.path("ca.pem"))
            .args(["--connect-to", &auth, "--connect-to", &backend]);
        command
    }

    /// Both runtimes with these arguments: the wasmtime CLI first.
    #[track_caller]
    fn both(&self, arguments: &[&str]) -> [Answer; 2] {
        let commands = [self.wasmtime(&["files"]), self.program()];
        commands.map(|mut command| answer(&command.args(arguments).output().unwrap()))
    }

    /// Checks that both runtimes answer alike, and returns the answer of the wasmtime CLI.
    #[track_caller]
    fn same(&self, arguments: &[&str]) -> Answer {
        let [ours, theirs] = self.both(arguments);
        assert_alike(&ours, &theirs);
        ours
    }

    /// Checks that both runtimes fail alike, with this code and this exit code.
    #[track_caller]
    fn same_failure(&self, arguments: &[&str], code: &str, exit_code: i32) {
        let answer = self.same(arguments);
        assert_eq!(answer.json["code"], code, "{answer:?}");
        assert_eq!(answer.exit_code, Some(exit_code));
    }

    /// Begins a login in both runtimes, and returns both codes.
    #[track_caller]
    fn start(&self) -> [String; 2] {
        let prompts = self.both(&["start"]);
        assert_alike(&prompts[0], &prompts[1]);
        prompts.map(|prompt| prompt.json["user_code"].as_str().unwrap().to_owned())
    }

    /// Polls in both runtimes until the login is finished.
    fn finish(&self) {
        let [mut command, mut program] = [self.wasmtime(&["files"]), self.program()];
        let ours = connected(command.arg("poll"));
        let theirs = connected(program.arg("poll"));
        assert_alike(&ours, &theirs);
    }

    /// Lets the access token of the wasmtime CLI be older: one of the last minute is not
    /// refreshed.
    fn age_token(&self) {
        let file = self.path("files/key-credential");
        let mut record: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let received_at = record["received_at"].as_u64().unwrap();
        record["received_at"] = (received_at - 100).into();
        fs::write(&file, record.to_string()).unwrap();
    }
}

fn connected(poll: &mut Command) -> Answer {
    for _ in 0..20 {
        let answer = answer(&poll.output().unwrap());
        if answer.json["status"] == "connected" {
            return answer;
        }
        assert_eq!(answer.json["status"], "pending", "{answer:?}");
        sleep(Duration::from_millis(500));
    }
    panic!("the login was approved and is still pending")
}

/// The one line of JSON on standard output, and the exit code.
#[track_caller]
fn answer(output: &Output) -> Answer {
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let json = serde_json::from_str(&text);
    assert_eq!(text.lines().count(), 1, "{text}{errors}");
    Answer {
        json: json.unwrap_or_else(|error| panic!("{error}: {text}{errors}")),
        exit_code: output.status.code(),
    }
}

/// Compares field by field, with the order of the fields and the notation of numbers.
#[track_caller]
fn assert_alike(ours: &Answer, theirs: &Answer) {
    let [our_text, their_text] = [ours, theirs].map(|answer| {
        let mut json = answer.json.clone();
        hide_what_differs(&mut json);
        json.to_string()
    });
    assert_eq!(our_text, their_text);
    assert_eq!(ours.exit_code, theirs.exit_code);
}

/// Replaces times, ids and codes: each login has its own.
fn hide_what_differs(json: &mut Value) {
    match json {
        Value::Object(fields) => {
            if let Some(code) = fields.get("user_code").and_then(Value::as_str) {
                let code = code.to_owned();
                for text in fields.values_mut() {
                    if let Value::String(text) = text {
                        *text = text.replace(&code, "CODE");
                    }
                }
            }
            // The wait until the next poll counts down.
            let counts_down = fields
                .get("status")
                .is_some_and(|status| status == "pending");
            for (name, value) in fields {
                let is_time = name.ends_with("_at")
                    || name.ends_with("_in_seconds")
                    || (counts_down && name == "retry_after_seconds");
                match value {
                    Value::Number(_) if is_time => *value = "a time".into(),
                    Value::String(_) if name == "pending_id" => *value = "an id".into(),
                    _ => hide_what_differs(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide_what_differs),
        _ => {}
    }
}

#[test]
fn a_login_in_the_wasmtime_cli_answers_as_the_program_does() {
    let test = test_env();
    let person = Person::new(&test);
    assert_eq!(person.same(&["status"]).json["state"], "not_connected");
    let codes = person.start();
    assert_eq!(person.same(&["poll"]).json["status"], "pending");
    assert_eq!(person.same(&["status"]).json["state"], "pending");
    for code in codes {
        test.simulator.approve(&code).unwrap();
    }
    person.finish();

    let status = person.same(&["status"]).json;
    assert_eq!(status["email"], "ada@example.com");
    assert_eq!(status["usage"]["windows"][0]["used_percent"], 12.0);
    assert_eq!(person.same(&["models"]).json["source"], "cache");
    assert_eq!(person.same(&["usage"]).json["plan"], "plus");
    assert_eq!(person.same(&["refresh"]).json["status"], "refreshed");
    person.age_token();
    let presented = || test.simulator.requests_to(Endpoint::Token).len();
    let before = presented();
    let mut refresh = person.wasmtime(&["files"]);
    let ours = answer(&refresh.arg("refresh").output().unwrap());
    assert_eq!(presented(), before + 1);
    // The program refreshes too if its own token has become a minute old meanwhile.
    let theirs = answer(&person.program().arg("refresh").output().unwrap());
    assert_alike(&ours, &theirs);
    assert_eq!(ours.exit_code, Some(0));

    let logout = person.same(&["logout", "--revoke"]).json;
    assert_eq!(logout["revoked"], true);
    assert_eq!(person.same(&["logout"]).json["status"], "not_connected");
}

#[test]
fn failures_in_the_wasmtime_cli_are_those_of_the_program() {
    let test = test_env();
    let person = Person::new(&test);
    for command in ["models", "usage", "refresh"] {
        person.same_failure(&[command], "not-connected", 4);
    }
    person.same_failure(&["poll"], "no-pending-login", 4);
    for code in person.start() {
        test.simulator.deny(&code).unwrap();
    }
    person.same_failure(&["poll"], "login-denied", 4);
    for code in person.start() {
        test.simulator.expire_code(&code).unwrap();
    }
    person.same_failure(&["poll"], "login-expired", 4);
}

#[test]
fn wrong_arguments_in_the_wasmtime_cli_fail_as_in_the_program() {
    let test = test_env();
    let person = Person::new(&test);
    // The program also lists its commands, which are others.
    let [missing, _] = person.both(&[]);
    assert_eq!(missing.exit_code, Some(2));
    assert_eq!(missing.json["error"], "a command is missing");
    for arguments in [
        &["stat"][..],
        &["status", "now"],
        &["status", "--force"],
        &["usage", "--revoke"],
        &["poll", "one", "two"],
    ] {
        let answer = person.same(arguments);
        assert_eq!(answer.exit_code, Some(2), "{answer:?}");
        assert_eq!(answer.json["code"], "invalid-argument", "{answer:?}");
    }
    assert_eq!(test.simulator.requests().len(), 0);
}

#[test]
fn the_login_of_several_directories_is_in_the_one_named_login() {
    let test = test_env();
    let person = Person::new(&test);
    fs::create_dir(person.path("data")).unwrap();
    let ask = |directories: &[&str]| {
        let mut command = person.wasmtime(directories);
        answer(&command.arg("start").output().unwrap())
    };
    let unclear = ask(&["files", "data"]);
    assert_eq!(unclear.exit_code, Some(2));
    assert_eq!(unclear.json["code"], "invalid-argument");
    let hint = unclear.json["hint"].as_str().unwrap();
    assert!(hint.contains("--dir DIRECTORY::/login"), "{hint}");
    assert_eq!(test.simulator.requests().len(), 0);

    assert_eq!(ask(&["data", "files::/login"]).exit_code, Some(0));
    let names = |name: &str| fs::read_dir(person.path(name)).unwrap().count();
    assert_eq!((names("files"), names("data")), (1, 0));
    assert_eq!(ask(&[]).exit_code, Some(5), "there is no directory");
}

#[test]
fn a_directory_that_cannot_be_written_is_a_failure_of_the_store() {
    let test = test_env();
    let person = Person::new(&test);
    for store in ["files", "program"] {
        let closed = Permissions::from_mode(0o500);
        fs::set_permissions(person.path(store), closed).unwrap();
    }
    for command in [person.wasmtime(&["files"]), person.program()] {
        // Modes do not apply to root with its capabilities.
        let mut restricted = Command::new("setpriv");
        restricted
            .arg("--bounding-set=-all")
            .arg(command.get_program())
            .args(command.get_args())
            .arg("start")
            .current_dir(&person.directory);
        let answer = answer(&restricted.output().unwrap());
        assert_eq!(answer.exit_code, Some(5), "{answer:?}");
        assert_eq!(answer.json["code"], "store-unavailable", "{answer:?}");
    }
    for store in ["files", "program"] {
        let open = Permissions::from_mode(0o700);
        fs::set_permissions(person.path(store), open).unwrap();
    }
}

#[test]
fn help_in_the_wasmtime_cli_is_text_and_needs_no_directory() {
    let test = test_env();
    let person = Person::new(&test);
    for (arguments, line) in [
        (&["--help"][..], "Usage: chatgpt-oauth.wasm COMMAND\n"),
        (&["poll", "--help"], "Usage: chatgpt-oauth.wasm poll [ID]\n"),
    ] {
        let output = person.wasmtime(&[]).args(arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(line), "{text}");
        assert!(output.status.success());
    }
}

#[test]
fn a_component_that_wasmtime_has_compiled_answers_as_the_program_does() {
    let test = test_env();
    let person = Person::new(&test);
    let compiled = person.path("chatgpt-oauth.cwasm");
    let mut compile = person.cli("compile");
    compile
        .arg(test_env::command_file())
        .arg("-o")
        .arg(&compiled);
    assert!(compile.status().unwrap().success());

    for arguments in ["start", "poll", "status"] {
        let mut run = person.cli("run");
        run.args(["--allow-precompiled", "-S", "http", "--dir", "files"]);
        let ours = answer(&run.arg(&compiled).arg(arguments).output().unwrap());
        let theirs = answer(&person.program().arg(arguments).output().unwrap());
        assert_alike(&ours, &theirs);
        assert_eq!(ours.exit_code, Some(0));
    }
}
