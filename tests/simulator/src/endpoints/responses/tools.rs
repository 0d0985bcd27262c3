//! The tools that a request offers to the model.

use serde_json::Value;

use super::call::Call;

/// A tool that the client runs.
pub(super) struct Tool<'a> {
    pub(super) name: &'a str,
    /// The name of the group that the tool belongs to.
    pub(super) namespace: Option<&'a str>,
    /// The schema of the arguments; a custom tool takes text and has none.
    pub(super) parameters: Option<&'a Value>,
}

/// The tools of `tools` and of the items `additional_tools`, and those within namespaces.
pub(super) fn offered<'a>(call: &'a Call<'_>) -> Vec<Tool<'a>> {
    let own = &call.body["tools"];
    let additional = call
        .input()
        .iter()
        .filter(|item| item["type"] == "additional_tools")
        .map(|item| &item["tools"]);
    std::iter::once(own)
        .chain(additional)
        .flat_map(|tools| in_list(tools, None))
        .collect()
}

fn in_list<'a>(tools: &'a Value, namespace: Option<&'a str>) -> Vec<Tool<'a>> {
    let tools = tools.as_array().into_iter().flatten();
    tools
        .flat_map(
            |tool| match (tool["type"].as_str(), tool["name"].as_str()) {
                (Some("function"), Some(name)) => vec![Tool {
                    name,
                    namespace,
                    parameters: Some(&tool["parameters"]),
                }],
                (Some("custom"), Some(name)) => vec![Tool {
                    name,
                    namespace,
                    parameters: None,
                }],
                (Some("namespace"), Some(name)) => in_list(&tool["tools"], Some(name)),
                _ => Vec::new(),
            },
        )
        .collect()
}
