//! An update as it is kept, encoded once for every transport; and updates as they are handed out.

use bytes::{BufMut, Bytes, BytesMut};
use smallvec::SmallVec;

/// An update, for frames and for lines in one allocation: WebSocket frame head, line, line break.
#[derive(Debug, Clone)]
pub(crate) struct Encoded {
    seq: u64,
    bytes: Bytes,
}

impl Encoded {
    pub(super) fn new(seq: u64, line: &[u8]) -> Self {
        const TEXT_FINAL: u8 = 0x81;
        let mut bytes = BytesMut::with_capacity(line.len() + 11);
        bytes.put_u8(TEXT_FINAL);
        // RFC 6455, section 5.2: unmasked, the shortest length that fits.
        match line.len() {
            len @ 0..=125 => bytes.put_u8(len as u8),
            len @ 126..=0xffff => {
                bytes.put_u8(126);
                bytes.put_u16(len as u16);
            }
            len => {
                bytes.put_u8(127);
                bytes.put_u64(len as u64);
            }
        }
        bytes.put_slice(line);
        bytes.put_u8(b'\n');
        Self { seq, bytes: bytes.freeze() }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    fn head_len(&self) -> usize {
        match self.bytes[1] {
            126 => 4,
            127 => 10,
            _ => 2,
        }
    }

    fn frame(&self) -> Bytes {
        self.bytes.slice(..self.bytes.len() - 1)
    }

    fn line(&self) -> Bytes {
        self.bytes.slice(self.head_len()..)
    }
}

/// Consecutive updates, oldest first.
#[derive(Debug, Default)]
pub struct Batch(pub(crate) SmallVec<[Encoded; 1]>);

impl Batch {
    /// How many updates.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As WebSocket text frames, one after the other. A single update is shared, not copied.
    pub fn frames(&self) -> Bytes {
        self.join(Encoded::frame)
    }

    /// Each update as a line of its own, without the line break.
    pub fn messages(&self) -> impl Iterator<Item = Bytes> {
        self.0.iter().map(|update| {
            let line = update.line();
            line.slice(..line.len() - 1)
        })
    }

    /// As lines. A single update is shared, not copied.
    pub fn lines(&self) -> Bytes {
        self.join(Encoded::line)
    }

    /// As server-sent events, which a single update is copied for as well: there is no room before its line.
    pub fn events(&self) -> Bytes {
        const AROUND_BYTES: usize = "data: id: 18446744073709551615\n\n".len();
        let mut joined = BytesMut::with_capacity(self.0.iter().map(|update| update.len() + AROUND_BYTES).sum());
        for update in &self.0 {
            for part in
                [b"data: ", &*update.line(), b"id: ", itoa::Buffer::new().format(update.seq).as_bytes(), b"\n\n"]
            {
                joined.put_slice(part);
            }
        }
        joined.freeze()
    }

    fn join(&self, form: fn(&Encoded) -> Bytes) -> Bytes {
        match self.0.as_slice() {
            [one] => form(one),
            many => {
                let mut joined = BytesMut::with_capacity(many.iter().map(Encoded::len).sum());
                many.iter().for_each(|update| joined.put(form(update)));
                joined.freeze()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_heads_follow_the_length_of_the_line() {
        for (len, head) in [
            (125, &[0x81, 125][..]),
            (126, &[0x81, 126, 0, 126]),
            (65_535, &[0x81, 126, 255, 255]),
            (65_536, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let line = vec![b'x'; len];
            let update = Encoded::new(1, &line);
            assert_eq!(update.frame(), [head, &line].concat());
            assert_eq!(update.line(), [&line[..], b"\n"].concat());
        }
    }
}
