use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::secrets::Secrets;

const CREATED: &str = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"r\"}}\n\n";
const IN_PROGRESS: &str =
    "event: response.in_progress\ndata: {\"type\":\"response.in_progress\",\"n\": 1}\n\n";
const COMPLETED: &str = "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"output\":[]}}\n\n";

/// A backend that sends these pieces, each after a pause in seconds, and then is silent.
struct Backend {
    pieces: VecDeque<(u64, &'static str)>,
    pause: Option<Pin<Box<Sleep>>>,
    read: Arc<AtomicUsize>,
}

impl Body for Backend {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(&(pause, _)) = self.pieces.front() else {
            return Poll::Pending;
        };
        let until = Instant::now() + Duration::from_secs(pause);
        let pause = self
            .pause
            .get_or_insert_with(|| Box::pin(sleep_until(until)));
        ready!(pause.as_mut().poll(context));
        self.pause = None;
        self.read.fetch_add(1, Ordering::Relaxed);
        let piece = self.pieces.pop_front().map(|(_, piece)| piece);
        Poll::Ready(piece.map(|piece| Ok(Frame::data(Bytes::from(piece)))))
    }
}

fn relay(pieces: &[(u64, &'static str)]) -> Relay<Backend> {
    let backend = Backend {
        pieces: pieces.iter().copied().collect(),
        pause: None,
        read: Arc::default(),
    };
    let events = Events::new("resp_own".into(), Secrets::for_tests(&[]));
    Relay::new(Uuid::nil(), backend, Bytes::new(), events)
}

/// Every frame, and after how many seconds it came.
async fn timeline(mut relay: Relay<Backend>) -> Vec<(u64, String)> {
    let begun = Instant::now();
    let mut frames = Vec::new();
    while let Some(Ok(frame)) = relay.frame().await {
        let frame = frame.into_data().unwrap();
        let text = String::from_utf8(frame.to_vec()).unwrap();
        frames.push((begun.elapsed().as_secs(), text));
    }
    frames
}

#[tokio::test(start_paused = true)]
async fn frames_come_as_they_are_sent() {
    let frames = timeline(relay(&[(1, CREATED), (2, IN_PROGRESS), (3, COMPLETED)])).await;
    let at: Vec<_> = frames.iter().map(|(at, _)| *at).collect();
    assert_eq!(at, [1, 3, 6]);
    let all: String = frames.into_iter().map(|(_, text)| text).collect();
    assert_eq!(all, [CREATED, IN_PROGRESS, COMPLETED].concat());
}

/// Faults: X30 G04
#[tokio::test(start_paused = true)]
async fn silence_is_filled_with_comments_and_the_last_progress() {
    let frames = timeline(relay(&[(0, CREATED), (0, IN_PROGRESS), (300, COMPLETED)])).await;
    let comments: Vec<_> = frames
        .iter()
        .filter(|(_, text)| text == ": keep-alive\n\n")
        .map(|(at, _)| *at)
        .collect();
    assert_eq!(comments[..3], [15, 30, 45]);
    let repeated: Vec<_> = frames
        .iter()
        .filter(|(_, text)| text == IN_PROGRESS)
        .map(|(at, _)| *at)
        .collect();
    assert_eq!(repeated, [0, 240]);
    assert_eq!(frames.last().unwrap(), &(300, COMPLETED.to_owned()));
}

/// Faults: G04
#[tokio::test(start_paused = true)]
async fn ten_minutes_of_silence_end_the_stream() {
    let frames = timeline(relay(&[(0, CREATED), (0, IN_PROGRESS)])).await;
    let (at, last) = frames.last().unwrap();
    assert_eq!(*at, 600);
    assert!(last.contains("upstream_stream_truncated"), "{last}");
}

#[tokio::test(start_paused = true)]
async fn comments_of_the_backend_do_not_hold_a_stream_beyond_two_hours() {
    let pieces = vec![(60, ": alive\n\n"); 200];
    let frames = timeline(relay(&pieces)).await;
    let (at, last) = frames.last().unwrap();
    assert!((7200..7260).contains(at), "{at}");
    assert!(last.contains("upstream_timeout"), "{last}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_that_the_caller_does_not_ask_for() {
    let mut relay = relay(&[(0, CREATED), (0, IN_PROGRESS), (0, COMPLETED)]);
    let Upstream::Open(backend) = &relay.upstream else {
        panic!()
    };
    let read = backend.read.clone();
    relay.frame().await.unwrap().unwrap();
    assert_eq!(read.load(Ordering::Relaxed), 1);
    relay.frame().await.unwrap().unwrap();
    assert_eq!(read.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn an_answer_ends_with_its_last_event_and_the_backend_is_read_on_for_a_moment() {
    let mut relay = relay(&[(0, COMPLETED), (0, ": the end\n\n")]);
    let Upstream::Open(backend) = &relay.upstream else {
        panic!()
    };
    let read = backend.read.clone();
    let begun = Instant::now();
    relay.frame().await.unwrap().unwrap();
    assert!(relay.is_end_stream());
    assert!(relay.frame().await.is_none());
    assert_eq!(begun.elapsed(), Duration::ZERO);
    drop(relay);
    tokio::time::sleep(DRAIN / 2).await;
    assert_eq!(read.load(Ordering::Relaxed), 2);
    assert_eq!(Arc::strong_count(&read), 2, "the backend is read on");
    tokio::time::sleep(DRAIN).await;
    assert_eq!(Arc::strong_count(&read), 1, "the backend is left");
}

/// What a caller gets costs one chunk, and so does the end of the message.
#[tokio::test(start_paused = true)]
async fn events_that_come_together_are_one_frame_with_the_end() {
    let mut relay = relay(&[(0, [CREATED, IN_PROGRESS, COMPLETED].concat().leak())]);
    let frame = relay.frame().await.unwrap().unwrap();
    let all = [CREATED, IN_PROGRESS, COMPLETED].concat();
    assert_eq!(frame.into_data().unwrap(), all);
    assert!(relay.is_end_stream());
}
