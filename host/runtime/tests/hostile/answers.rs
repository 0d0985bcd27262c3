//! Answers: redirects, floods, and answers that are encoded, slow or endless.

use std::time::Duration;

use chatgpt_oauth::Host;
use openai_simulator::{Endpoint, Fault};

use crate::guest::{answer_in, shortest};
use crate::headers::led_to;
use crate::support::TestEnv;

/// The simulator, and a host that is connected to it.
struct Service {
    world: TestEnv,
    host: Host,
}

impl Service {
    fn new() -> Self {
        let world = TestEnv::new();
        let host = led_to(&world);
        Self { world, host }
    }

    /// The outcome of a request with this answer.
    async fn end_of(&self, fault: Fault) -> String {
        let simulator = &self.world.simulator;
        simulator.clear_requests();
        simulator.fault(Endpoint::Token, fault);
        let end = answer_in(&self.host, &["request"]).await;
        assert_eq!(simulator.requests().len(), 1, "nothing is sent twice");
        end
    }
}

/// Faults: M06
#[tokio::test]
pub async fn a_redirect_is_an_answer_wherever_it_leads() {
    let service = Service::new();
    for status in [301, 302, 303, 307, 308] {
        for location in [
            "http://169.254.169.254/latest/meta-data/",
            "https://127.0.0.1/",
            "https://example.org/oauth/token",
            "https://auth.openai.com/oauth/authorize",
            "//chatgpt.com/",
            "/oauth/revoke",
        ] {
            let redirect = Fault::status(status).header("location", location);
            let end = service.end_of(redirect).await;
            let expected = format!("{status}, 0 bytes, content-length date location");
            assert_eq!(end, expected, "{location}");
        }
    }
}

#[tokio::test]
pub async fn a_request_to_upgrade_or_to_go_on_changes_nothing() {
    let service = Service::new();
    let upgrade = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n";
    let end = service.end_of(Fault::raw(upgrade)).await;
    assert!(!end.starts_with("2"), "{end}");
    let hints = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(50);
    let end = service
        .end_of(Fault::raw(format!(
            "{hints}HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{{}}"
        )))
        .await;
    assert_eq!(end, "200, 2 bytes, content-length");
}

/// Faults: H06
#[tokio::test]
pub async fn of_a_flood_of_headers_the_guest_sees_none_or_those_that_it_reads() {
    let service = Service::new();
    let flood = |headers: usize| {
        let flood = |fault: Fault, n: usize| fault.header(&format!("x-{n}"), "0123456789abcdef");
        (0..headers).fold(Fault::json(200, serde_json::json!({})), flood)
    };
    assert_eq!(
        service.end_of(flood(900)).await,
        "200, 2 bytes, content-length content-type date"
    );
    let end = service.end_of(flood(33_000)).await;
    assert!(!end.starts_with("2"), "{end}");
    let long = Fault::status(200).header("x", &"x".repeat(128 << 10));
    assert_eq!(
        service.end_of(long).await,
        "200, 0 bytes, content-length date"
    );
    let longer = Fault::status(200).header("x", &"x".repeat(8 << 20));
    let end = service.end_of(longer).await;
    assert!(!end.starts_with("2"), "{end}");
}

/// Faults: N13
#[tokio::test]
pub async fn a_body_without_end_is_read_no_further_than_its_limit() {
    let service = Service::new();
    let too_large = "HttpResponseBodySize(Some(65536))";
    let body = |bytes: usize| Fault::status(200).body(vec![b'x'; bytes]);
    assert_eq!(service.end_of(body((64 << 10) + 1)).await, too_large);
    assert_eq!(
        service.end_of(body((64 << 10) + 1).chunked()).await,
        too_large
    );
    assert_eq!(service.end_of(body(64 << 20).chunked()).await, too_large);
    let said = "HTTP/1.1 200 OK\r\ncontent-length: 9007199254740992\r\n\r\nx";
    assert_eq!(service.end_of(Fault::raw(said)).await, too_large);
    let endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffff0\r\nx";
    let end = service.end_of(Fault::raw(endless)).await;
    assert!(!end.starts_with("2"), "{end}");
}

/// Faults: N14
#[tokio::test]
pub async fn a_compressed_body_is_not_inflated() {
    let service = Service::new();
    for coding in ["gzip", "deflate", "br", "zstd", "identity, gzip", "x"] {
        let bomb = Fault::status(200)
            .header("content-encoding", coding)
            .body([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
        let end = service.end_of(bomb).await;
        assert_eq!(end, "HttpResponseContentCoding(None)", "{coding}");
    }
}

/// Faults: N08 N09 H07
#[tokio::test]
pub async fn a_slow_head_or_body_ends_after_thirty_seconds_whatever_the_timeouts() {
    let head = TestEnv::new();
    head.simulator.fault_always(Endpoint::Token, Fault::hang());
    let body = TestEnv::new();
    let drip = Fault::status(200)
        .body(vec![b'x'; 1000])
        .drip(1, Duration::from_millis(100));
    body.simulator.fault_always(Endpoint::Token, drip);
    let patience = format!("patience={}", u64::MAX);
    let order = ["request", &patience];
    let (slow_head, slow_body) = (led_to(&head), led_to(&body));

    let timeout = || "HttpResponseTimeout".to_owned();
    let seconds = shortest(33.0, async || {
        let ends = tokio::join!(answer_in(&slow_head, &order), answer_in(&slow_body, &order));
        assert_eq!(ends, (timeout(), timeout()));
    });
    let seconds = seconds.await;
    assert!((29.0..33.0).contains(&seconds), "{seconds} s");
}

/// Faults: H07
#[tokio::test]
pub async fn a_guest_with_timeouts_of_0_waits_no_longer_than_a_connection_takes() {
    let Service { world, host } = Service::new();
    world.simulator.fault_always(Endpoint::Token, Fault::hang());
    let timeout = || "HttpResponseTimeout".to_owned();
    let seconds = shortest(7.0, async || {
        let ends = tokio::join!(
            answer_in(&host, &["request", "patience=0"]),
            answer_in(&host, &["request", "patience=1"]),
            answer_in(&host, &["request", "patience=1000000"]),
        );
        assert_eq!(ends, (timeout(), timeout(), timeout()));
    });
    assert!(seconds.await < 7.0);

    let slow = Fault::status(200)
        .body(vec![b'x'; 1000])
        .drip(1, Duration::from_secs(1));
    world.simulator.fault_always(Endpoint::Token, slow);
    let seconds = shortest(3.0, async || {
        let end = answer_in(&host, &["request", "patience=500000000"]).await;
        assert_eq!(end, "ConnectionReadTimeout");
    });
    assert!(seconds.await < 3.0);
}
