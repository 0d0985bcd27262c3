//! [`Hooks`]: what a program adds to the calls of tools.

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::ErrorCode;
use chatgpt_oauth::types::LoginProgress;

/// What a program adds to the calls of tools. By default, nothing.
pub trait Hooks: Send + Sync + 'static {
    /// Permits a call of `start`, which may make the service send a code.
    ///
    /// # Errors
    ///
    /// Why the login does not begin; the result of the tool is this failure.
    fn begin_login(&self) -> Result<(), Error> {
        Ok(())
    }

    /// A call of `poll` has ended.
    fn polled(&self, _progress: &Result<LoginProgress, Error>) {}

    /// A call of a tool has failed, with this code.
    fn failed(&self, _code: ErrorCode) {}
}

/// The hooks of a program that adds nothing.
pub(crate) struct NoHooks;

impl Hooks for NoHooks {}
