//! No secret and no text of a person is in an answer, a log or a `Debug` output.

mod support;

use std::io;
use std::sync::{Arc, Mutex};

use openai_simulator::{Endpoint, Fault, Script};
use serde_json::json;
use support::{TestEnv, prompt};

/// What the person writes, what the model writes, and what a caller sends of its own.
const TEXTS: [&str; 4] = [
    "MARKER-PROMPT",
    "MARKER-ANSWER",
    "MARKER-KEY",
    "MARKER-FIELD",
];

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that this process logs, of every crate and at every level.
fn log() -> Log {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    log
}

/// Faults: G27 G28
#[tokio::test]
async fn no_secret_and_no_text_is_in_an_answer_or_a_log() {
    let log = log();
    let world = TestEnv::signed_in().await;
    world.pass_minutes(5);
    let mut seen = format!("{:?} {:?}", world.gateway, world.access);
    let mut body = prompt(true);
    body["input"] = "MARKER-PROMPT".into();
    body["metadata"] = json!({"k": "MARKER-FIELD"});
    let headers = [
        ("authorization", "Bearer MARKER-KEY"),
        ("cookie", "MARKER-KEY"),
    ];
    let authorization = world.ada.authorize(None).await.unwrap();
    let quoted: Vec<_> = authorization
        .headers()
        .filter(|(name, _)| {
            ["authorization", "chatgpt-account-id"].contains(&name.to_ascii_lowercase().as_str())
        })
        .map(|(_, value)| value.to_owned())
        .collect();
    assert_eq!(quoted.len(), 2);

    let mut faults = vec![
        Fault::stream(Script::text("MARKER-ANSWER")),
        Fault::stream(Script::half_event()),
        Fault::openai_error(401, "token_expired", "expired"),
        Fault::html(403, "<html>MARKER-ANSWER</html>"),
        Fault::silence(),
        Fault::raw("HTTP/1.1 MARKER-ANSWER\r\n\r\n"),
    ];
    for secret in &quoted {
        let message = format!("cannot use {secret}");
        faults.push(Fault::openai_error(400, "x", &message));
        faults.push(Fault::json(400, json!({"detail": message})));
        faults.push(Fault::stream(Script::failed("x", &message)));
        faults.push(Fault::stream(Script::text("hi")).header("x-codex-promo-message", secret));
    }
    let mut chat = json!({"model": "openai-codex/gpt-6-astra", "stream": true});
    chat["messages"] = json!([{"role": "user", "content": "MARKER-PROMPT"}]);
    chat["metadata"] = body["metadata"].clone();
    let calls = faults.into_iter().flat_map(|fault| {
        let paths = ["/v1/responses", "/v1/chat/completions"];
        [fault.clone(), fault].into_iter().zip(paths)
    });
    for (fault, path) in calls {
        let body = match path {
            "/v1/responses" => &body,
            _ => &chat,
        };
        world.simulator.fault(Endpoint::Responses, fault);
        let answer = world.send("POST", path, &headers, body.to_string()).await;
        // What the model says belongs to the caller; the simulator repeats the prompt.
        let text = match answer.status {
            200 => answer
                .text
                .replace("MARKER-ANSWER", "")
                .replace("MARKER-PROMPT", ""),
            _ => answer.text,
        };
        seen += &format!("{:?} {text}", answer.headers);
    }
    seen += &format!(
        "{:?}",
        world
            .send(
                "POST",
                "/v1/responses",
                &headers,
                "{\"MARKER-PROMPT\"".into()
            )
            .await
    );
    assert_eq!(world.simulator.faults_left(), 0);

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("answered"), "{logged}");
    seen += &logged;
    for secret in world.simulator.secrets() {
        let secret = &secret.value[..secret.value.len().min(40)];
        assert!(!seen.contains(secret), "a secret is shown");
    }
    for secret in &quoted {
        assert!(
            !seen.contains(secret.trim_start_matches("Bearer ")),
            "a header is shown"
        );
    }
    for text in TEXTS {
        let shown = seen.find(text).map(|at| &seen[at.saturating_sub(200)..at]);
        assert_eq!(shown, None, "{text}");
    }
}
