//! Citations.

use super::*;

#[test]
fn citations_have_their_place_in_the_whole_content() {
    let events = [
        text_delta(0, 0, "ä"),
        text_delta(1, 0, "b"),
        cited(&citation(0)),
    ];
    // After "ä" and a blank line.
    let moved = json!({"type": "url_citation", "url_citation": {
        "start_index": 3, "end_index": 4, "url": "https://e.example/", "title": "E",
    }});
    assert_eq!(annotations(&steps(&events, end()).unwrap()), [moved]);
}

#[test]
fn a_citation_has_an_address_and_a_place_and_perhaps_a_title() {
    let without = |name: &str| {
        let mut annotation = citation(0);
        annotation.as_object_mut().unwrap().remove(name);
        cited(&annotation)
    };
    let names = ["title", "url", "start_index", "end_index", "type"];
    let found = annotations(&steps(&names.map(without), end()).unwrap());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["url_citation"]["title"], "");
}
