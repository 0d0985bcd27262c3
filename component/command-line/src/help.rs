//! The text of `--help`.

use alloc::borrow::ToOwned;
use alloc::string::String;

use chatgpt_oauth_answers::Function;

const HEAD: &str = "\
Connects a ChatGPT subscription by OpenAI's device-code login. The answer is one
JSON object.

Usage: chatgpt-oauth.wasm COMMAND

Commands:
";

const TAIL: &str = "
Options:
  -h, --help  Show this, or with a command what it does

The runtime opens one directory, which keeps the login, or mounts the login's as
/login:
  wasmtime run -S http --dir ada chatgpt-oauth.wasm status
  wasmtime run -S http --dir ada::/login --dir data chatgpt-oauth.wasm status

Exit codes:
  0 ok · 2 usage · 3 retry later · 4 log in (again) · 5 store
  6 blocked by policy, region or plan · 1 any other failure

This is not OpenAI's product. One directory is one person's own subscription.";

/// The width of the widest name of a command, with a gap.
const NAMES: usize = 9;

/// The help, of one command if it is named.
pub(crate) fn text(command: Option<Function>) -> String {
    match command {
        Some(command) => of_command(command),
        None => overview(),
    }
}

fn overview() -> String {
    let mut text = HEAD.to_owned();
    for command in Function::ALL {
        let name = command.name();
        let gap = " ".repeat(NAMES - name.len());
        text.extend(["  ", name, &gap, about(command), "\n"]);
    }
    text.push_str(TAIL);
    text
}

fn of_command(command: Function) -> String {
    let (usage, details) = arguments(command);
    let usage = ["\n\nUsage: chatgpt-oauth.wasm ", command.name(), usage];
    [about(command)]
        .into_iter()
        .chain(usage)
        .chain([details])
        .collect()
}

fn about(command: Function) -> &'static str {
    match command {
        Function::Status => "Show the state of the connection; sends and writes nothing",
        Function::Start => "Begin a login, or show the one that waits",
        Function::Poll => "Check once for the approval, and finish the login",
        Function::Logout => "Sign out",
        Function::Refresh => "Request a new access token",
        Function::Models => "List the models of the subscription",
        Function::Usage => "Show how much of the subscription is used",
    }
}

/// The arguments of a command in its line of usage, and what they mean.
fn arguments(command: Function) -> (&'static str, &'static str) {
    match command {
        Function::Status | Function::Start | Function::Refresh => ("", ""),
        Function::Poll => (
            " [ID]",
            "\n\n  [ID]  The pending_id that `start` returned, or the user code [default: the login that waits]",
        ),
        Function::Logout => (
            " [--revoke]",
            "\n\n  --revoke  Also ask OpenAI to end the login; that may end this person's other Codex sessions too",
        ),
        Function::Models | Function::Usage => (
            " [--force]",
            "\n\n  --force  Ask OpenAI instead of the cache, at most every 10 seconds",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::option;

    #[test]
    fn the_overview_lists_every_command_in_one_column() {
        let text = text(None);
        for command in Function::ALL {
            let line = format!("  {:NAMES$}{}\n", command.name(), about(command));
            assert!(text.contains(&line), "{text}");
        }
    }

    #[test]
    fn the_help_of_a_command_shows_its_option() {
        for command in Function::ALL {
            let text = text(Some(command));
            let usage = format!("Usage: chatgpt-oauth.wasm {}", command.name());
            assert!(text.contains(&usage), "{text}");
            for known in ["--force", "--revoke"] {
                assert_eq!(text.contains(known), option(command) == Some(known));
            }
        }
    }
}
