use chatgpt_oauth::contract::ConnectionStatus;
use chatgpt_oauth::{Error, report};

use super::arguments::Global;
use super::setup::{self, Access};
use super::terminal::Terminal;
use super::words;

pub(crate) async fn run(global: &Global, terminal: &Terminal) -> Result<(), Error> {
    let profile = setup::profile(global, Access::ReadOnly).await?;
    let status = profile.status().await?;
    terminal.answer(&report::status(&status), || in_words(&status));
    Ok(())
}

fn in_words(status: &ConnectionStatus) -> String {
    let mut lines = vec![format!(
        "state: {}",
        report::state_name(status.state).replace('_', " ")
    )];
    let mut tell = |name: &str, value: Option<String>| {
        lines.extend(value.map(|value| format!("{name}: {value}")));
    };
    tell(
        "account",
        status.email.clone().or_else(|| status.account_id.clone()),
    );
    tell("plan", status.plan.clone());
    tell("token ends in", status.expires_in_seconds.map(words::span));
    tell("models", status.models_count.map(|count| count.to_string()));
    tell("default model", status.default_model_id.clone());
    tell(
        "usage",
        status
            .usage
            .as_ref()
            .map(words::usage)
            .map(|usage| usage.replace('\n', "\n       ")),
    );
    tell(
        "waiting for approval",
        status.pending.as_ref().map(|pending| {
            let left = words::countdown(pending.expires_in_seconds);
            format!(
                "code {} at {}, counts for {left}",
                pending.user_code, pending.verification_url
            )
        }),
    );
    lines.extend(status.hint.clone());
    lines.join("\n")
}
