//! What is drawn on a terminal, and what a pipe, a screen reader and a terminal without
//! colors get in its place.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::screen::{Screen, Shown};
use super::support::TestEnv;
use super::{code, wait_for_polls};

/// The commands that draw.
const DRAWING: [&str; 3] = ["status", "usage", "models"];

/// The program on a terminal that understands escape sequences.
fn command(test: &TestEnv, arguments: &[&str]) -> Command {
    let mut command = test.command();
    command.args(arguments).env("TERM", "xterm");
    command
}

fn shown(command: &Command, columns: u16, rows: u16) -> Shown {
    let shown = Screen::run(command, columns, rows).end();
    assert_eq!(shown.ended, Some(0), "{}", shown.text);
    shown
}

#[test]
fn no_line_is_broken_by_the_terminal() {
    let test = TestEnv::new();
    test.sign_in();
    for (columns, rows) in [(80, 24), (60, 24), (40, 20)] {
        for name in DRAWING {
            let shown = shown(&command(&test, &[name]), columns, rows);
            for line in &shown.lines {
                let width = line.chars().count();
                assert!(width < columns.into(), "{name} {columns}: {line}");
            }
        }
    }
}

#[test]
fn a_terminal_gets_a_card_bars_and_a_table() {
    let test = TestEnv::new();
    test.sign_in();
    let status = shown(&command(&test, &["status"]), 80, 24);
    assert!(
        status.lines[0].starts_with("╭─ connected ─"),
        "{}",
        status.text
    );
    let usage = shown(&command(&test, &["usage"]), 80, 24);
    assert!(usage.text.contains("███"), "{}", usage.text);
    assert!(
        usage.has("at this rate used up by Mon 07:13"),
        "{}",
        usage.text
    );
    let models = shown(&command(&test, &["models"]), 80, 24);
    assert!(
        models.has("context  reasoning (* is the default)"),
        "{}",
        models.text
    );
    assert!(models.has("272,000  low, medium*, high"), "{}", models.text);
}

#[test]
fn colors_appear_only_on_a_terminal_unless_they_are_forced() {
    let test = TestEnv::new();
    test.sign_in();
    for name in DRAWING {
        let colored = shown(&command(&test, &[name]), 80, 24).text;
        assert!(colored.contains("\u{1b}["), "{colored:?}");
        let without = shown(command(&test, &[name]).env("NO_COLOR", "1"), 80, 24).text;
        assert!(!without.contains('\u{1b}'), "{without:?}");

        let piped = |command: &mut Command| {
            let output = command.output().unwrap().stdout;
            String::from_utf8(output).unwrap()
        };
        let plain = piped(&mut command(&test, &[name]));
        assert!(!plain.contains(['\u{1b}', '█', '│']), "{plain:?}");
    }
    let mut failing = command(&test, &["--profile", "bob", "usage"]);
    let forced = failing.env("CLICOLOR_FORCE", "1").output().unwrap().stderr;
    assert!(forced.contains(&b'\x1b'));
}

#[test]
fn a_screen_reader_and_a_dumb_terminal_get_lines() {
    let test = TestEnv::new();
    test.sign_in();
    for name in DRAWING {
        let dumb = shown(command(&test, &[name]).env("TERM", "dumb"), 80, 24).text;
        assert!(!dumb.contains(['\u{1b}', '█', '│']), "{dumb:?}");
        let plain = shown(&command(&test, &["--plain", name]), 80, 24).text;
        assert!(!plain.contains(['█', '│']), "{plain:?}");
    }
}

#[test]
fn with_plain_a_login_redraws_nothing() {
    let test = TestEnv::new();
    let mut screen = Screen::run(&command(&test, &["--plain", "login"]), 80, 24);
    wait_for_polls(&test, 3);
    let shown = screen.shown();
    assert!(shown.redrawn.is_empty(), "{:?}", shown.redrawn);
    assert!(!shown.text.contains('█'), "{}", shown.text);
    assert_eq!(shown.text.matches("waiting for the approval").count(), 1);
    assert!(shown.has(&code(&test)), "{:?}", shown.rows);
}

#[test]
fn from_sixty_columns_on_the_code_also_stands_in_large_letters() {
    for (columns, large) in [(60, 5), (59, 0), (40, 0)] {
        let test = TestEnv::new();
        let mut screen = Screen::run(&command(&test, &["login"]), columns, 24);
        wait_for_polls(&test, 1);
        let shown = screen.shown();
        let rows = shown.lines.iter().filter(|line| line.contains('█'));
        assert_eq!(rows.count(), large, "{:?}", shown.lines);
        assert!(shown.lines.contains(&format!("  {}", code(&test))));
        let address = "  https://auth.openai.com/codex/device".to_owned();
        assert!(shown.lines.contains(&address), "{:?}", shown.lines);
    }
}

/// A directory with programs of this name, each a shell script of one line, that comes first
/// in `PATH`.
fn path_with(test: &TestEnv, programs: &[(&str, &str)]) -> String {
    for (name, line) in programs {
        let program = test.path(name);
        std::fs::write(&program, format!("#!/bin/sh\n{line}\n")).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o700)).unwrap();
    }
    let rest = std::env::var("PATH").unwrap();
    format!("{}:{rest}", test.directory.path().display())
}

/// Waits until a file of the test has content.
fn content(file: &Path) -> String {
    let began = std::time::Instant::now();
    loop {
        match std::fs::read_to_string(file) {
            Ok(content) if !content.is_empty() => return content,
            _ => assert!(began.elapsed().as_secs() < 60, "{}", file.display()),
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn login_copies_the_code_and_opens_the_address() {
    let test = TestEnv::new();
    let [copied, opened] = ["copied", "opened"].map(|name| test.path(name));
    let copy = format!("exec cat >'{}'", copied.display());
    let open = format!("echo \"$1\" >'{}'", opened.display());
    let programs = [
        ("pbcopy", "exit 1"),
        ("wl-copy", &copy),
        ("xclip", &copy),
        ("xdg-open", &open),
        ("open", &open),
    ];
    let mut login = command(&test, &["login", "--copy", "--open"]);
    let mut screen = Screen::run(login.env("PATH", path_with(&test, &programs)), 80, 24);
    wait_for_polls(&test, 1);
    assert_eq!(content(&copied), code(&test));
    assert_eq!(content(&opened), "https://auth.openai.com/codex/device\n");
    assert!(screen.shown().has("the code is in the clipboard"));
}

#[test]
fn without_a_clipboard_the_terminal_is_asked_to_copy_the_code() {
    let test = TestEnv::new();
    let programs = ["pbcopy", "wl-copy", "xclip"].map(|name| (name, "exit 1"));
    let mut login = command(&test, &["login", "--copy"]);
    let mut screen = Screen::run(login.env("PATH", path_with(&test, &programs)), 80, 24);
    wait_for_polls(&test, 1);
    let shown = screen.shown();
    let (_, sequence) = shown.text.split_once("\u{1b}]52;c;").unwrap();
    let (encoded, _) = sequence.split_once('\u{7}').unwrap();
    assert_eq!(base64_decoded(encoded), code(&test));
    assert!(shown.has("the terminal was asked to copy the code"));
}

fn base64_decoded(text: &str) -> String {
    let program = "import base64, sys; print(base64.b64decode(sys.argv[1]).decode(), end='')";
    let mut python = Command::new("python3");
    let output = python.args(["-c", program, text]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_clipboard_that_hangs_does_not_keep_the_login_from_waiting() {
    let test = TestEnv::new();
    let copied = test.path("copied");
    let copy = format!("exec cat >'{}'", copied.display());
    let programs = [
        ("pbcopy", "exec sleep 600"),
        ("wl-copy", &copy),
        ("xclip", &copy),
    ];
    let mut login = command(&test, &["login", "--copy"]);
    let mut screen = Screen::run(login.env("PATH", path_with(&test, &programs)), 80, 24);
    wait_for_polls(&test, 1);
    assert_eq!(content(&copied), code(&test));
    assert!(screen.shown().has("the code is in the clipboard"));
}

/// How many rows of a QR code stand above the code.
fn rows_of_qr_code(lines: &[String]) -> usize {
    let rows = lines.iter().take_while(|line| line.starts_with(['█', '▀']));
    rows.inspect(|row| assert_eq!(row.chars().count(), 37))
        .count()
}

#[test]
fn a_qr_code_stands_above_the_code_if_asked_for_or_if_the_screen_has_the_rows() {
    let cases: [(&[&str], u16, usize); 3] = [
        (&["login"], 60, 19),
        (&["login"], 24, 0),
        (&["login", "--qr"], 24, 19),
    ];
    for (arguments, rows, expected) in cases {
        let test = TestEnv::new();
        let mut screen = Screen::run(&command(&test, arguments), 80, rows);
        wait_for_polls(&test, 1);
        let lines = screen.shown().lines;
        assert_eq!(rows_of_qr_code(&lines), expected, "{lines:?}");
        assert!(lines[expected].starts_with("Open https://"), "{lines:?}");
    }
}

#[test]
fn a_qr_code_that_cannot_be_drawn_is_not_and_says_why() {
    let cases: [(u16, &[&str], &str, &str); 3] = [
        (80, &["login", "--qr"], "NO_COLOR", "needs colors"),
        (30, &["login", "--qr"], "TZ", "too narrow"),
        (80, &["--plain", "login", "--qr"], "TZ", "needs a terminal"),
    ];
    for (columns, arguments, variable, why) in cases {
        let test = TestEnv::new();
        let mut command = command(&test, arguments);
        let mut screen = Screen::run(command.env(variable, "UTC"), columns, 60);
        wait_for_polls(&test, 1);
        let shown = screen.shown();
        assert!(shown.lines[0].contains(why), "{:?}", shown.lines);
        assert_eq!(rows_of_qr_code(&shown.lines[1..]), 0);
    }
}
