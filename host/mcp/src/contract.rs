//! The documentation of the contract, which describes the tools.

/// The source of the documentation.
const CONTRACT: &str = include_str!("../../../wit/connection.wit");

/// What the functions are for, and what they have in common.
pub(crate) fn introduction() -> String {
    before("interface connection ")
}

/// What a function does, and when to call it.
pub(crate) fn description(function: &str) -> String {
    before(&format!("{function}: func("))
}

/// The documentation before an item.
fn before(item: &str) -> String {
    let mut documentation = Vec::new();
    for line in CONTRACT.lines().map(str::trim) {
        match line.strip_prefix("///") {
            Some(text) => documentation.push(text.trim()),
            None if line.starts_with(item) => break,
            None => documentation.clear(),
        }
    }
    with_names_of_json(&paragraphs(&documentation))
}

/// Lines as paragraphs of one line each, which empty lines separate.
fn paragraphs(lines: &[&str]) -> String {
    let paragraphs = lines.split(|line| line.is_empty());
    let paragraphs: Vec<_> = paragraphs.map(|lines| lines.join(" ")).collect();
    paragraphs.join("\n\n")
}

/// Writes the names in backquotes as JSON has them: `pending_id` for `pending-id`.
fn with_names_of_json(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let parts: Vec<_> = parts
        .map(|(n, part)| match n % 2 {
            0 => part.to_owned(),
            _ => part.replace('-', "_"),
        })
        .collect();
    parts.join("`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_stay_apart_and_lines_do_not() {
        let lines = ["One", "sentence.", "", "Another."];
        assert_eq!(paragraphs(&lines), "One sentence.\n\nAnother.");
    }

    #[test]
    fn names_alone_are_written_as_in_json() {
        assert_eq!(
            with_names_of_json("a well-known `pending-id` is the `pending-id`"),
            "a well-known `pending_id` is the `pending_id`"
        );
    }

    #[test]
    fn the_documentation_of_a_function_is_its_own() {
        let logout = description("logout");
        assert!(logout.starts_with("Signs out on this machine."), "{logout}");
        assert!(logout.ends_with("Codex sessions too."), "{logout}");
        assert!(introduction().contains("No result contains a token."));
    }
}
