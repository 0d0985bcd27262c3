//! The calls of tools in an answer.

use std::collections::BTreeMap;

use serde_json::Value;

use super::emitted::{Contradiction, Emitted};
use crate::chat::delta::{Call, Delta, Tool};

/// The calls so far, by the `output_index` of their items.
#[derive(Debug, Default)]
pub(super) struct Calls(BTreeMap<u64, Begun>);

#[derive(Debug)]
struct Begun {
    /// The place among the calls.
    index: usize,
    tool: Tool,
    emitted: Emitted,
    is_complete: bool,
}

impl Calls {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the end of a call has not come.
    pub(super) fn has_incomplete(&self) -> bool {
        self.0.values().any(|begun| !begun.is_complete)
    }

    /// A call's item is there, as yet without its input. A call without a name begins later,
    /// with its end.
    pub(super) fn begin(&mut self, item_index: u64, item: &Value) -> Option<Delta> {
        if self.0.contains_key(&item_index) {
            return None;
        }
        self.named(item_index, item, None).map(Delta::Call)
    }

    /// The input of a call grows; of one that has not begun, its end has the whole.
    pub(super) fn add(&mut self, item_index: u64, piece: &str) -> Option<Delta> {
        let begun = self.0.get_mut(&item_index)?;
        (!piece.is_empty()).then(|| begun.grow(piece))
    }

    /// The input of a call is complete.
    pub(super) fn complete(
        &mut self,
        item_index: u64,
        input: &str,
    ) -> Result<Option<Delta>, Contradiction> {
        let Some(begun) = self.0.get_mut(&item_index) else {
            return Ok(None);
        };
        let rest = begun.emitted.rest(input)?;
        begun.is_complete = true;
        Ok((!rest.is_empty()).then(|| begun.grow(rest)))
    }

    /// A call's item is complete: at least now it has a name.
    pub(super) fn finish(
        &mut self,
        item_index: u64,
        item: &Value,
    ) -> Result<Option<Delta>, Contradiction> {
        let input = tool_of(item).and_then(|tool| item[tool.input()].as_str());
        let input = input.unwrap_or_default();
        if self.0.contains_key(&item_index) {
            return self.complete(item_index, input);
        }
        let call = self
            .named(item_index, item, Some(input))
            .ok_or(Contradiction)?;
        Ok(Some(Delta::Call(call)))
    }

    /// A call with its name, and with its input if that is complete.
    fn named(&mut self, item_index: u64, item: &Value, input: Option<&str>) -> Option<Call> {
        let text = |name: &str| item[name].as_str().filter(|text| !text.is_empty());
        let call = Call {
            index: self.0.len(),
            tool: tool_of(item)?,
            id: text("call_id")?.to_owned(),
            name: text("name")?.to_owned(),
            input: input.unwrap_or_default().to_owned(),
        };
        let mut emitted = Emitted::default();
        emitted.add(&call.input);
        let begun = Begun {
            index: call.index,
            tool: call.tool,
            emitted,
            is_complete: input.is_some(),
        };
        self.0.insert(item_index, begun);
        Some(call)
    }
}

impl Begun {
    fn grow(&mut self, text: &str) -> Delta {
        self.emitted.add(text);
        Delta::Input {
            index: self.index,
            tool: self.tool,
            text: text.to_owned(),
        }
    }
}

/// What an item calls; none if it is no call.
pub(super) fn tool_of(item: &Value) -> Option<Tool> {
    match item["type"].as_str()? {
        "function_call" => Some(Tool::Function),
        "custom_tool_call" => Some(Tool::Custom),
        _ => None,
    }
}
