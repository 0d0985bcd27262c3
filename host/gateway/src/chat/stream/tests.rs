use std::collections::VecDeque;
use std::time::Duration;

use http_body_util::BodyExt;
use uuid::Uuid;

use super::*;
use crate::chat::{Translation, Wishes};
use crate::secrets::Secrets;
use crate::stream::{Events, Relay};

const DELTA: &str = "event: response.output_text.delta\ndata: {\"delta\":\"a\"}\n\n";
const HIDDEN: &str = "event: response.reasoning_text.delta\ndata: {}\n\n";
const COMPLETED: &str = "event: response.completed\ndata: {\"response\":{\"id\":\"resp_1\",\"created_at\":7,\"model\":\"m\"}}\n\n";
const FAILED: &str = "event: error\ndata: {\"type\":\"error\",\"code\":\"context_length_exceeded\",\"message\":\"m\"}\n\n";

/// A backend that sends these pieces, each after a pause in seconds, and then is silent.
struct Backend(VecDeque<(u64, &'static str)>, Option<Pin<Box<Sleep>>>);

impl Body for Backend {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(&(pause, piece)) = self.0.front() else {
            return Poll::Pending;
        };
        let until = Instant::now() + Duration::from_secs(pause);
        let pause = self.1.get_or_insert_with(|| Box::pin(sleep_until(until)));
        ready!(pause.as_mut().poll(context));
        self.1 = None;
        self.0.pop_front();
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(piece)))))
    }
}

fn stream(pieces: &[(u64, &'static str)]) -> ChatStream<Backend> {
    let backend = Backend(pieces.iter().copied().collect(), None);
    let events = Events::new("resp_own".into(), Secrets::for_tests(&[]));
    let relay = Relay::new(Uuid::nil(), backend, Bytes::new(), events);
    let translation = Translation::new("chatcmpl-own".into(), &Wishes::for_tests());
    ChatStream::new(Deltas::new(relay, translation), false)
}

/// Every piece that the caller gets, and after how many seconds.
async fn timeline(pieces: &[(u64, &'static str)]) -> Result<Vec<(u64, String)>, ErrorAnswer> {
    let begun = Instant::now();
    let mut stream = stream(pieces);
    stream.begin().await?;
    let mut pieces = Vec::new();
    while let Some(Ok(frame)) = stream.frame().await {
        let text = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
        pieces.push((begun.elapsed().as_secs(), text));
    }
    assert!(stream.is_end_stream());
    Ok(pieces)
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_the_first_chunk_is_an_answer_of_its_own() {
    let refused = timeline(&[(3, FAILED)]).await.unwrap_err();
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (400, "context_length_exceeded")
    );
}

/// Faults: G02 X11
#[tokio::test(start_paused = true)]
async fn a_failure_after_a_chunk_is_an_error_without_an_end() {
    for pieces in [[(3, DELTA), (1, FAILED)], [(0, HIDDEN), (20, FAILED)]] {
        let (_, last) = timeline(&pieces).await.unwrap().pop().unwrap();
        let error: serde_json::Value =
            serde_json::from_str(last.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(error["error"]["code"], "context_length_exceeded");
        for field in ["message", "type", "param"] {
            assert!(error["error"].get(field).is_some(), "{field}");
        }
    }
}

/// Faults: G03 G04 X10
#[tokio::test(start_paused = true)]
async fn silence_ends_in_a_failure() {
    let pieces = timeline(&[(0, DELTA)]).await.unwrap();
    let (at, last) = pieces.last().unwrap();
    assert_eq!(*at, 600);
    assert!(last.contains("upstream_stream_truncated"), "{last}");
    assert!(!last.contains("[DONE]"), "{last}");
}

/// Faults: X30 G04
#[tokio::test(start_paused = true)]
async fn a_caller_who_sees_no_chunk_gets_comments() {
    // The backend is silent, or it sends what chat completions do not show.
    let hidden: Vec<_> = std::iter::repeat_n((4, HIDDEN), 15).collect();
    for silence in [vec![(60, HIDDEN)], hidden] {
        let pieces = [vec![(0, DELTA)], silence, vec![(0, COMPLETED)]].concat();
        let pieces = timeline(&pieces).await.unwrap();
        let comments = pieces.iter().filter(|(_, text)| text.starts_with(':'));
        let at: Vec<_> = comments.map(|(at, _)| *at).collect();
        assert_eq!(at[..3], [15, 30, 45], "{pieces:?}");
        let (_, last) = pieces.last().unwrap();
        assert!(last.ends_with(DONE), "{last}");
        let chunks = pieces.iter().flat_map(|(_, text)| text.split("\n\n"));
        let chunks: Vec<_> = chunks
            .filter(|chunk| chunk.starts_with("data: {"))
            .collect();
        assert!(chunks.len() > 1, "{chunks:?}");
        let named = |chunk: &&str| chunk.contains("\"id\":\"chatcmpl-own\"");
        assert!(chunks.iter().all(named), "{chunks:?}");
    }
}

/// Faults: G05
#[tokio::test(start_paused = true)]
async fn a_last_event_that_cannot_be_read_breaks_off() {
    const LAST: &str = "event: response.completed\ndata: {}\n\n";
    let pieces = timeline(&[(0, DELTA), (0, LAST)]).await.unwrap();
    let (_, last) = pieces.last().unwrap();
    assert!(last.contains("upstream_stream_truncated"), "{last}");
}
