//! The name of a conversation.

use super::*;

/// Faults: X24
#[test]
fn a_conversation_has_one_name_and_no_other_has_it() {
    let named = |profile: &str, body: &Value| {
        let judged = judge(
            &body.to_string().into(),
            &HeaderMap::new(),
            &conversations(profile),
        );
        let (request, _) = judged.unwrap();
        let sent: Value = serde_json::from_slice(&request.body).unwrap();
        let headers = request.headers.joined_with(&HeaderMap::new());
        assert_eq!(
            headers["session-id"],
            sent["prompt_cache_key"].as_str().unwrap()
        );
        sent["prompt_cache_key"].to_string()
    };
    let begin = with(json!({}));
    let name = named("ada", &begin);
    let next = with(json!({"messages": [
        {"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}, {"role": "user", "content": "and?"},
    ]}));
    assert_eq!(named("ada", &next), name);
    assert_ne!(named("bob", &begin), name);
    for other in [
        json!({"model": "n"}),
        json!({"messages": [{"role": "user", "content": "ha"}]}),
        json!({"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "hi"}]}),
        json!({"tools": [{"type": "web_search"}]}),
    ] {
        assert_ne!(named("ada", &with(other)), name);
    }
    assert_eq!(named("ada", &with(json!({"prompt_cache_key": ""}))), name);
    let system = |text: &str| json!({"role": "system", "content": text});
    let user = json!({"role": "user", "content": "hi"});
    let in_json = |text: &str| json!({"messages": [system(text), user], "response_format": {"type": "json_object"}});
    let alone = |text: &str| json!({"messages": [system(text)]});
    for (one, other) in [
        (in_json("json a"), in_json("json b")),
        (alone("a"), alone("b")),
    ] {
        assert_ne!(named("ada", &with(one)), named("ada", &with(other)));
    }
}

/// Faults: X24
#[test]
fn a_name_of_the_callers_own_is_kept() {
    let session = |key: &str, headers: &[(&'static str, &'static str)]| {
        let (request, _) = judged_with(headers, &with(json!({ "prompt_cache_key": key }))).unwrap();
        let sent: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(sent["prompt_cache_key"], key);
        let headers = request.headers.joined_with(&HeaderMap::new());
        headers["session-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(session("mine", &[]), "mine");
    assert_eq!(session("mine", &[("session-id", "s")]), "s");
    let hashed = session("two\nlines", &[]);
    assert!(hashed.len() == 64 && hashed.bytes().all(|byte| byte.is_ascii_hexdigit()));
}
