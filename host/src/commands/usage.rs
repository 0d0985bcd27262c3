//! `usage`: shows how much of the subscription is used, once or all the time.

mod alarm;
mod change;
mod exec;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use chatgpt_oauth::Error;
use chatgpt_oauth::answers::connection::{Usage, UsageReport};
use clap::Args;

use crate::open::{self, Access};
use crate::options::Global;
use crate::output::{Clock, Terminal, Text, usage};
use crate::signals::Interruption;
use watch::Watch;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Ask OpenAI instead of the cache, at most every 10 seconds
    #[arg(long)]
    force: bool,

    /// Show every change, until Ctrl-C; asks at most once a minute
    #[arg(long, conflicts_with = "force")]
    watch: bool,

    /// End with exit code 7 when so many per cent of a window are used, or a limit is reached
    #[arg(long, value_name = "PERCENT", requires = "watch", value_parser = clap::value_parser!(u8).range(1..=100))]
    alarm: Option<u8>,

    /// Go on, and run this command once when a limit reaches the alarm and once when it resets; the last option
    #[arg(long, value_name = "COMMAND", requires = "alarm", num_args = 1.., allow_hyphen_values = true)]
    exec: Vec<OsString>,
}

pub(crate) async fn run(
    arguments: Arguments,
    global: &Global,
    terminal: &Terminal,
    interruption: Interruption,
) -> Result<ExitCode, Error> {
    let profile = open::profile(global, Access::ReadWrite).await?;
    if arguments.watch {
        let watch = Watch::new(&profile, terminal, interruption, arguments.alarm);
        return watch.run(&arguments.exec).await;
    }
    let answer = Usage::from(&profile.usage(arguments.force).await?);
    Ok(terminal.lay_out(&answer, |canvas| {
        to_text(&answer.usage, canvas, &Clock::system())
    }))
}

fn to_text(report: &UsageReport, canvas: Option<usize>, clock: &Clock) -> Text {
    let mut text = Text::default();
    let plan = report.plan.as_deref().unwrap_or("unknown");
    text.field("plan", Some(plan));
    text.part(usage::to_text(report, canvas, clock), canvas);
    text
}
