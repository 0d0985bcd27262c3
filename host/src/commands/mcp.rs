//! `mcp`: serves the seven functions as tools to one MCP client, over standard input and output.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth_mcp::Tools;

use crate::open::{self, Access};
use crate::options::Global;
use crate::signals::Interruption;

/// Serves until the client closes standard input, or a signal ends it.
pub(crate) async fn run(
    global: &Global,
    mut interruption: Interruption,
) -> Result<ExitCode, Error> {
    let profile = open::profile(global, Access::ReadWrite).await?;
    let (input, output) = (tokio::io::stdin(), tokio::io::stdout());
    let served = Tools::new(profile).serve(input, output, interruption.wait());
    served.await.map(|()| ExitCode::SUCCESS)
}
