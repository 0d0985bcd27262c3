//! The login of the Codex CLI: where Codex keeps it, whose it is, and its tokens.
//!
//! The file is only read. What its tokens claim names an account and proves nothing.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64ct::{Base64UrlUnpadded, Encoding};
use chatgpt_oauth::store::StoreKind;
use chatgpt_oauth::{Error, ForeignLogin};
use rustix::fs::OFlags;
use serde_json::Value;

use crate::open;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// The issuer of real logins.
const OPENAI: &str = "https://auth.openai.com";

/// The hint where a login of the profile's own is the way out.
const OWN_LOGIN: &str = "sign in with `chatgpt-oauth login`; Codex keeps its login";

/// What Codex has stored.
pub(super) struct CodexLogin {
    tokens: Value,
    id_claims: Value,
}

impl CodexLogin {
    /// Reads the file that is named, else the one in Codex's home.
    pub(super) fn find(named: Option<&Path>) -> Result<Self, Error> {
        if let Some(file) = named {
            return Self::read(file).map_err(|error| unreadable(file, &error))?;
        }
        let home = home().ok_or_else(|| {
            refused(
                "there is no home directory",
                "name Codex's file with --file",
            )
        })?;
        let kept_in = kept_in(&home);
        if kept_in == "keyring" {
            return Err(in_the_keyring());
        }
        let file = home.join("auth.json");
        match Self::read(&file) {
            Ok(login) => login,
            Err(error) if error.kind() != ErrorKind::NotFound => Err(unreadable(&file, &error)),
            Err(_) if kept_in == "auto" => Err(in_the_keyring()),
            Err(_) => Err(refused(
                format!("Codex is not signed in: there is no {}", file.display()),
                "sign in with `chatgpt-oauth login`, or name Codex's file with --file",
            )),
        }
    }

    fn read(file: &Path) -> io::Result<Result<Self, Error>> {
        // `NONBLOCK`: opening a pipe does not wait for its other end.
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
            .open(file)?;
        let found = opened.metadata()?;
        if !found.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        if found.len() > LARGEST {
            return Err(io::Error::other("it is too large for a login"));
        }
        let mut text = String::new();
        opened.take(LARGEST).read_to_string(&mut text)?;
        Ok(Self::parse(&text, file))
    }

    fn parse(text: &str, file: &Path) -> Result<Self, Error> {
        let no_login = |what| refused(format!("{} {what}", file.display()), OWN_LOGIN);
        let stored: Value = serde_json::from_str(text)
            .map_err(|_| no_login("is not JSON; Codex may be writing it at this moment"))?;
        let tokens = stored["tokens"].clone();
        if tokens["refresh_token"].as_str().is_none_or(str::is_empty) {
            return Err(no_login("holds no ChatGPT login; Codex may use an API key"));
        }
        let id_claims = tokens["id_token"].as_str().and_then(claims);
        Ok(Self {
            tokens,
            id_claims: id_claims.unwrap_or_default(),
        })
    }

    /// The e-mail address that the id token claims.
    pub(super) fn email(&self) -> Result<&str, Error> {
        let email = self.id_claims["email"]
            .as_str()
            .filter(|email| email.contains('@'));
        email.ok_or_else(|| refused("Codex's login does not name its account", OWN_LOGIN))
    }

    /// The account for people: the e-mail address and the workspace.
    pub(super) fn account(&self) -> String {
        let email = self
            .email()
            .unwrap_or("an account without an e-mail address");
        let claim = &self.id_claims["https://api.openai.com/auth"]["chatgpt_account_id"];
        match claim.as_str() {
            Some(account_id) => format!("{email} (account {account_id})"),
            None => email.to_owned(),
        }
    }

    /// Refuses a login of another account than that of an earlier look.
    pub(super) fn check_account(&self, earlier: &Self) -> Result<(), Error> {
        let has_the_same = |claim| self.id_claims[claim] == earlier.id_claims[claim];
        match has_the_same("sub") && self.account() == earlier.account() {
            true => Ok(()),
            false => Err(refused(
                format!("Codex has signed in as {} meanwhile", self.account()),
                "run the command again for that account",
            )),
        }
    }

    /// Refuses a login of another e-mail address than this one.
    pub(super) fn check_email(&self, expected: &str) -> Result<(), Error> {
        let email = self.email();
        match email.is_ok_and(|email| email.eq_ignore_ascii_case(expected)) {
            true => Ok(()),
            false => Err(refused(
                format!(
                    "Codex is signed in as {}, and {expected} was expected",
                    self.account()
                ),
                OWN_LOGIN,
            )),
        }
    }

    /// Refuses a login that the store's servers have not issued: a real login is never sent
    /// to a simulator, nor one of a simulator to OpenAI. Codex names the issuer since 0.169.
    pub(super) fn check_issuer(&self, kind: StoreKind) -> Result<(), Error> {
        let issuer = self.tokens["oauth_provenance"]["issuer"].as_str();
        let is_openai = issuer.is_none_or(|issuer| issuer.trim_end_matches('/') == OPENAI);
        match (kind, is_openai) {
            (StoreKind::OpenAi, true) | (StoreKind::Test, false) => Ok(()),
            (StoreKind::OpenAi, false) => Err(refused(
                "Codex's login is not of OpenAI",
                "name the simulator that has issued it",
            )),
            (StoreKind::Test, true) => Err(refused(
                "Codex's login is a real one, or does not say who has issued it",
                "real logins are never sent elsewhere: leave out --connect-to",
            )),
        }
    }

    /// The tokens, for [`take_over`](chatgpt_oauth::Profile::take_over).
    pub(super) fn tokens(&self) -> ForeignLogin<'_> {
        let text = |name: &str| self.tokens[name].as_str().unwrap_or_default();
        ForeignLogin {
            refresh_token: text("refresh_token"),
            id_token: text("id_token"),
        }
    }
}

/// `$CODEX_HOME`, else `~/.codex`.
fn home() -> Option<PathBuf> {
    let named = env::var_os("CODEX_HOME").filter(|home| !home.is_empty());
    named
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".codex")))
}

/// Where Codex keeps its login: `file`, `keyring`, `auto` or `ephemeral`.
fn kept_in(home: &Path) -> String {
    let configuration = fs::read_to_string(home.join("config.toml")).unwrap_or_default();
    let value = top_level(&configuration, "cli_auth_credentials_store");
    value.unwrap_or("file").to_owned()
}

/// The value of a text in the top table of a TOML file, if it has a line of its own.
fn top_level<'a>(toml: &'a str, key: &str) -> Option<&'a str> {
    let lines = toml.lines().map(str::trim);
    let mut top = lines.take_while(|line| !line.starts_with('['));
    let value = top.find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim())
    })?;
    let quote = value
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))?;
    value[1..].split(quote).next()
}

/// The claims of a JWT, whose signature is not checked.
fn claims(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    let json = Base64UrlUnpadded::decode_vec(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&json).ok()
}

fn in_the_keyring() -> Error {
    refused(
        "Codex keeps its login in the keyring of this machine, which this command does not read",
        OWN_LOGIN,
    )
}

fn unreadable(file: &Path, error: &io::Error) -> Error {
    refused(
        format!("cannot read {}: {error}", file.display()),
        "name Codex's auth.json with --file, or sign in with `chatgpt-oauth login`",
    )
}

fn refused(message: impl Into<String>, hint: &str) -> Error {
    let mut error = open::invalid(message);
    hint.clone_into(&mut error.hint);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_in_the_top_table_alone() {
        let key = "cli_auth_credentials_store";
        for (toml, value) in [
            (
                "model = \"a\"\ncli_auth_credentials_store = \"keyring\" # safe\n",
                Some("keyring"),
            ),
            ("cli_auth_credentials_store='auto'", Some("auto")),
            ("# cli_auth_credentials_store = \"keyring\"", None),
            (
                "[profiles.x]\ncli_auth_credentials_store = \"keyring\"",
                None,
            ),
            ("cli_auth_credentials_store = true", None),
            ("cli_auth_credentials_store =", None),
            ("", None),
        ] {
            assert_eq!(top_level(toml, key), value, "{toml}");
        }
    }

    #[test]
    fn what_is_no_login_is_refused_without_being_repeated() {
        let file = Path::new("auth.json");
        for text in [
            "",
            "{",
            "null",
            "[]",
            r#"{"OPENAI_API_KEY":"CANARY"}"#,
            r#"{"tokens":null}"#,
            r#"{"tokens":{"refresh_token":""}}"#,
            r#"{"tokens":{"refresh_token":7,"id_token":"CANARY"}}"#,
        ] {
            let Err(error) = CodexLogin::parse(text, file) else {
                panic!("{text}");
            };
            assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
        }
    }

    #[test]
    fn an_unreadable_id_token_names_no_account() {
        for id_token in ["", "a.b", "a.b.c", "a.e30.c", "a.bnVsbA.c"] {
            let text = format!(r#"{{"tokens":{{"refresh_token":"rt","id_token":"{id_token}"}}}}"#);
            let login = CodexLogin::parse(&text, Path::new("auth.json")).unwrap();
            assert!(login.email().is_err(), "{id_token}");
            assert!(login.account().contains("without"), "{id_token}");
            assert!(login.check_email("ada@example.com").is_err(), "{id_token}");
        }
    }

    #[test]
    fn a_login_is_of_the_servers_that_the_store_is_for() {
        let of = |provenance: &str| {
            let text = format!(r#"{{"tokens":{{"refresh_token":"rt"{provenance}}}}}"#);
            let login = CodexLogin::parse(&text, Path::new("auth.json")).unwrap();
            let permits = |kind| login.check_issuer(kind).is_ok();
            (permits(StoreKind::OpenAi), permits(StoreKind::Test))
        };
        let issued_by = |issuer| of(&format!(r#","oauth_provenance":{{"issuer":"{issuer}"}}"#));
        assert_eq!(issued_by("https://auth.openai.com"), (true, false));
        assert_eq!(issued_by("https://auth.openai.com/"), (true, false));
        assert_eq!(issued_by("http://127.0.0.1:8080"), (false, true));
        // Written by an earlier Codex.
        assert_eq!(of(""), (true, false));
    }
}
