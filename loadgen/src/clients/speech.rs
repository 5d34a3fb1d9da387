//! What a client says where clients speak: a signal with its due time, and data that begin with who said it.

use protocol::signal::Signal;
use serde_json::value::to_raw_value;

/// Bytes that the server writes around data: `{"seq":100000,"due_ns":123456789012345,"data":}`.
const AROUND_BYTES: usize = 47;

/// What the client with that number says, which was due then; the update that it becomes is so long, but for the digits of its `seq`.
pub fn said(number: u32, due_ns: u64, update_bytes: usize) -> String {
    let mut data = format!("{number} ");
    // And two quotation marks.
    let bytes = update_bytes.saturating_sub(AROUND_BYTES + 2);
    data.extend(std::iter::repeat_n('x', bytes.saturating_sub(data.len())));
    let data = to_raw_value(&data).expect("plain text");
    serde_json::to_string(&Signal { id: due_ns, due_ns: Some(due_ns), data: &data }).expect("plain data")
}

/// Who said it, by an update's data.
pub fn speaker(data: &[u8]) -> Option<u32> {
    let digits = data.strip_prefix(b"\"")?;
    let end = memchr::memchr(b' ', digits)?;
    std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use protocol::Update;

    use super::*;

    #[test]
    fn an_update_is_as_long_as_asked_and_tells_who_said_it() {
        for (number, bytes) in [(0, 128), (19_999, 200), (7, 1_000)] {
            let text = said(number, 123_456_789_012_345, bytes);
            let signal = Signal::parse(text.as_bytes()).unwrap();
            assert_eq!((signal.id, signal.due_ns), (123_456_789_012_345, Some(123_456_789_012_345)));
            let mut line = Vec::new();
            let data = signal.data.get().as_bytes();
            Update { seq: 100_000, due_ns: signal.id, data }.encode_into(&mut line);
            assert_eq!((line.len(), speaker(data)), (bytes, Some(number)));
        }
        for data in ["", "7", "\"\"", "\"x y\"", "\"-1 \"", "{\"a\":1 }"] {
            assert_eq!(speaker(data.as_bytes()), None, "{data}");
        }
    }
}
