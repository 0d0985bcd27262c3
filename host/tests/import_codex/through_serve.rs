//! `codex exec` uses the profile's login through `serve`, as docs/operations.md says.

use std::env;
use std::fs;
use std::process::{Command, Stdio};

use crate::support::serve::Serve;
use crate::support::{self, TestEnv};

/// The `config.toml` and the commands of the page, in this order.
fn page() -> [String; 2] {
    let page = fs::read_to_string(support::root().join("docs/operations.md")).unwrap();
    let (_, section) = page.split_once("### The Codex CLI\n").expect("the section");
    let mut blocks = vec![String::new()];
    for line in section.lines().take_while(|line| !line.starts_with("## ")) {
        match line.strip_prefix("    ") {
            Some(code) => *blocks.last_mut().unwrap() += &format!("{code}\n"),
            // A table of TOML begins after an empty line.
            None if line.is_empty() => *blocks.last_mut().unwrap() += "\n",
            None => blocks.push(String::new()),
        }
    }
    blocks.retain(|block| !block.trim().is_empty());
    blocks.try_into().expect("the file and the commands")
}

#[test]
fn codex_exec_works_through_serve_as_the_page_says() {
    let test = TestEnv::new();
    test.sign_in();
    let mut serve = Serve::start(test.command());
    serve.discard_log();
    let [configuration, commands] = page();
    let home = test.path("codex");
    fs::create_dir(&home).unwrap();
    let configuration = configuration.replace("127.0.0.1:8787", &serve.public);
    fs::write(home.join("config.toml"), configuration).unwrap();

    // The commands are typed in a shell that knows both programs, with this environment's
    // store and without its own login of Codex.
    let program = test.command();
    let quoted: Vec<_> = program
        .get_args()
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let codex = env::var("CODEX_BIN").expect("CODEX_BIN: eval \"$(sh scripts/tools.sh)\"");
    let commands = commands
        .replace("--profile alice", "--profile default")
        .replace("codex exec", "codex exec --skip-git-repo-check --ephemeral");
    let script = format!(
        "set -e\nchatgpt-oauth() {{ '{}' {} \"$@\"; }}\ncodex() {{ '{codex}' \"$@\"; }}\n{commands}",
        env!("CARGO_BIN_EXE_chatgpt-oauth"),
        quoted.join(" "),
    );
    let mut shell = Command::new("bash");
    shell
        .args(["-c", &script])
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("HOME", &home)
        .env("CODEX_HOME", &home)
        .env("CHATGPT_OAUTH_TEST_CLOCK", test.clock())
        .env("XDG_STATE_HOME", test.path("state"))
        .current_dir(&home)
        .stdin(Stdio::null());
    let output = shell.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(said.contains("You said: Say hi."), "{output:?}");
    assert!(!home.join("auth.json").exists());
}
