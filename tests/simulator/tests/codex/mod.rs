//! The real Codex CLI, connected only to the simulator.

#![allow(dead_code, reason = "each test binary uses its part of it")]

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use openai_simulator::Simulator;
use serde_json::{Value, json};

/// A separate home for each test.
pub struct Codex<'a> {
    simulator: &'a Simulator,
    binary: PathBuf,
    home: PathBuf,
}

impl<'a> Codex<'a> {
    pub fn new(simulator: &'a Simulator, test: &str) -> Self {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("codex")
            .join(test);
        let _ = fs::remove_dir_all(&home);
        fs::create_dir_all(&home).unwrap();
        simulator.write_ca(home.join("ca.pem")).unwrap();
        Self {
            simulator,
            binary: find(),
            home,
        }
    }

    /// Signs in with a device code; `decide` receives the user code that the CLI shows.
    pub fn login(&self, decide: impl FnOnce(&str)) -> Output {
        let mut command = self.command(&["login", "--device-auth", "--experimental_issuer"]);
        let mut child = command.arg(self.simulator.http_url()).spawn().unwrap();
        // Kept to the end: the CLI panics when its output is not read.
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let shown = lines
            .find_map(|line| user_code(&line))
            .expect("the CLI shows a user code");
        decide(&shown);
        let output = child.wait_with_output().unwrap();
        drop(lines);
        output
    }

    /// Its home.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs `codex exec`.
    pub fn exec(&self, arguments: &[&str]) -> Output {
        let always = ["exec", "--skip-git-repo-check", "--ephemeral"];
        self.run(&[always.as_slice(), arguments].concat())
    }

    /// Sends one request to the app server, by JSON-RPC over its standard streams, and returns the result.
    pub fn ask_app_server(&self, method: &str, params: Value) -> Value {
        let mut child = Killed(
            self.command(&["app-server"])
                .stdin(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let mut stdin = child.0.stdin.take().unwrap();
        let client = json!({ "name": "openai-simulator", "version": "0.1.0" });
        for message in [
            json!({ "id": 0, "method": "initialize", "params": { "clientInfo": client } }),
            json!({ "method": "initialized" }),
            json!({ "id": 1, "method": method, "params": params }),
        ] {
            writeln!(stdin, "{message}").unwrap();
        }
        BufReader::new(child.0.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| serde_json::from_str::<Value>(&line).ok())
            .find(|message| message["id"] == 1 && message.get("method").is_none())
            .map(|message| message["result"].clone())
            .expect("the app server answers")
    }

    /// The `tokens` of `auth.json`; null after logout.
    pub fn tokens(&self) -> Value {
        self.file("auth.json")["tokens"].clone()
    }

    /// A JSON file of the home; null if there is none.
    pub fn file(&self, name: &str) -> Value {
        let file = fs::read(self.home.join(name)).unwrap_or_default();
        serde_json::from_slice(&file).unwrap_or_default()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let http = self.simulator.http_url();
        let https = self.simulator.https_url();
        let mut command = Command::new(&self.binary);
        command
            // Nothing of the caller's environment: no proxy, no configuration, no credentials.
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("CODEX_HOME", &self.home)
            .env("CODEX_CA_CERTIFICATE", self.home.join("ca.pem"))
            .env(
                "CODEX_REFRESH_TOKEN_URL_OVERRIDE",
                format!("{http}/oauth/token"),
            )
            .env(
                "CODEX_REVOKE_TOKEN_URL_OVERRIDE",
                format!("{http}/oauth/revoke"),
            )
            .current_dir(&self.home)
            .args(["-c", "cli_auth_credentials_store=\"file\""])
            .arg("-c")
            .arg(format!("chatgpt_base_url=\"{https}/backend-api\""))
            .arg("-c")
            .arg(format!("openai_base_url=\"{https}/backend-api/codex\""))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

/// The app server runs until it is ended.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn find() -> PathBuf {
    if let Some(binary) = env::var_os("CODEX_BIN") {
        return binary.into();
    }
    env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .map(|directory| directory.join("codex"))
        .find(|candidate| candidate.is_file())
        .expect(
            "this test drives the real Codex CLI: `npm install -g @openai/codex`, or name its binary in CODEX_BIN",
        )
}

/// The word of the shape `ABCD-12345`, if the line has no other, apart from colours.
fn user_code(line: &str) -> Option<String> {
    let mut plain = String::new();
    let mut parts = line.split("\x1b[");
    plain.push_str(parts.next()?);
    for part in parts {
        plain.push_str(part.split_once('m')?.1);
    }
    let word = plain.trim();
    let fits = |(index, letter): (usize, char)| match index {
        4 => letter == '-',
        _ => letter.is_ascii_uppercase() || letter.is_ascii_digit(),
    };
    (word.len() == 10 && word.chars().enumerate().all(fits)).then(|| word.to_owned())
}
