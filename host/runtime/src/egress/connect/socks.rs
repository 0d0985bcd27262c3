//! SOCKS5 proxies: RFC 1928, with user name and password by RFC 1929. The proxy
//! resolves the host's name, by `socks5://` as by `socks5h://`.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::error::{ConnectError, ProxyError};
use crate::egress::resolve::HTTPS;

const VERSION: u8 = 5;
/// The version of RFC 1929's own negotiation.
const PASSWORD_VERSION: u8 = 1;

const NO_AUTHENTICATION: u8 = 0;
const PASSWORD: u8 = 2;
const NO_ACCEPTABLE_METHOD: u8 = 0xff;

const CONNECT: u8 = 1;
const RESERVED: u8 = 0;

const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Negotiates an authentication method with a proxy, and authenticates.
pub(super) async fn greet(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    credentials: Option<(&str, &str)>,
) -> Result<(), ProxyError> {
    let greeting: &[u8] = match credentials {
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, PASSWORD],
        None => &[VERSION, 1, NO_AUTHENTICATION],
    };
    send(stream, greeting).await?;
    let [version, method] = receive(stream).await?;
    match (version, method, credentials) {
        (VERSION, NO_AUTHENTICATION, _) => Ok(()),
        (VERSION, PASSWORD, Some(credentials)) => log_in(stream, credentials).await,
        (VERSION, NO_ACCEPTABLE_METHOD, _) => Err(ProxyError::Authentication),
        _ => Err(ProxyError::Unreachable),
    }
}

async fn log_in(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    (user, password): (&str, &str),
) -> Result<(), ProxyError> {
    let mut request = vec![PASSWORD_VERSION];
    for text in [user, password] {
        // `Proxy` has checked the length.
        request.push(u8::try_from(text.len()).map_err(|_| ProxyError::Authentication)?);
        request.extend(text.as_bytes());
    }
    send(stream, &request).await?;
    match receive(stream).await? {
        [_, 0] => Ok(()),
        _ => Err(ProxyError::Authentication),
    }
}

/// Asks the proxy for a connection to a host.
pub(super) async fn ask_for(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    host: &str,
) -> Result<(), ConnectError> {
    let length = u8::try_from(host.len()).map_err(|_| ConnectError::Denied)?;
    let mut request = vec![VERSION, CONNECT, RESERVED, NAME, length];
    request.extend(host.as_bytes());
    request.extend(HTTPS.to_be_bytes());
    send(stream, &request).await?;
    let [version, reply] = receive(stream).await?;
    if version != VERSION {
        return Err(ProxyError::Unreachable.into());
    }
    meaning(reply)?;
    Ok(skip_bound_address(stream).await?)
}

/// The meaning of a reply: RFC 1928, section 6.
fn meaning(reply: u8) -> Result<(), ConnectError> {
    match reply {
        0 => Ok(()),
        // A general failure; network unreachable; host unreachable.
        1 | 3 | 4 => Err(ConnectError::Unavailable),
        5 => Err(ConnectError::Refused),
        // TTL expired.
        6 => Err(ConnectError::TimedOut),
        // Not allowed by its rules; no such command; no such type of address.
        _ => Err(ProxyError::Denied.into()),
    }
}

/// Reads the rest of a reply, and no byte after it.
async fn skip_bound_address(stream: &mut (impl AsyncRead + Unpin)) -> Result<(), ProxyError> {
    let [_, kind] = receive(stream).await?;
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => usize::from(receive::<1>(stream).await?[0]),
        _ => return Err(ProxyError::Unreachable),
    };
    let mut address_and_port = vec![0; length + 2];
    stream.read_exact(&mut address_and_port).await?;
    Ok(())
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Result<(), ProxyError> {
    stream.write_all(bytes).await?;
    Ok(stream.flush().await?)
}

async fn receive<const N: usize>(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<[u8; N], ProxyError> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The outcome of a proxy's answers, and the bytes that the proxy received.
    async fn answered(
        credentials: Option<(&str, &str)>,
        answer: &[u8],
    ) -> (Result<(), ConnectError>, Vec<u8>) {
        let (mut client, mut proxy) = tokio::io::duplex(64 << 10);
        proxy.write_all(answer).await.unwrap();
        proxy.shutdown().await.unwrap();
        let outcome = match greet(&mut client, credentials).await {
            Ok(()) => ask_for(&mut client, "chatgpt.com").await,
            Err(error) => Err(error.into()),
        };
        drop(client);
        let mut heard = Vec::new();
        proxy.read_to_end(&mut heard).await.unwrap();
        (outcome, heard)
    }

    const REQUEST: &[u8] = b"\x05\x01\x00\x03\x0bchatgpt.com\x01\xbb";

    #[tokio::test]
    async fn the_proxy_receives_the_name_of_the_host() {
        let bound = [
            &b"\x05\x00\x00\x01\x7f\x00\x00\x01\x01\xbb"[..],
            b"\x05\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01\xbb",
            b"\x05\x00\x00\x03\x05proxy\x01\xbb",
        ];
        for reply in bound {
            let answer = [b"\x05\x00", reply].concat();
            let (outcome, heard) = answered(None, &answer).await;
            assert_eq!(outcome, Ok(()));
            assert_eq!(heard, [b"\x05\x01\x00", REQUEST].concat());
        }
    }

    #[tokio::test]
    async fn a_password_is_given_to_a_proxy_that_asks_for_one() {
        let reply = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00";
        let asks = [b"\x05\x02\x01\x00", &reply[..]].concat();
        let (outcome, heard) = answered(Some(("ada", "p@ss")), &asks).await;
        assert_eq!(outcome, Ok(()));
        let sent = [&b"\x05\x02\x00\x02"[..], b"\x01\x03ada\x04p@ss", REQUEST];
        assert_eq!(heard, sent.concat());

        let does_not = [b"\x05\x00", &reply[..]].concat();
        let (outcome, heard) = answered(Some(("ada", "p@ss")), &does_not).await;
        assert_eq!(outcome, Ok(()));
        assert_eq!(heard, [b"\x05\x02\x00\x02", REQUEST].concat());
    }

    #[tokio::test]
    async fn a_proxy_that_accepts_no_authentication_says_so() {
        let authentication = Err(ConnectError::from(ProxyError::Authentication));
        assert_eq!(answered(None, b"\x05\xff").await.0, authentication);
        let credentials = Some(("ada", "wrong"));
        assert_eq!(answered(credentials, b"\x05\xff").await.0, authentication);
        let refused = answered(credentials, b"\x05\x02\x01\x01").await.0;
        assert_eq!(refused, authentication);
    }

    #[tokio::test]
    async fn what_a_proxy_replies_says_whose_fault_it_is() {
        let denied = ConnectError::from(ProxyError::Denied);
        for (reply, error) in [
            (1, ConnectError::Unavailable),
            (2, denied),
            (3, ConnectError::Unavailable),
            (4, ConnectError::Unavailable),
            (5, ConnectError::Refused),
            (6, ConnectError::TimedOut),
            (7, denied),
            (8, denied),
            (0xff, denied),
        ] {
            let answer = [5, 0, 5, reply, 0, 1, 0, 0, 0, 0, 0, 0];
            assert_eq!(answered(None, &answer).await.0, Err(error), "{reply}");
        }
    }

    #[tokio::test]
    async fn what_is_no_socks5_proxy_is_an_unreachable_proxy() {
        for answer in [
            &b""[..],
            b"\x05",
            b"\x04\x5a",
            b"\x05\x02",
            b"\x05\x01",
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"\x05\x00",
            b"\x05\x00\x04\x00\x00\x01",
            b"\x05\x00\x05\x00\x00\x09\x00\x00",
            b"\x05\x00\x05\x00\x00\x03\xff\x00",
        ] {
            let outcome = answered(None, answer).await.0;
            let unreachable = Err(ProxyError::Unreachable.into());
            assert_eq!(outcome, unreachable, "{answer:?}");
        }
    }
}
