//! What a request takes of this process's memory. One test: the peak is of the process.

mod support;

use std::fs;

use support::TestEnv;

/// The most memory that this process has had, in bytes.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.unwrap().split_whitespace().nth(1).unwrap();
    kib.parse::<usize>().unwrap() << 10
}

/// Faults: G10
#[tokio::test]
async fn a_request_takes_at_most_six_times_its_bytes() {
    const SIZE: usize = 24 << 20;
    let env = TestEnv::signed_in().await;
    let parts = "{},".repeat(SIZE / 3);
    let items = r#"{"role":"user"},"#.repeat(SIZE / 16);
    let tools = r#"{"type":"custom"},"#.repeat(SIZE / 18);
    let messages = r#"{"role":"user","content":""},"#.repeat(SIZE / 29);
    let texts = r#"{"type":"text","text":""},"#.repeat(SIZE / 26);
    let (responses, chat) = ("/v1/responses", "/v1/chat/completions");
    let unsupported = (400, "unsupported_parameter");
    // The last part, item or tool is refused, so that nothing is sent. Chat requests come
    // first: they take the most, and later bodies use the memory of earlier ones again.
    let bodies = [
        (
            chat,
            format!(
                r#"{{"model":"m","messages":[{{"role":"user","content":[{texts}{{"type":"text","text":""}}]}}],"tools":[{{"type":"x"}}]}}"#
            ),
            unsupported,
        ),
        // Longer than a body may be, in the form of the backend.
        (
            chat,
            format!(
                r#"{{"model":"m","messages":[{messages}{{"role":"user","content":""}}],"tools":[{{"type":"x"}}]}}"#
            ),
            (413, "request_too_large"),
        ),
        (
            responses,
            format!(r#"{{"model":"m","input":[{{"content":[{parts}{{"file_id":"f"}}]}}]}}"#),
            unsupported,
        ),
        (
            responses,
            format!(r#"{{"model":"m","input":[{items}{{"type":"item_reference"}}]}}"#),
            unsupported,
        ),
        (
            responses,
            format!(r#"{{"model":"m","input":[],"tools":[{tools}{{"type":"x"}}]}}"#),
            unsupported,
        ),
    ];
    let before = peak();
    for (path, body, refused) in bodies {
        let answer = env.send("POST", path, &[], body).await;
        assert_eq!((answer.status, &*answer.code()), refused);
        let more = peak() - before;
        assert!(more < 6 * SIZE, "{} times", more / SIZE);
    }
}
