//! The environment of a measurement: the backend, a directory, and the program with the
//! options of both.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::Process;
use crate::serve::Serve;
use crate::upstream;

/// Of a server that takes every call of one key.
const MANY_STREAMS: [&str; 2] = ["--key-streams", "1000000"];

pub struct Place {
    pub directory: TempDir,
    pub upstream: Process,
}

impl Place {
    /// With the backend of this order.
    pub fn new(order: &Value) -> Self {
        // Not in /tmp, which may be in memory and not on a disk.
        let directory = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        let place = Self {
            directory,
            upstream: upstream::start(order),
        };
        std::fs::write(place.path("ca.pem"), place.announced("ca")).expect("a file");
        let mut new = OpenOptions::new();
        let key = new.write(true).create_new(true).mode(0o600);
        let mut key = key.open(place.key_file()).expect("a file");
        writeln!(key, "{}", "5a".repeat(32)).expect("a key");
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The key of every store of this place.
    pub fn key_file(&self) -> PathBuf {
        self.path("key")
    }

    /// The location of a file of a store, for `--store`.
    pub fn file(&self, name: &str) -> String {
        format!("sqlite:{}", self.path(name).join("test.db").display())
    }

    /// A text that the backend announced.
    pub fn announced(&self, name: &str) -> &str {
        self.upstream.announced[name].as_str().expect("a text")
    }

    /// The options that lead to the backend.
    pub fn connect_to(&self) -> impl Iterator<Item = &str> {
        let options = self.upstream.announced["connect_to"].as_array();
        let options = options.expect("a list").iter();
        options.map(|option| option.as_str().expect("a text"))
    }

    /// The program with this store.
    pub fn command(&self, store: &str) -> Command {
        let program = std::env::var_os("CHATGPT_OAUTH_BIN");
        let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_chatgpt-oauth").into());
        let mut command = Command::new(program);
        command.env("XDG_STATE_HOME", self.path("state"));
        // Reading the machine's own roots takes longer than a request.
        command.env("SSL_CERT_FILE", "/dev/null");
        command.env("CHATGPT_OAUTH_PROFILE", "bench");
        command.args(["--json", "--store", store]);
        command.arg("--cacert").arg(self.path("ca.pem"));
        command.arg("--key-file").arg(self.key_file());
        for connect_to in self.connect_to() {
            command.args(["--connect-to", connect_to]);
        }
        command
    }

    /// Runs a command on this store.
    pub fn run(&self, store: &str, arguments: &[&str]) {
        let output = self.command(store).args(arguments).output();
        let output = output.expect("the program runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{arguments:?}: {said}");
    }

    /// Makes an API key on this store.
    pub fn api_key(&self, store: &str, of: &[&str]) -> String {
        let file = tempfile::tempdir_in(self.directory.path()).expect("a directory");
        let file = file.path().join("api-key");
        let output = file.to_str().expect("a path");
        self.run(
            store,
            &[&["keys", "create", "--output", output], of].concat(),
        );
        let key = std::fs::read_to_string(&file).expect("a key");
        key.trim_end().to_owned()
    }

    /// A server on this store that limits no key.
    pub fn serve(&self, store: &str) -> Serve {
        let mut serve = Serve::start_with(self.command(store), &MANY_STREAMS);
        serve.discard_log();
        serve
    }
}
