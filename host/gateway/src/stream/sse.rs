//! Server-sent events: splits a stream into frames, and reads the fields of a frame.
//!
//! A frame ends with a blank line. A line ends with LF, CRLF or CR. A frame is a piece of the
//! stream: all frames together are the stream, byte for byte.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

/// The largest frame, in bytes.
pub(crate) const LARGEST: usize = 16 << 20;

/// A frame is larger than [`LARGEST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// Splits a stream into frames.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    buffer: BytesMut,
    /// Where the current line begins.
    line: usize,
    /// Up to where there is no line end that was not taken.
    searched: usize,
    has_ended: bool,
}

impl Frames {
    /// Takes the next bytes of the stream.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// No more bytes come: a CR at the end is a line end of its own.
    pub(crate) fn end(&mut self) {
        self.has_ended = true;
    }

    /// The next complete frame.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, TooLarge> {
        while let Some((end, next)) = self.line_end() {
            let is_blank = end == self.line;
            self.line = next;
            self.searched = next;
            if is_blank {
                self.line = 0;
                self.searched = 0;
                let frame = self.buffer.split_to(next).freeze();
                return limited(frame.len()).map(|()| Some(frame));
            }
        }
        limited(self.buffer.len()).map(|()| None)
    }

    /// Where the current line ends and the next one begins. A CR at the end of the buffer
    /// may be half of a CRLF.
    fn line_end(&mut self) -> Option<(usize, usize)> {
        let Some(offset) = memchr2(b'\n', b'\r', &self.buffer[self.searched..]) else {
            self.searched = self.buffer.len();
            return None;
        };
        let end = self.searched + offset;
        self.searched = end;
        match (self.buffer[end], self.buffer.get(end + 1)) {
            (b'\r', Some(b'\n')) => Some((end, end + 2)),
            (b'\r', None) if !self.has_ended => None,
            _ => Some((end, end + 1)),
        }
    }
}

fn limited(length: usize) -> Result<(), TooLarge> {
    if length > LARGEST {
        return Err(TooLarge);
    }
    Ok(())
}

/// The value of the field `event` of a frame.
pub(crate) fn event(frame: &[u8]) -> Option<&[u8]> {
    lines(frame).find_map(|line| value(line, b"event"))
}

/// The value of the field `data` of a frame: its lines, joined by LF.
pub(crate) fn data(frame: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut values = lines(frame).filter_map(|line| value(line, b"data"));
    let mut data = Cow::Borrowed(values.next()?);
    for value in values {
        let data = data.to_mut();
        data.push(b'\n');
        data.extend_from_slice(value);
    }
    Some(data)
}

/// The value of the field `data` of a frame, if it is UTF-8.
pub(crate) fn text(frame: &[u8]) -> Option<Cow<'_, str>> {
    Some(match data(frame)? {
        Cow::Borrowed(data) => std::str::from_utf8(data).ok()?.into(),
        Cow::Owned(data) => String::from_utf8(data).ok()?.into(),
    })
}

/// A frame with other data: every other line stays as it is.
pub(crate) fn with_data(frame: &[u8], data: &str) -> Bytes {
    let mut replaced = Vec::with_capacity(frame.len() + data.len());
    let mut has_data = false;
    for line in lines(frame).filter(|line| !line.is_empty()) {
        if value(line, b"data").is_none() {
            replaced.extend_from_slice(line);
            replaced.push(b'\n');
        } else if !has_data {
            has_data = true;
            for line in data.split('\n') {
                replaced.extend_from_slice(b"data: ");
                replaced.extend_from_slice(line.as_bytes());
                replaced.push(b'\n');
            }
        }
    }
    replaced.push(b'\n');
    replaced.into()
}

/// A frame of one event.
pub(crate) fn frame(event: &str, data: &str) -> Bytes {
    format!("event: {event}\ndata: {data}\n\n").into()
}

fn lines(frame: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = frame;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        let is_crlf = rest[end..].starts_with(b"\r\n");
        rest = &rest[(end + 1 + usize::from(is_crlf)).min(rest.len())..];
        Some(line)
    })
}

/// The value of a line of this field: after the colon and at most one space.
fn value<'a>(line: &'a [u8], field: &[u8]) -> Option<&'a [u8]> {
    let value = line.strip_prefix(field)?;
    if value.is_empty() {
        return Some(value);
    }
    let value = value.strip_prefix(b":")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All frames of a stream that comes in these pieces, and what is left.
    fn split(pieces: &[&[u8]]) -> (Vec<Bytes>, usize) {
        let mut frames = Frames::default();
        let mut found = Vec::new();
        for piece in pieces {
            frames.push(piece);
            while let Some(frame) = frames.next().unwrap() {
                found.push(frame);
            }
        }
        frames.end();
        while let Some(frame) = frames.next().unwrap() {
            found.push(frame);
        }
        (found, frames.buffer.len())
    }

    #[test]
    fn every_line_end_ends_a_frame() {
        for stream in [
            "data: a\n\ndata: b\n\n",
            "data: a\r\n\r\ndata: b\r\n\r\n",
            "data: a\r\rdata: b\r\r",
        ] {
            let (frames, left) = split(&[stream.as_bytes()]);
            assert_eq!(frames.len(), 2, "{stream:?}");
            assert_eq!(left, 0, "{stream:?}");
            assert_eq!(data(&frames[1]).unwrap().as_ref(), b"b");
        }
    }

    #[test]
    fn an_incomplete_frame_is_no_frame() {
        let (frames, left) = split(&[b"data: a\n\nevent: x\ndata: ", b"{\"ha"]);
        assert_eq!(frames.len(), 1);
        assert_eq!(left, 19);
    }

    #[test]
    fn fields_are_read_as_the_standard_says() {
        let frame = b": comment\nevent:x\ndata: a\ndata:b\ndata\nid: 7\n\n";
        assert_eq!(event(frame), Some(&b"x"[..]));
        assert_eq!(data(frame).unwrap().as_ref(), b"a\nb\n");
        assert_eq!(data(b": comment\n\n"), None);
        assert_eq!(event(b"eventual: x\n\n"), None);
    }

    #[test]
    fn other_data_leaves_the_other_lines() {
        let frame = with_data(b"event: x\r\ndata: a\r\ndata: b\r\nid: 7\r\n\r\n", "c");
        assert_eq!(&frame[..], b"event: x\ndata: c\nid: 7\n\n");
        let frame = with_data(&frame, "d\ne");
        assert_eq!(&frame[..], b"event: x\ndata: d\ndata: e\nid: 7\n\n");
    }

    /// Faults: G05
    #[test]
    fn a_frame_above_the_limit_is_too_large_whole_or_not() {
        let mut frames = Frames::default();
        frames.push(&vec![b'x'; LARGEST]);
        assert_eq!(frames.next(), Ok(None));
        frames.push(b"\n\n");
        assert_eq!(frames.next(), Err(TooLarge));
    }

    proptest! {
        #[test]
        fn any_split_of_a_stream_gives_the_same_frames(
            stream in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'a'), Just(b':')], 0..60),
            cuts in proptest::collection::vec(0usize..60, 0..8),
        ) {
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
            cuts.push(stream.len());
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut begin = 0;
            for cut in cuts {
                pieces.push(&stream[begin..cut]);
                begin = cut;
            }

            let (whole, left) = split(&[&stream]);
            prop_assert_eq!(&split(&pieces).0, &whole);

            let mut together = whole.concat();
            together.extend_from_slice(&stream[stream.len() - left..]);
            prop_assert_eq!(together, stream);
        }
    }
}
