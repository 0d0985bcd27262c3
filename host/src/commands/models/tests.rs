use chatgpt_oauth::answers::True;
use chatgpt_oauth::answers::connection::Source;

use super::*;

fn model(slug: &str, levels: &[&str]) -> Model {
    Model {
        id: format!("openai-codex/{slug}"),
        slug: slug.to_owned(),
        display_name: None,
        description: Some(format!("The model {slug}.")),
        priority: None,
        context_window: (!levels.is_empty()).then_some(272_000),
        default_reasoning_level: Some("medium".to_owned()),
        reasoning_levels: levels.iter().map(|&level| level.to_owned()).collect(),
        input_modalities: Vec::new(),
    }
}

fn answer(models: Vec<Model>) -> Models {
    Models {
        ok: True,
        source: Source::Api,
        count: 0,
        default_model_id: None,
        available_models: Vec::new(),
        models,
        fetched_at: 0,
    }
}

#[test]
fn a_wide_terminal_shows_a_table() {
    let answer = answer(vec![model("gpt-6", &["low", "medium"]), model("old", &[])]);
    let expected = "\
        model               context  reasoning (* is the default)\n\
        openai-codex/gpt-6  272,000  low, medium*\n\
        openai-codex/old    unknown  ";
    for columns in [59, 79] {
        assert_eq!(to_text(&answer, Some(columns)).join(), expected);
    }
}

#[test]
fn a_narrow_terminal_shows_one_entry_for_each_model() {
    let answer = answer(vec![model("gpt-6", &["low", "medium"]), model("old", &[])]);
    let expected = "\
        openai-codex/gpt-6\n  context 272,000 tokens\n  reasoning low, medium (default)\n\n\
        openai-codex/old";
    for columns in [19, 39] {
        assert_eq!(to_text(&answer, Some(columns)).join(), expected);
    }
}

#[test]
fn a_pipe_gets_one_line_for_each_model() {
    let answer = answer(vec![model("gpt-6", &["low", "medium"]), model("old", &[])]);
    let expected = "\
        openai-codex/gpt-6  context 272,000 tokens; reasoning low, medium (default); The model gpt-6.\n\
        openai-codex/old  The model old.";
    assert_eq!(to_text(&answer, None).join(), expected);
}

#[test]
fn a_table_with_a_long_name_fits_or_is_none() {
    let long = model(&"long-name-".repeat(6), &["low", "medium", "high", "xhigh"]);
    let answer = answer(vec![long]);
    for columns in [19, 39, 59, 79] {
        let shown = to_text(&answer, Some(columns)).join();
        assert!(shown.starts_with("openai-codex/long"), "{shown}");
    }
}
