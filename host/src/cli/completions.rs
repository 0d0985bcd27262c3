use clap::{Args, CommandFactory};
use clap_complete::Shell;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The shell to write for
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(arguments: Arguments) {
    let mut command = super::arguments::Arguments::command();
    clap_complete::generate(
        arguments.shell,
        &mut command,
        "chatgpt-oauth",
        &mut std::io::stdout(),
    );
}
