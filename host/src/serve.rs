//! The program `chatgpt-oauth-serve`: `chatgpt-oauth` with the servers in it.

use std::process::ExitCode;

use chatgpt_oauth_program::Service;

fn main() -> ExitCode {
    chatgpt_oauth_program::run(Service::run)
}
