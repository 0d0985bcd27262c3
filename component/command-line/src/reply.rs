//! What a run prints, and its exit code.

use alloc::string::String;

use chatgpt_oauth_answers::{Failure, to_json};

use crate::arguments::{self, Call, Request};
use crate::{directory, failure, help};

/// The output and the exit code of a run.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    /// One JSON object, or the text of the help, without a line break at the end.
    pub output: String,
    /// 0, or the exit code of the failure's class.
    pub exit_code: u8,
}

/// The reply to these arguments, with these directories open. `call` makes a call and
/// returns its answer as JSON.
pub fn to(
    arguments: &[String],
    directories: &[String],
    call: impl FnOnce(Call) -> Result<String, Failure>,
) -> Reply {
    let answer = match arguments::parse(arguments) {
        Ok(Request::Help(command)) => Ok(help::text(command)),
        Ok(Request::Call(requested)) => {
            directory::check(directories).and_then(|()| call(requested))
        }
        Err(message) => Err(failure::invalid_argument(
            &message,
            "correct the argument; --help shows the options",
        )),
    };
    match answer {
        Ok(output) => Reply {
            output,
            exit_code: 0,
        },
        Err(failure) => Reply {
            output: to_json(&failure),
            exit_code: failure.code.class().exit_code(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    fn reply(line: &str, directories: &str) -> Reply {
        let status = |call| {
            assert_eq!(call, Call::Status);
            Ok("{}".to_owned())
        };
        to(&words(line), &words(directories), status)
    }

    #[test]
    fn the_answer_of_a_call_is_the_output() {
        let reply = reply("status", "ada");
        assert_eq!((reply.output.as_str(), reply.exit_code), ("{}", 0));
    }

    #[test]
    fn nothing_is_called_with_a_wrong_argument_or_two_directories() {
        for (line, directories) in [("statu", "ada"), ("status x", "ada"), ("status", "ada eve")] {
            let reply = to(&words(line), &words(directories), |_| panic!("a call"));
            assert_eq!(reply.exit_code, 2, "{line}");
            assert!(reply.output.starts_with(r#"{"ok":false,"error":""#));
            assert!(reply.output.contains(r#""code":"invalid-argument""#));
        }
    }

    #[test]
    fn a_failed_call_has_the_exit_code_of_its_class() {
        let mut failure = failure::invalid_argument("no", "yes");
        for &code in chatgpt_oauth_answers::ErrorCode::ALL {
            failure.code = code;
            let reply = to(&words("refresh"), &[], |_| Err(failure.clone()));
            assert_eq!(reply.exit_code, code.class().exit_code());
        }
    }

    #[test]
    fn help_needs_no_directory() {
        let reply = reply("status --help", "ada eve");
        assert_eq!(reply.exit_code, 0);
        assert!(reply.output.contains("status"), "{}", reply.output);
    }
}
