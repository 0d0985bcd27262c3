//! `schema`: prints the JSON Schema of every answer.

use std::process::ExitCode;

use chatgpt_oauth_answers::schema;

use crate::output::Terminal;

/// Prints one JSON object with a schema for each command and one for `failure`. The
/// output is JSON with and without `--json`.
pub(crate) fn run(terminal: &Terminal) -> ExitCode {
    let schemas = serde_json::to_string_pretty(&schema::all());
    terminal.print(&schemas.expect("schemas are JSON"))
}
