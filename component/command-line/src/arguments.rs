//! Reads the arguments: a command, and at most one option or value of it.
//!
//! By hand: the parsers on crates.io need the standard library, and the grammar is one
//! loop.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use chatgpt_oauth_answers::Function;

/// What the arguments ask for.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// A call of a function.
    Call(Call),
    /// The help, of a command if one is named.
    Help(Option<Function>),
}

/// A call of one of the seven functions.
#[derive(Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "wit/connection.wit documents functions and arguments"
)]
pub enum Call {
    Status,
    Start,
    Poll { pending_id: Option<String> },
    Logout { revoke: bool },
    Refresh,
    Models { force: bool },
    Usage { force: bool },
}

/// The option of a command, if it has one.
#[must_use]
pub const fn option(command: Function) -> Option<&'static str> {
    match command {
        Function::Logout => Some("--revoke"),
        Function::Models | Function::Usage => Some("--force"),
        Function::Status | Function::Start | Function::Poll | Function::Refresh => None,
    }
}

/// Reads the arguments after the program's name. `--json` changes nothing: it lets the
/// arguments of `chatgpt-oauth --json` stay as they are.
///
/// # Errors
///
/// If a command is missing or an argument is unknown; the text says which.
pub fn parse(arguments: &[String]) -> Result<Request, String> {
    let (mut command, mut has_option, mut pending_id) = (None, false, None);
    for argument in arguments {
        match (argument.as_str(), command) {
            ("--json", _) => {}
            ("-h" | "--help", _) => return Ok(Request::Help(command)),
            (name, None) if !name.starts_with('-') => {
                let named = Function::named(name);
                command = Some(named.ok_or_else(|| unrecognized(name))?);
            }
            (given, Some(command)) if option(command) == Some(given) => has_option = true,
            (id, Some(Function::Poll)) if !id.starts_with('-') && pending_id.is_none() => {
                pending_id = Some(id.to_owned());
            }
            (other, _) => return Err(unexpected(other)),
        }
    }
    let command = command.ok_or_else(|| "a command is missing".to_owned())?;
    Ok(Request::Call(call(command, has_option, pending_id)))
}

fn call(command: Function, has_option: bool, pending_id: Option<String>) -> Call {
    match command {
        Function::Status => Call::Status,
        Function::Start => Call::Start,
        Function::Poll => Call::Poll { pending_id },
        Function::Logout => Call::Logout { revoke: has_option },
        Function::Refresh => Call::Refresh,
        Function::Models => Call::Models { force: has_option },
        Function::Usage => Call::Usage { force: has_option },
    }
}

fn unrecognized(name: &str) -> String {
    format!("unrecognized subcommand '{name}'")
}

fn unexpected(argument: &str) -> String {
    format!("unexpected argument '{argument}' found")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, String> {
        let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        parse(&words)
    }

    #[test]
    fn each_command_is_the_function_of_its_name() {
        let poll = |id: Option<&str>| Call::Poll {
            pending_id: id.map(str::to_owned),
        };
        for (line, call) in [
            ("status", Call::Status),
            ("start", Call::Start),
            ("poll", poll(None)),
            ("poll ABCD-12345", poll(Some("ABCD-12345"))),
            ("logout", Call::Logout { revoke: false }),
            ("logout --revoke", Call::Logout { revoke: true }),
            ("refresh", Call::Refresh),
            ("models", Call::Models { force: false }),
            ("models --force", Call::Models { force: true }),
            ("usage", Call::Usage { force: false }),
            ("usage --force", Call::Usage { force: true }),
            ("--json usage --force --json", Call::Usage { force: true }),
        ] {
            assert_eq!(parsed(line), Ok(Request::Call(call)), "{line}");
        }
    }

    #[test]
    fn help_is_of_the_command_before_it() {
        for (line, command) in [
            ("--help", None),
            ("-h status", None),
            ("status --help", Some(Function::Status)),
            ("logout --revoke -h --x", Some(Function::Logout)),
        ] {
            assert_eq!(parsed(line), Ok(Request::Help(command)), "{line}");
        }
    }

    #[test]
    fn an_argument_that_is_not_known_is_named() {
        for (line, message) in [
            ("", "a command is missing"),
            ("--json", "a command is missing"),
            ("stat", "unrecognized subcommand 'stat'"),
            ("login", "unrecognized subcommand 'login'"),
            ("--force", "unexpected argument '--force' found"),
            ("status --force", "unexpected argument '--force' found"),
            ("logout --force", "unexpected argument '--force' found"),
            ("status now", "unexpected argument 'now' found"),
            ("poll one two", "unexpected argument 'two' found"),
            ("poll --id", "unexpected argument '--id' found"),
        ] {
            assert_eq!(parsed(line), Err(message.to_owned()), "{line}");
        }
    }
}
