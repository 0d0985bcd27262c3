//! HTTP proxies: CONNECT, RFC 9110, section 9.3.6.

use http::HeaderValue;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::error::{ConnectError, ProxyError};
use crate::egress::resolve::HTTPS;

/// The largest head of a proxy's answer, in bytes.
const LARGEST_HEAD: usize = 16 << 10;

/// Requests a tunnel to a host from a proxy.
pub(super) async fn ask_for(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    host: &str,
    authorization: Option<&HeaderValue>,
) -> Result<(), ConnectError> {
    let mut request = format!("CONNECT {host}:{HTTPS} HTTP/1.1\r\nHost: {host}:{HTTPS}\r\n");
    if let Some(credentials) = authorization.and_then(|value| value.to_str().ok()) {
        request.push_str(&format!("Proxy-Authorization: {credentials}\r\n"));
    }
    request.push_str("\r\n");
    let written = stream.write_all(request.as_bytes()).await;
    written.map_err(ProxyError::from)?;
    stream.flush().await.map_err(ProxyError::from)?;
    meaning(status(stream).await?)
}

/// The meaning of the proxy's status.
fn meaning(status: u16) -> Result<(), ConnectError> {
    match status {
        200..=299 => Ok(()),
        407 => Err(ProxyError::Authentication.into()),
        // The proxy cannot reach the host.
        502..=504 => Err(ConnectError::Unavailable),
        _ => Err(ProxyError::Denied.into()),
    }
}

/// Reads the head of an answer, and no byte after it.
async fn status(stream: &mut (impl AsyncRead + Unpin)) -> Result<u16, ProxyError> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LARGEST_HEAD {
            return Err(ProxyError::Unreachable);
        }
        head.push(stream.read_u8().await.map_err(ProxyError::from)?);
        // Another protocol may never end the head.
        if head.len() == PROTOCOL.len() && head != PROTOCOL {
            return Err(ProxyError::Unreachable);
        }
    }
    status_of(&head).ok_or(ProxyError::Unreachable)
}

const PROTOCOL: &[u8] = b"HTTP/1.";

fn status_of(head: &[u8]) -> Option<u16> {
    let status = head.split(|&byte| byte == b' ' || byte == b'\r').nth(1)?;
    std::str::from_utf8(status).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The outcome of a proxy's answer.
    async fn answered(answer: &[u8]) -> Result<(), ConnectError> {
        let (mut client, mut proxy) = tokio::io::duplex(64 << 10);
        proxy.write_all(answer).await.unwrap();
        proxy.shutdown().await.unwrap();
        ask_for(&mut client, "chatgpt.com", None).await
    }

    #[tokio::test]
    async fn what_a_proxy_answers_says_whose_fault_it_is() {
        let denied = ConnectError::from(ProxyError::Denied);
        for (status, outcome) in [
            ("200 Connection established", Ok(())),
            ("204", Ok(())),
            (
                "407 Proxy Authentication Required",
                Err(ProxyError::Authentication.into()),
            ),
            ("403 Forbidden", Err(denied)),
            ("302 Found", Err(denied)),
            ("400 Bad Request", Err(denied)),
            ("500 Internal Server Error", Err(denied)),
            ("502 Bad Gateway", Err(ConnectError::Unavailable)),
            ("503 Service Unavailable", Err(ConnectError::Unavailable)),
            ("504 Gateway Timeout", Err(ConnectError::Unavailable)),
        ] {
            let answer = format!("HTTP/1.1 {status}\r\nvia: 1.1 proxy\r\n\r\n");
            assert_eq!(answered(answer.as_bytes()).await, outcome, "{status}");
        }
    }

    #[tokio::test]
    async fn what_is_no_answer_of_a_proxy_is_an_unreachable_proxy() {
        let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(LARGEST_HEAD));
        for answer in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 twohundred\r\n\r\n",
            "SSH-2.0-OpenSSH_9.9\r\n",
            "\u{5}\u{ff}",
            &endless,
        ] {
            let outcome = answered(answer.as_bytes()).await;
            let unreachable = Err(ProxyError::Unreachable.into());
            assert_eq!(outcome, unreachable, "{answer:.40}");
        }
    }

    #[tokio::test]
    async fn the_tunnel_begins_after_the_answer() {
        let (mut client, mut proxy) = tokio::io::duplex(1024);
        let answer = b"HTTP/1.0 200 OK\r\n\r\nhello";
        proxy.write_all(answer).await.unwrap();
        let credentials = HeaderValue::from_static("Basic dXNlcjpwYXNz");
        let asked = ask_for(&mut client, "chatgpt.com", Some(&credentials)).await;
        assert_eq!(asked, Ok(()));
        let mut first = [0; 5];
        client.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"hello");
        drop(client);
        let mut request = String::new();
        proxy.read_to_string(&mut request).await.unwrap();
        assert_eq!(
            request,
            "CONNECT chatgpt.com:443 HTTP/1.1\r\nHost: chatgpt.com:443\r\n\
             Proxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n"
        );
    }
}
