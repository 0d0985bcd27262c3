//! `usage --watch`: what it shows, when it asks, and when it ends or runs a command.

use std::fs::File;
use std::process::{Child, Command, Output, Stdio};
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

/// Interrupts the watch and returns its end.
fn interrupt(mut watching: Child) -> Output {
    kill_process(Pid::from_child(&watching), Signal::INT).unwrap();
    wait_until(|| watching.try_wait().unwrap().is_some());
    let output = watching.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    output
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
    let shown = test.path("shown");
    let output = std::fs::File::create(&shown).unwrap();
    let command = command.args(exec).arg(&record).stdout(output);
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
    // The answer must be there before the window ends.
    wait_until(|| {
        test.pass(1);
        let shown = std::fs::read_to_string(&shown).unwrap();
        shown.contains("5 hours 90 %")
    });
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

#[test]
fn a_command_that_hangs_does_not_keep_the_watch_from_ending() {
    let test = TestEnv::new();
    test.sign_in();
    use_up(&test, 85);
    let record = test.path("process");
    let script = "echo $$ >\"$1.new\"; mv \"$1.new\" \"$1\"; exec sleep 600";
    let exec = ["--exec", "sh", "-c", script, "sh"];
    let mut command = watch(&test, &["--alarm", "10"]);
    let shown = test.path("shown");
    let output = std::fs::File::create(&shown).unwrap();
    let command = command.args(exec).arg(&record).stdout(output);
    let watching = command.spawn().unwrap();
    wait_until(|| record.exists());
    interrupt(watching);
    let process = std::fs::read_to_string(&record).unwrap();
    let process = Pid::from_raw(process.trim().parse().unwrap()).unwrap();
    kill_process(process, Signal::KILL).expect("the command goes on");
}

#[test]
fn a_watch_ends_when_its_output_is_closed_or_cannot_be_written() {
    let test = TestEnv::new();
    test.sign_in();
    let (closed, output) = std::io::pipe().unwrap();
    drop(closed);
    let mut ended = watch(&test, &[]).stdout(output).spawn().unwrap();
    wait_until(|| ended.try_wait().unwrap().is_some());
    assert_eq!(ended.wait().unwrap().code(), Some(0));

    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut ended = watch(&test, &[]).stdout(full).spawn().unwrap();
    wait_until(|| ended.try_wait().unwrap().is_some());
    assert_eq!(ended.wait().unwrap().code(), Some(1));
}

#[test]
fn a_watch_that_ends_before_the_first_answer_prints_the_failure_as_json() {
    let test = TestEnv::new();
    test.sign_in();
    test.pass(120);
    let busy = Fault::status(429).header("retry-after", "300");
    test.simulator.fault_always(Endpoint::Usage, busy);
    let asked = questions(&test);
    let mut command = watch(&test, &["--json"]);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let watching = command.spawn().unwrap();
    wait_until(|| questions(&test) > asked);
    let failure = support::json(&interrupt(watching));
    assert_eq!(failure["code"], "rate-limited", "{failure}");
}

#[test]
fn a_step_of_the_wall_clock_does_not_shorten_the_wait_after_a_429() {
    let test = TestEnv::new();
    test.sign_in();
    test.pass(120);
    let busy = Fault::status(429).header("retry-after", "300");
    test.simulator.fault_always(Endpoint::Usage, busy);
    let clocks = test.path("clocks");
    let set = |wall: u64, steady: u64| {
        let next = test.path("clocks.next");
        std::fs::write(&next, format!("{wall} {steady}")).unwrap();
        std::fs::rename(next, &clocks).unwrap();
    };
    let now = test.now();
    set(now, 1000);
    let mut command = watch(&test, &[]);
    command.env("CHATGPT_OAUTH_TEST_CLOCK", &clocks);
    let mut screen = Screen::run(&command, 80, 24);
    screen.wait_until(|shown| shown.has("next question in 5:00"));
    let asked = questions(&test);
    for (wall, steady, left) in [
        (now + 86_400, 1010, "next question in 4:50"),
        (now - 86_400, 1290, "next question in 0:10"),
    ] {
        set(wall, steady);
        screen.wait_until(|shown| shown.has(left));
        assert_eq!(questions(&test), asked);
    }
    set(now, 1300);
    wait_until(|| questions(&test) > asked);
}
