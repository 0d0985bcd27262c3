//! `usage --watch`: what it shows, when it asks, and when it ends or runs a command.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use openai_simulator::{Endpoint, Fault};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::screen::Screen;
use super::support::{self, TestEnv};

/// How much of the window of five hours is used from now on.
fn use_up(test: &TestEnv, percent: u8) {
    let window = json!({ "primary_window": { "used_percent": percent } });
    let report = Fault::patch(json!({ "rate_limit": window }));
    test.simulator.fault_always(Endpoint::Usage, report);
}

fn questions(test: &TestEnv) -> usize {
    test.simulator.requests_to(Endpoint::Usage).len()
}

fn wait_until(mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Lets time pass until the watch has asked again.
fn pass_to_a_question(test: &TestEnv) {
    let before = questions(test);
    wait_until(|| {
        test.pass(1);
        questions(test) > before
    });
}

fn watch(test: &TestEnv, arguments: &[&str]) -> Command {
    let mut command = test.command();
    command.args(["usage", "--watch"]).args(arguments);
    command.env("TERM", "xterm");
    command
}

#[test]
fn the_alarm_ends_with_exit_code_7_and_prints_the_usage() {
    let test = TestEnv::new();
    test.sign_in();
    let mut command = watch(&test, &["--alarm", "80", "--json"]);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut watching = command.spawn().unwrap();
    pass_to_a_question(&test);
    use_up(&test, 85);
    wait_until(|| {
        test.pass(1);
        watching.try_wait().unwrap().is_some()
    });
    let output = watching.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    let usage = support::json(&output);
    assert_eq!(usage["windows"][0]["used_percent"], 85.0, "{usage}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "alarm: 5 hours 85 % used\n");
}

fn interrupt(watching: Child) {
    kill_process(Pid::from_child(&watching), Signal::INT).unwrap();
    let output = watching.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
}

#[test]
fn a_command_runs_once_for_a_crossing_and_once_for_a_reset() {
    let test = TestEnv::new();
    test.sign_in();
    let record = test.path("events");
    let script = "echo \"$CHATGPT_OAUTH_EVENT $CHATGPT_OAUTH_WINDOW \
        $CHATGPT_OAUTH_USED_PERCENT $CHATGPT_OAUTH_RESETS_AT $1\" >>\"$2\"";
    let exec = ["--exec", "sh", "-c", script, "sh", "--an-argument"];
    let mut command = watch(&test, &["--alarm", "80"]);
    let command = command.args(exec).arg(&record).stdout(Stdio::null());
    let watching = command.spawn().unwrap();
    let events = || std::fs::read_to_string(&record).unwrap_or_default();

    let reached = "reached 5 hours 85 1800018000 --an-argument\n";
    use_up(&test, 85);
    wait_until(|| {
        test.pass(1);
        events() == reached
    });
    use_up(&test, 90);
    pass_to_a_question(&test);
    pass_to_a_question(&test);
    assert_eq!(events(), reached);

    use_up(&test, 3);
    test.pass(18_000);
    let reset = format!("{reached}reset 5 hours 3 1800036000 --an-argument\n");
    wait_until(|| {
        test.pass(1);
        events() == reset
    });
    pass_to_a_question(&test);
    assert_eq!(events(), reset);
    interrupt(watching);
}

#[test]
fn a_watch_waits_out_a_429_and_then_goes_on() {
    let test = TestEnv::new();
    test.sign_in();
    let busy = Fault::status(429).header("retry-after", "300");
    test.simulator.fault_always(Endpoint::Usage, busy);
    let mut screen = Screen::run(&watch(&test, &[]), 80, 24);
    screen.wait_until(|shown| shown.has("next question in 1:00"));
    test.pass(60);
    screen.wait_until(|shown| shown.has("next question in 5:00"));
    let asked = questions(&test);
    test.pass(290);
    screen.wait_until(|shown| shown.has("next question in 0:10"));
    assert_eq!(questions(&test), asked);
    use_up(&test, 50);
    test.pass(10);
    let shown = screen.wait_until(|shown| shown.has("5 hours 50 %, weekly 31 %"));
    assert_eq!(shown.text.matches("trying again").count(), 1);
    assert_eq!(screen.interrupt().ended, Some(130));
}

#[test]
fn a_command_that_cannot_run_does_not_end_the_watch() {
    let test = TestEnv::new();
    test.sign_in();
    use_up(&test, 85);
    let command = watch(&test, &["--alarm", "10", "--exec", "/nowhere"]);
    let mut screen = Screen::run(&command, 80, 24);
    screen.wait_until(|shown| shown.has("cannot run /nowhere: No such file"));
    pass_to_a_question(&test);
    assert_eq!(screen.interrupt().ended, Some(130));
}
