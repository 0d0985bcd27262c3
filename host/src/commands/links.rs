//! `links`: makes a link by which the person of the profile signs in. Works on the store
//! alone: the server that shows the page need not run yet.

use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers;
use chatgpt_oauth::links::{Asks, NewLink};
use chatgpt_oauth_server::PublicUrl;
use clap::{Args, Subcommand};

use crate::open;
use crate::options::Global;
use crate::output::{Terminal, Text, format};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make a link for the profile, valid for 15 minutes, and show it once
    Create {
        /// Who asks the person to sign in, as the page says it: at most 64 characters
        #[arg(long, value_name = "NAME")]
        asks: Asks,

        /// The --public-url of the server
        #[arg(long, value_name = "URL")]
        public_url: PublicUrl,
    },
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
) -> Result<ExitCode, Error> {
    let Action::Create { asks, public_url } = arguments.action;
    let links = open::links(global).await?;
    let now = open::now(links.now());
    let new = NewLink {
        profile: global.profile.clone(),
        asks,
    };
    let created = links.create(new, now).await?;
    let answer = answers::created_link(&created.record, public_url.of_link(&created.secret));
    terminal.notice(&format!(
        "Send this link to the person of {} alone: it opens in one browser.",
        answer.profile
    ));
    Ok(terminal.answer(&answer, || {
        let mut text = Text::default();
        text.field("link", Some(&answer.url.0));
        text.field("profile", Some(&answer.profile));
        text.field("asks", Some(&answer.asks));
        let left = answer.expires_at.saturating_sub(now);
        text.field("expires in", Some(format::span(left)));
        text.join()
    }))
}
