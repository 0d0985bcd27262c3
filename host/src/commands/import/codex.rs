//! `import codex`: begins a login for the account that the Codex CLI uses, or with
//! `--take-over` moves Codex's own login into the profile.
//!
//! A refresh token works once. Two programs that refresh one login log each other out, so a
//! login is never shared: it is made for this profile, or it leaves Codex.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::connection::Poll;
use clap::Args;
use tokio::sync::oneshot;

use super::codex_login::CodexLogin;
use crate::commands::{login, poll};
use crate::open::{self, Access};
use crate::options::Global;
use crate::output::{Clock, Terminal};
use crate::signals::Interruption;

const CODEX_HAS_TO_SIGN_IN: &str = "Codex's login has moved into the profile. Codex has to sign in again: run `codex login` next, and not `codex logout`, which could end the login that has moved. Codex's file was not changed.\n";

#[derive(Args)]
// Unlike that of the arguments of `login`, which are among these.
#[group(id = "import-codex")]
pub(crate) struct Arguments {
    /// Codex's file [default: auth.json in $CODEX_HOME, else in ~/.codex]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Move Codex's own login into the profile: Codex then has to sign in again
    #[arg(long, conflicts_with_all = ["copy", "open", "qr"])]
    take_over: bool,

    /// Take over without asking
    #[arg(long, requires = "take_over")]
    yes: bool,

    #[command(flatten)]
    login: login::Arguments,
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
    interruption: Interruption,
) -> Result<ExitCode, Error> {
    let codex = find(&arguments)?;
    if !arguments.take_over {
        return sign_in(&codex, arguments.login, global, terminal, interruption).await;
    }
    codex.check_issuer(open::kind(global))?;
    if !arguments.yes {
        confirm(&codex, terminal, interruption).await?;
    }
    take_over(&codex, &arguments, global, terminal).await
}

/// Codex's login, which must be of the account that `--expect` names.
fn find(arguments: &Arguments) -> Result<CodexLogin, Error> {
    let codex = CodexLogin::find(arguments.file.as_deref())?;
    if let Some(expected) = &arguments.login.expect {
        codex.check_email(expected)?;
    }
    Ok(codex)
}

/// Begins a login of the profile's own, and accepts the account of Codex alone.
async fn sign_in(
    codex: &CodexLogin,
    mut arguments: login::Arguments,
    global: &Global,
    terminal: &Terminal,
    interruption: Interruption,
) -> Result<ExitCode, Error> {
    let email = codex.email()?;
    terminal.notice(&format!(
        "Codex is signed in as {}. This profile gets a login of its own for that account, because two programs that refresh one login log each other out. Codex keeps its login.\n",
        codex.account()
    ));
    arguments.expect.get_or_insert_with(|| email.to_owned());
    login::run(arguments, global, terminal, interruption).await
}

/// Moves the login that the person has agreed to. Reads it again: Codex may have refreshed it
/// while the question stood there, and may have signed in with another account.
async fn take_over(
    agreed_to: &CodexLogin,
    arguments: &Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let profile = open::profile(global, Access::ReadWrite).await?;
    let codex = find(arguments)?;
    codex.check_issuer(open::kind(global))?;
    codex.check_account(agreed_to)?;
    let stored = || terminal.notice(CODEX_HAS_TO_SIGN_IN);
    let progress = profile.take_over(codex.tokens(), stored).await?;
    let answer = Poll::from(&progress);
    Ok(terminal.lay_out(&answer, |canvas| {
        poll::to_text(&answer, canvas, &Clock::system())
    }))
}

/// Asks whether the login may leave Codex. Without a terminal there is no one to ask.
async fn confirm(
    codex: &CodexLogin,
    terminal: &Terminal,
    mut interruption: Interruption,
) -> Result<(), Error> {
    if !io::stdin().is_terminal() {
        let mut error =
            open::invalid("--take-over asks for a confirmation, and the input is no terminal");
        error.hint = "add --yes to take Codex's login over without being asked".into();
        return Err(error);
    }
    terminal.notice(&format!(
        "This moves Codex's login as {} into the profile. Codex will have to sign in again. Type yes to go on:",
        codex.account()
    ));
    let answer = tokio::select! {
        answer = line() => answer,
        () = interruption.wait() => String::new(),
    };
    if answer.trim().eq_ignore_ascii_case("yes") {
        return Ok(());
    }
    let mut error = open::invalid("the login was not taken over");
    error.hint =
        "nothing was changed; without --take-over the profile gets a login of its own".into();
    Err(error)
}

/// A line of standard input. The thread is not the runtime's, which would wait for it at the
/// end.
async fn line() -> String {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        // What cannot be read is no confirmation.
        _ = io::stdin().read_line(&mut line);
        _ = sender.send(line);
    });
    receiver.await.unwrap_or_default()
}
