//! A [`Script`] as JSON.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::script::{Item, LineEnd, Script};

/// A preset or frames, and modifiers that do what the methods of [`Script`] with their names do.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ScriptDescription {
    /// The name of a preset of [`Script`], with the members below that it takes.
    preset: Option<String>,
    text: String,
    name: String,
    arguments: String,
    code: String,
    message: String,
    /// Of `stopped`.
    reason: String,
    /// Of `usage_limit_reached`.
    plan_type: String,
    resets_at: i64,
    /// Of `long_event`.
    bytes: usize,
    /// Of `deltas` and `keep_alives`.
    count: usize,
    /// Of `deltas`, `keep_alives` and `stall`.
    pause_ms: u64,
    frames: Option<Vec<FrameDescription>>,
    line_end: LineEndName,
    pace_ms: Option<u64>,
    split_ms: Option<u64>,
    without_content_type: bool,
}

/// A step of a script, like the method of [`Script`] with its name.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum FrameDescription {
    Begin {},
    Event(Value),
    Comment(String),
    Raw(String),
    PauseMs(u64),
    Message(String),
    Call { name: String, arguments: String },
    Complete {},
    Incomplete(String),
    Fail { code: String, message: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum LineEndName {
    Lf,
    CrLf,
    Cr,
}

impl Default for ScriptDescription {
    fn default() -> Self {
        Self {
            preset: None,
            text: "Hello from the script.".into(),
            name: "lookup".into(),
            arguments: r#"{"key":"value"}"#.into(),
            code: "server_error".into(),
            message: "The server had an error.".into(),
            reason: "max_output_tokens".into(),
            plan_type: "plus".into(),
            resets_at: 1_900_000_000,
            bytes: 1024 * 1024,
            count: 10,
            pause_ms: 20,
            frames: None,
            line_end: LineEndName::Lf,
            pace_ms: None,
            split_ms: None,
            without_content_type: false,
        }
    }
}

impl ScriptDescription {
    pub(super) fn build(self) -> Result<Script, String> {
        let mut script = self.frames()?.line_end(match self.line_end {
            LineEndName::Lf => LineEnd::Lf,
            LineEndName::CrLf => LineEnd::CrLf,
            LineEndName::Cr => LineEnd::Cr,
        });
        if let Some(pause) = self.pace_ms {
            script = script.pace(Duration::from_millis(pause));
        }
        if let Some(pause) = self.split_ms {
            script = script.split(Duration::from_millis(pause));
        }
        if self.without_content_type {
            script = script.without_content_type();
        }
        Ok(script)
    }

    fn frames(&self) -> Result<Script, String> {
        match (&self.preset, &self.frames) {
            (Some(name), None) => self.preset(name),
            (None, Some(frames)) => Ok(frames.iter().fold(Script::empty(), FrameDescription::add)),
            _ => Err("a stream has one of preset and frames".into()),
        }
    }

    fn preset(&self, name: &str) -> Result<Script, String> {
        let pause = Duration::from_millis(self.pause_ms);
        let call = (self.name.as_str(), self.arguments.as_str());
        Ok(match name {
            "text" => Script::text(&self.text),
            "call" => Script::call(call.0, call.1),
            "empty_output" => Script::empty_output(),
            "missing_output" => Script::missing_output(),
            "without_usage" => Script::without_usage(),
            "items_without_id" => Script::items_without_id(),
            "truncated" => Script::truncated(),
            "half_event" => Script::half_event(),
            "unfinished" => Script::unfinished(),
            "failed" => Script::failed(&self.code, &self.message),
            "error_flat" => Script::error_flat(&self.code, &self.message),
            "error_nested" => Script::error_nested(&self.code, &self.message),
            "stopped" => Script::stopped(&self.reason),
            "usage_limit_reached" => Script::usage_limit_reached(&self.plan_type, self.resets_at),
            "arguments_only_in_done" => Script::arguments_only_in_done(call.0, call.1),
            "arguments_only_in_item" => Script::arguments_only_in_item(call.0, call.1),
            "changed_reasoning_id" => Script::changed_reasoning_id(),
            "interleaved_calls" => Script::interleaved_calls(call, call),
            "phases" => Script::phases(),
            "refusal" => Script::refusal(),
            "web_search" => Script::web_search(),
            "unknown_events" => Script::unknown_events(),
            "unknown_item" => Script::unknown_item(),
            "rate_limits" => Script::rate_limits(),
            "keep_alives" => Script::keep_alives(self.count, pause),
            "stall" => Script::stall(pause),
            "long_event" => Script::long_event(self.bytes),
            "deltas" => Script::deltas(self.count, pause),
            "bad_json" => Script::bad_json(),
            "multilingual" => Script::multilingual(),
            _ => return Err(format!("unknown preset {name:?}")),
        })
    }
}

impl FrameDescription {
    fn add(script: Script, frame: &Self) -> Script {
        match frame {
            Self::Begin {} => script.begun(),
            Self::Event(event) => script.event(event.clone()),
            Self::Comment(text) => script.comment(text),
            Self::Raw(text) => script.raw(text.as_str()),
            Self::PauseMs(pause) => script.pause(Duration::from_millis(*pause)),
            Self::Message(text) => script.item(Item::message(text)),
            Self::Call { name, arguments } => script.item(Item::call(name, arguments)),
            Self::Complete {} => script.complete(),
            Self::Incomplete(reason) => script.incomplete(reason),
            Self::Fail { code, message } => script.fail(code, message),
        }
    }
}
