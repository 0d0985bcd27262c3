//! Where the requests of a connection begin and end, read strictly.
//!
//! The HTTP library forgives some heads that proxies read in another way: a line that ends
//! in LF alone, and a body with two lengths or with a length and an encoding. Two readings of
//! one request let a caller smuggle a second one past a proxy. So every byte of a connection
//! passes this state machine first, which refuses what RFC 9112 permits to refuse.

/// The longest head that is read, in bytes. The library refuses shorter ones already.
const LONGEST_HEAD: usize = 128 << 10;
/// The longest line with the size of a chunk, in bytes.
const LONGEST_SIZE: usize = 1 << 10;

/// Follows the requests of one connection.
#[derive(Debug, Default)]
pub(crate) struct Framing {
    state: State,
    /// The line that is incomplete.
    line: Vec<u8>,
    head: Head,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before or in a head.
    #[default]
    Head,
    /// In a body of a known length.
    Body(u64),
    ChunkSize,
    Chunk(u64),
    Trailers,
    Refused,
}

/// What is known of a head.
#[derive(Debug, Default)]
struct Head {
    bytes: usize,
    has_request_line: bool,
    length: Option<u64>,
    is_chunked: bool,
}

/// The bytes have two readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ambiguous {
    /// How many of the bytes are not ambiguous yet.
    pub(crate) at: usize,
}

impl Framing {
    /// Follows the next bytes of the connection.
    pub(crate) fn follow(&mut self, bytes: &[u8]) -> Result<(), Ambiguous> {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let taken = match self.state {
                State::Body(left) => self.skip(rest, left, State::Head, State::Body),
                State::Chunk(left) => self.skip(rest, left, State::ChunkSize, State::Chunk),
                State::Head | State::ChunkSize | State::Trailers => self.take_line(rest),
                State::Refused => None,
            };
            match taken {
                Some(taken) => at += taken,
                None => {
                    self.state = State::Refused;
                    return Err(Ambiguous { at });
                }
            }
        }
        Ok(())
    }

    /// Whether no request has begun that is incomplete.
    pub(crate) fn is_between_requests(&self) -> bool {
        self.state == State::Head && self.head.bytes == 0 && self.line.is_empty()
    }

    /// Whether a head is incomplete.
    pub(crate) fn is_in_head(&self) -> bool {
        self.state == State::Head && !self.is_between_requests()
    }

    fn skip(
        &mut self,
        bytes: &[u8],
        left: u64,
        after: State,
        within: fn(u64) -> State,
    ) -> Option<usize> {
        let taken = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let left = left - taken as u64;
        self.state = match left {
            0 => after,
            _ => within(left),
        };
        Some(taken)
    }

    /// Takes the bytes up to the end of a line; none if the line is refused.
    fn take_line(&mut self, bytes: &[u8]) -> Option<usize> {
        let Some(end) = memchr::memchr(b'\n', bytes) else {
            self.line.extend_from_slice(bytes);
            return self.has_room().then_some(bytes.len());
        };
        if self.line.is_empty() {
            self.end_line(bytes[..end].strip_suffix(b"\r")?)?;
        } else {
            let mut line = std::mem::take(&mut self.line);
            line.extend_from_slice(&bytes[..end]);
            self.end_line(line.strip_suffix(b"\r")?)?;
        }
        self.has_room().then_some(end + 1)
    }

    fn has_room(&self) -> bool {
        let longest = match self.state {
            State::ChunkSize => LONGEST_SIZE,
            _ => LONGEST_HEAD,
        };
        self.head.bytes + self.line.len() <= longest
    }

    fn end_line(&mut self, line: &[u8]) -> Option<()> {
        match self.state {
            State::Head if line.is_empty() && !self.head.has_request_line => {}
            State::Head if line.is_empty() => self.end_head(),
            State::Head if !self.head.has_request_line => {
                self.head.has_request_line = true;
                self.head.bytes += line.len();
            }
            State::Head => self.read_field(line)?,
            State::ChunkSize => self.state = after_size(size_of(line)?)?,
            State::Trailers if line.is_empty() => {
                self.state = State::Head;
                self.head = Head::default();
            }
            State::Trailers => self.head.bytes += line.len(),
            State::Body(_) | State::Chunk(_) | State::Refused => return None,
        }
        Some(())
    }

    fn end_head(&mut self) {
        let head = std::mem::take(&mut self.head);
        self.state = match (head.is_chunked, head.length) {
            (true, _) => State::ChunkSize,
            (false, None | Some(0)) => State::Head,
            (false, Some(length)) => State::Body(length),
        };
    }

    fn read_field(&mut self, line: &[u8]) -> Option<()> {
        self.head.bytes += line.len();
        // A line that continues the one before it.
        if line.first().is_some_and(u8::is_ascii_whitespace) {
            return None;
        }
        let colon = memchr::memchr(b':', line)?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = number(value, 10)?;
            if self.head.length.replace(length).is_some() {
                return None;
            }
        }
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.head.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return None;
            }
            self.head.is_chunked = true;
        }
        let has_both = self.head.is_chunked && self.head.length.is_some();
        (!has_both).then_some(())
    }
}

fn after_size(size: u64) -> Option<State> {
    match size {
        0 => Some(State::Trailers),
        // The line end after the chunk is skipped with it.
        size => Some(State::Chunk(size.checked_add(2)?)),
    }
}

/// The size of a chunk, without its extensions.
fn size_of(line: &[u8]) -> Option<u64> {
    let end = memchr::memchr(b';', line).unwrap_or(line.len());
    number(line[..end].trim_ascii_end(), 16)
}

/// A number of digits alone.
fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let is_digit = |byte: &u8| char::from(*byte).is_digit(radix);
    if digits.is_empty() || !digits.iter().all(is_digit) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows the text whole and byte by byte, and expects the same.
    fn follow(text: &str) -> Result<Framing, usize> {
        let mut whole = Framing::default();
        let followed = whole.follow(text.as_bytes());
        let mut piecewise = Framing::default();
        let mut each = text.bytes().map(|byte| piecewise.follow(&[byte]));
        let refused = each.any(|result| result.is_err());
        assert_eq!(followed.is_err(), refused, "{text:?}");
        followed.map(|()| whole).map_err(|ambiguous| ambiguous.at)
    }

    fn head(fields: &str) -> String {
        format!("POST /v1/responses HTTP/1.1\r\nhost: localhost\r\n{fields}\r\n")
    }

    #[test]
    fn requests_are_followed_from_head_to_head() {
        for requests in [
            head(""),
            head("content-length: 5\r\n") + "hello",
            head("content-length: 0\r\n"),
            head("transfer-encoding: chunked\r\n") + "5;x=y\r\nhello\r\n0\r\n\r\n",
            head("Transfer-Encoding: Chunked\r\n") + "A\r\n0123456789\r\n0\r\nx: y\r\n\r\n",
            "\r\n".to_owned() + &head(""),
        ] {
            let twice = requests.repeat(2);
            let framing = follow(&twice).unwrap_or_else(|at| panic!("{requests:?} at {at}"));
            assert!(framing.is_between_requests(), "{requests:?} {framing:?}");
        }
    }

    #[test]
    fn an_incomplete_head_is_known() {
        let text = head("content-length: 5\r\n");
        assert!(Framing::default().is_between_requests());
        for end in 1..text.len() {
            assert!(follow(&text[..end]).unwrap().is_in_head(), "{end}");
        }
        let in_body = follow(&text).unwrap();
        assert!(!in_body.is_in_head() && !in_body.is_between_requests());
    }

    /// Faults: G12
    #[test]
    fn a_request_with_two_readings_is_refused_where_it_becomes_one() {
        for fields in [
            "content-length: 5\r\ncontent-length: 5\r\n",
            "content-length: 5\r\ncontent-length: 6\r\n",
            "content-length: 5, 5\r\n",
            "content-length: +5\r\n",
            "content-length: 0x5\r\n",
            "content-length:\r\n",
            "content-length: 99999999999999999999\r\n",
            "content-length: 5\r\ntransfer-encoding: chunked\r\n",
            "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
            "transfer-encoding: gzip, chunked\r\n",
            "transfer-encoding: identity\r\n",
            "x: y\r\n z\r\n",
            "x: y\r\n\tz\r\n",
            "x: y\n",
            "no colon\r\n",
        ] {
            let text = head(fields);
            let at = follow(&text).unwrap_err();
            assert!(at >= 29 && at < text.len() - 2, "{fields:?} {at}");
        }
        assert_eq!(follow("GET / HTTP/1.1\nhost: x\n\n").unwrap_err(), 0);
    }

    /// Faults: G12
    #[test]
    fn the_size_of_a_chunk_has_one_reading() {
        for size in [
            "",
            " 5",
            "+5",
            "0x5",
            "5\n",
            "5 5",
            "ffffffffffffffff",
            "fffffffffffffffff",
        ] {
            let text = head("transfer-encoding: chunked\r\n") + size + "\r\nhello\r\n0\r\n\r\n";
            assert!(follow(&text).is_err(), "{size:?}");
        }
    }

    #[test]
    fn a_head_and_a_size_without_end_are_refused() {
        assert!(follow(&("GET /".to_owned() + &"x".repeat(LONGEST_HEAD))).is_err());
        assert!(follow(&head(&"x: y\r\n".repeat(LONGEST_HEAD / 4 + 1))).is_err());
        let chunked = head("transfer-encoding: chunked\r\n");
        assert!(follow(&(chunked + "5;" + &"x".repeat(LONGEST_SIZE))).is_err());
    }
}
