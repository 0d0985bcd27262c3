//! Reads the arguments, with environment variables in place of missing options.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, Command, CommandFactory, Error, FromArgMatches, Id};

use crate::commands::Arguments;

/// Reads the arguments and the variables. An empty variable counts as unset; an
/// error names the variable that causes it.
pub(crate) fn parse() -> Result<Arguments, Error> {
    // Made again for an error, so that no other call pays for a copy of every command.
    let command = || Arguments::command().mut_args(without_an_empty_variable);
    let matches = command().try_get_matches();
    let matches = matches.map_err(|error| naming_its_variable(error, command()))?;
    let mut arguments = Arguments::from_arg_matches(&matches)?;
    if matches.value_source("store") == Some(ValueSource::EnvVariable) {
        arguments.global.store_is_from = "CHATGPT_OAUTH_STORE";
    }
    Ok(arguments)
}

/// The option without its variable, if the variable is empty: clap takes an empty
/// variable as an empty value.
fn without_an_empty_variable(option: Arg) -> Arg {
    let value = option.get_env().and_then(std::env::var_os);
    match value.is_some_and(|value| value.is_empty()) {
        true => without_variable(option),
        false => option,
    }
}

fn without_variable(option: Arg) -> Arg {
    option.env(None::<&'static str>)
}

/// The same error, with the name of the variable in place of the option's name if
/// the value comes from the variable.
fn naming_its_variable(error: Error, mut command: Command) -> Error {
    let is_about_a_value =
        error.kind() == ErrorKind::InvalidUtf8 || error.get(ContextKind::InvalidArg).is_some();
    if !is_about_a_value {
        return error;
    }
    for (option, variable) in variables(&command) {
        command = command.mut_arg(option, without_variable);
        let without_it = command.clone().try_get_matches();
        if !without_it.is_err_and(|other| is_the_same(&other, &error)) {
            return caused_by(&variable, error, &command);
        }
    }
    error
}

fn variables(command: &Command) -> Vec<(Id, String)> {
    let variable = |option: &Arg| {
        let variable = option.get_env()?.to_str()?.to_owned();
        Some((option.get_id().clone(), variable))
    };
    command.get_arguments().filter_map(variable).collect()
}

fn is_the_same(one: &Error, other: &Error) -> bool {
    let option = |error: &Error| error.get(ContextKind::InvalidArg).cloned();
    one.kind() == other.kind() && option(one) == option(other)
}

fn caused_by(variable: &str, mut error: Error, command: &Command) -> Error {
    if error.kind() == ErrorKind::InvalidUtf8 {
        let message = format!("the value of {variable} is not UTF-8");
        error = Error::raw(ErrorKind::InvalidUtf8, message).with_cmd(command);
    }
    let name = ContextValue::String(variable.to_owned());
    error.insert(ContextKind::InvalidArg, name);
    error
}

/// Whether the value that the error is about comes from a variable.
pub(crate) fn are_the_cause(error: &Error) -> bool {
    let argument = error.get(ContextKind::InvalidArg);
    let name = argument.map(ToString::to_string).unwrap_or_default();
    name.starts_with("CHATGPT_OAUTH_")
}
