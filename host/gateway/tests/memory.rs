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
    // The last part, item or tool is refused, so that nothing is sent.
    let bodies = [
        format!(r#"{{"model":"m","input":[{{"content":[{parts}{{"file_id":"f"}}]}}]}}"#),
        format!(r#"{{"model":"m","input":[{items}{{"type":"item_reference"}}]}}"#),
        format!(r#"{{"model":"m","input":[],"tools":[{tools}{{"type":"x"}}]}}"#),
    ];
    let before = peak();
    for body in bodies {
        let answer = env.send("POST", "/v1/responses", &[], body).await;
        assert_eq!(
            (answer.status, &*answer.code()),
            (400, "unsupported_parameter")
        );
        let more = peak() - before;
        assert!(more < 6 * SIZE, "{} times", more / SIZE);
    }
}
