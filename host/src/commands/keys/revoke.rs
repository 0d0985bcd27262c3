//! `keys revoke`: ends a key at once.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::True;
use chatgpt_oauth::answers::api_keys::RevokeApiKey;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;

pub(crate) async fn run(id: &str, global: &Global, terminal: &Terminal) -> Result<ExitCode, Error> {
    let id = super::id(id)?;
    let keys = open::api_keys(global, Access::ReadWrite).await?;
    let revoked = keys.revoke(&id, open::now(keys.now())).await?;
    let answer = RevokeApiKey {
        ok: True,
        id: id.to_string(),
        revoked,
    };
    Ok(terminal.answer(&answer, || match revoked {
        true => format!("revoked {id}"),
        false => format!("{id} was not valid any more"),
    }))
}
