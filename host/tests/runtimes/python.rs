//! Python, through the package `wasmtime`: examples/python.

use std::env;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use openai_simulator::Fault;
use tempfile::TempDir;

use crate::stories::{self, Runtime};
use crate::test_env::{self, TestEnv, test_env};

/// A directory with the example's programs, and the version of the package that runs
/// them.
struct Python {
    programs: TempDir,
    version: Version,
}

/// A version of the package `wasmtime`.
#[derive(Clone, Copy)]
enum Version {
    /// The one that the example pins.
    Pinned,
    Newest,
}

/// The example, with the simulator's addresses in its policy.
fn python(test: &TestEnv) -> Python {
    let python = unchanged();
    test.copy_example("python", python.programs.path());
    python
}

/// The same with the newest version of the package.
fn newest(test: &TestEnv) -> Python {
    Python {
        version: Version::Newest,
        ..python(test)
    }
}

fn unchanged() -> Python {
    let programs = tempfile::tempdir().unwrap();
    test_env::copy_unchanged("python", programs.path());
    Python {
        programs,
        version: Version::Pinned,
    }
}

impl Python {
    fn command(&self) -> Command {
        let variable = match self.version {
            Version::Pinned => "WASMTIME_PYTHON",
            Version::Newest => "WASMTIME_PYTHON_NEWEST",
        };
        let packages = env::var_os(variable).unwrap_or_else(|| {
            panic!("{variable} is not set: eval \"$(sh scripts/tools.sh)\" installs wasmtime for Python and sets it")
        });
        let mut command = Command::new("python3");
        command
            .env("PYTHONPATH", packages)
            .current_dir(&self.programs);
        command
    }
}

impl Runtime for Python {
    fn call(&self, directory: &Path, function: &str, ahead: u64) -> Command {
        let program = format!(
            "import sys, time, runpy; now = time.time; time.time = lambda: now() + {ahead}; \
             sys.argv[0] = 'call.py'; runpy.run_path('call.py', run_name='__main__')"
        );
        let mut command = self.command();
        command
            .args(["-c", &program])
            .arg(test_env::component_file())
            .arg(directory)
            .arg(function);
        command
    }

    fn sign_in(&self, directory: &Path) -> Command {
        let mut command = self.command();
        command
            .arg("sign_in.py")
            .arg(test_env::component_file())
            .arg(directory);
        command
    }

    fn field(&self, name: &str) -> String {
        name.to_owned()
    }
}

/// The guest can call the functions in any order: all requests go through `send`.
#[test]
fn python_refuses_requests_outside_the_policy() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let program = format!(
        "from egress import Request, send; \
         real = 'https', 'auth.openai.com', '/oauth/token'; \
         answers = [send(Request(headers, 'POST', *target)).tag for target, headers in [ \
             (('http', '127.0.0.1:{port}', '/oauth/token'), []), \
             (('http', *real[1:]), []), \
             ((*real[:2], '/oauth/authorize'), []), \
             (real, [('transfer-encoding', b'chunked')]), \
             (real, [('Host', b'127.0.0.1:{port}')]), \
         ]]; print(*answers, sep=chr(10))"
    );
    let python = unchanged();
    let mut command = python.command();
    let output = command.args(["-c", &program]).output().unwrap();
    let answers = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(answers, "HTTP-request-denied\n".repeat(5), "{stderr}");
    assert!(listener.accept().is_err(), "the guest has connected");
}

#[test]
fn a_login_survives_its_process_in_python() {
    let test = test_env();
    stories::a_login_survives_its_process(&python(&test), &test);
}

#[test]
fn the_login_program_waits_for_the_person_in_python() {
    let test = test_env();
    stories::the_login_program_waits_for_the_person(&python(&test), &test);
}

#[test]
fn no_other_user_can_read_what_python_stores() {
    let test = test_env();
    stories::nobody_else_can_read_what_is_stored(&python(&test), &test);
}

#[test]
fn a_missing_directory_is_a_store_failure_in_python() {
    let test = test_env();
    stories::a_directory_that_is_missing_is_a_store_that_does_not_work(&python(&test), &test);
}

#[test]
fn a_declined_and_an_expired_login_are_reported_in_python() {
    let test = test_env();
    stories::a_declined_login_and_a_late_one_say_so(&python(&test), &test);
}

#[test]
fn only_urls_of_the_policy_are_reached_in_python() {
    let test = test_env();
    stories::what_is_not_on_the_list_is_not_reached(&unchanged(), &test);
}

#[test]
fn a_refresh_that_is_cut_off_has_an_unknown_outcome_in_python() {
    let test = test_env();
    let lost = Fault::silence().after_processing();
    stories::a_refresh_without_an_answer_has_an_unknown_outcome(&python(&test), &test, lost);
}

#[test]
fn two_processes_at_once_present_a_refresh_token_once_in_python() {
    let test = test_env();
    stories::two_processes_at_once_present_a_refresh_token_once(&python(&test), &test);
}

#[test]
fn a_login_survives_its_process_in_python_with_wasmtime_50() {
    let test = test_env();
    stories::a_login_survives_its_process(&newest(&test), &test);
}

#[test]
fn the_login_program_waits_for_the_person_in_python_with_wasmtime_50() {
    let test = test_env();
    stories::the_login_program_waits_for_the_person(&newest(&test), &test);
}

#[test]
fn a_refresh_that_is_cut_off_is_unknown_in_python_with_wasmtime_50() {
    let test = test_env();
    let lost = Fault::silence().after_processing();
    stories::a_refresh_without_an_answer_has_an_unknown_outcome(&newest(&test), &test, lost);
}
