//! `keys create`: makes a key and shows it once.

use std::path::PathBuf;
use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::True;
use chatgpt_oauth::answers::api_keys::CreateApiKey;
use chatgpt_oauth::api_keys::{Label, NewApiKey, Permission, Scope, Scopes};
use clap::Args;

use super::destination::Destination;
use super::expiry::Expiry;
use super::list;
use crate::open::{self, Access};
use crate::options::Global;
use crate::output::Terminal;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Make a key for an administrator, which reaches every profile
    #[arg(long, conflicts_with = "scope")]
    admin: bool,

    /// What the key allows: read, onboarding or inference; repeatable [default: inference]
    #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
    scope: Vec<Scope>,

    /// What you call the key, at most 64 characters
    #[arg(long, value_name = "TEXT", default_value = "")]
    label: Label,

    /// When the key expires: a number of minutes, hours or days such as 90d, or never
    #[arg(long, value_name = "AFTER", default_value = "never")]
    expires: Expiry,

    /// Write the key to this new file, with mode 0600, and do not show it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let destination = Destination::open(arguments.output)?;
    let keys = open::api_keys(global, Access::ReadWrite).await?;
    let now = open::now(keys.now());
    let new = NewApiKey {
        permission: match arguments.admin {
            true => Permission::Admin,
            false => Permission::Profile {
                profile: global.profile.clone(),
                scopes: Scopes::new(arguments.scope).unwrap_or_default(),
            },
        },
        label: arguments.label,
        expires_at: arguments.expires.after(now),
    };
    let created = destination
        .keep(&keys, keys.create(new, now).await?, now)
        .await?;
    if let Permission::Profile { profile, .. } = &created.record.permission {
        terminal.notice(&format!(
            "This key uses the subscription of {profile}: give it to that person's programs alone."
        ));
    }
    let answer = CreateApiKey {
        ok: True,
        key: created.shown(),
        file: created.file(),
        created: chatgpt_oauth::answers::api_key(&created.record, now),
    };
    Ok(terminal.answer(&answer, || {
        let mut text = created.to_text();
        list::describe(&mut text, &answer.created, now);
        text.join()
    }))
}
