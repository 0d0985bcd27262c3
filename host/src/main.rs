//! The program `chatgpt-oauth`. Another program, beside it, serves.

use std::process::ExitCode;

use chatgpt_oauth_program::Service;

fn main() -> ExitCode {
    chatgpt_oauth_program::run(Service::execute)
}
