//! TCP connections to the first of a host's addresses that answers.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long an attempt may take before the next address is tried in parallel:
/// RFC 8305, section 5, Connection Attempt Delay.
const DELAY: Duration = Duration::from_millis(250);

/// Connects to one of these addresses. If none answers, returns the first error.
pub(super) async fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut waiting = interleaved(addresses).into_iter();
    let mut attempts = JoinSet::new();
    let mut failure = None;
    loop {
        if let Some(address) = waiting.next() {
            attempts.spawn(TcpStream::connect(address));
        }
        let has_more = waiting.len() > 0;
        tokio::select! {
            ended = attempts.join_next() => match ended {
                Some(Ok(Ok(stream))) => {
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Some(ended) => {
                    let error = ended.map_err(io::Error::other).and_then(|attempt| attempt);
                    failure = failure.or(error.err());
                }
                None => {
                    let nothing = || io::ErrorKind::AddrNotAvailable.into();
                    return Err(failure.unwrap_or_else(nothing));
                }
            },
            () = sleep(DELAY), if has_more => {}
        }
    }
}

/// The addresses in the resolver's order, the families by turns: RFC 8305, section 4.
fn interleaved(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let Some(first) = addresses.first() else {
        return Vec::new();
    };
    let is_preferred = |address: &&SocketAddr| address.is_ipv6() == first.is_ipv6();
    let (preferred, others): (Vec<&SocketAddr>, Vec<_>) = addresses.iter().partition(is_preferred);
    let mut order = Vec::with_capacity(addresses.len());
    for n in 0..preferred.len().max(others.len()) {
        order.extend(preferred.get(n).copied());
        order.extend(others.get(n).copied());
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_order(addresses: &[&str]) -> Vec<String> {
        let addresses: Vec<_> = addresses.iter().map(|it| it.parse().unwrap()).collect();
        let order = interleaved(&addresses);
        order.iter().map(SocketAddr::to_string).collect()
    }

    /// Faults: N30
    #[test]
    fn the_families_take_turns_in_the_order_of_the_resolver() {
        assert_eq!(
            in_order(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"]),
            ["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"]
        );
        assert_eq!(
            in_order(&["1.1.1.1:1", "2.2.2.2:1", "[::1]:1"]),
            ["1.1.1.1:1", "[::1]:1", "2.2.2.2:1"]
        );
        assert!(in_order(&[]).is_empty());
    }

    #[tokio::test]
    async fn an_address_that_refuses_costs_nothing_while_another_answers() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        // Bound, and not listening.
        let closed = tokio::net::TcpSocket::new_v4().unwrap();
        closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let closed_at = closed.local_addr().unwrap();
        let stream = connect(&[closed_at, closed_at, open]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), open);
        let refused = connect(&[closed_at, closed_at]).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        let nowhere = connect(&[]).await.unwrap_err();
        assert_eq!(nowhere.kind(), io::ErrorKind::AddrNotAvailable);
    }
}
