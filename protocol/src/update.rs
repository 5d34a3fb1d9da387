//! One update of the stream: how it is written as a line of JSON, and how the line is read back.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Number, value::RawValue};

/// The shortest `--payload-bytes`: room for the envelope with a `seq` of 17 digits and a `due_ns` of 19.
pub const PAYLOAD_BYTES_MIN: u32 = 64;
/// The longest `--payload-bytes`, and the longest line of a replayed feed: 1 MiB.
pub const PAYLOAD_BYTES_MAX: u32 = 1 << 20;

const SEQ: &[u8] = b"{\"seq\":";
const DUE: &[u8] = b",\"due_ns\":";
const DATA: &[u8] = b",\"data\":";
const END: &[u8] = b"}";

/// An update: `{"seq":17,"due_ns":123456789012345,"data":<JSON>}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Update<'a> {
    /// Position in the stream, from 1 without gaps.
    pub seq: u64,
    /// When the update was due to be published, in nanoseconds of [`crate::clock`].
    pub due_ns: u64,
    /// One JSON value without line breaks. It is carried, never interpreted.
    pub data: &'a [u8],
}

impl<'a> Update<'a> {
    /// Appends the update's line, without a line break.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        let mut digits = itoa::Buffer::new();
        out.extend_from_slice(SEQ);
        out.extend_from_slice(digits.format(self.seq).as_bytes());
        out.extend_from_slice(DUE);
        out.extend_from_slice(digits.format(self.due_ns).as_bytes());
        out.extend_from_slice(DATA);
        out.extend_from_slice(self.data);
        out.extend_from_slice(END);
    }

    /// Reads a line, quickly if it is as [`Self::encode_into`] writes it: the keys in that order, no white space between them.
    /// `data` is not checked to be JSON then: it is timed, not read.
    pub fn parse(line: &'a [u8]) -> Result<Self, MalformedUpdate> {
        match Self::parse_envelope(line) {
            Some(update) => Ok(update),
            None => Self::parse_json(line),
        }
    }

    /// Reads what any other encoder of JSON may make of an update. Keys that nobody asked for are passed over.
    #[cold]
    fn parse_json(line: &'a [u8]) -> Result<Self, MalformedUpdate> {
        #[derive(Deserialize)]
        struct Envelope<'a> {
            #[serde(deserialize_with = "whole")]
            seq: u64,
            #[serde(deserialize_with = "whole")]
            due_ns: u64,
            #[serde(borrow)]
            data: &'a RawValue,
        }
        match serde_json::from_slice(line) {
            Ok(Envelope { seq: 0, .. }) => Err(MalformedUpdate::new(line, "seq counts from 1")),
            Ok(Envelope { seq, due_ns, data }) => Ok(Self { seq, due_ns, data: data.get().as_bytes() }),
            Err(error) => Err(MalformedUpdate::new(line, error)),
        }
    }

    fn parse_envelope(line: &'a [u8]) -> Option<Self> {
        let (seq, rest) = digits(line.strip_prefix(SEQ)?)?;
        let (due_ns, rest) = digits(rest.strip_prefix(DUE)?)?;
        let data = rest.strip_prefix(DATA)?.strip_suffix(END)?;
        (seq > 0 && !data.is_empty()).then_some(Self { seq, due_ns, data })
    }
}

/// Appends an update whose whole line is `line_bytes` long, its data a string of filler.
///
/// A `line_bytes` too short for the envelope gives the shortest line there is; [`PAYLOAD_BYTES_MIN`] is
/// long enough for every `seq` and `due_ns` that occur.
pub fn encode_padded_into(seq: u64, due_ns: u64, line_bytes: usize, out: &mut Vec<u8>) {
    let start = out.len();
    let mut digits = itoa::Buffer::new();
    out.extend_from_slice(SEQ);
    out.extend_from_slice(digits.format(seq).as_bytes());
    out.extend_from_slice(DUE);
    out.extend_from_slice(digits.format(due_ns).as_bytes());
    out.extend_from_slice(DATA);
    out.push(b'"');
    let closing = 1 + END.len();
    let filler = (start + line_bytes).saturating_sub(out.len() + closing);
    out.resize(out.len() + filler, b'x');
    out.push(b'"');
    out.extend_from_slice(END);
}

/// A number in front, and what follows it.
fn digits(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (mut number, mut end) = (0, 0);
    // In one pass, as every delivery has two of them. Nineteen digits always fit in a u64; a twentieth is never written by a stream that a
    // run can reach.
    while let Some(digit) = bytes.get(end).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        if end == 19 {
            return None;
        }
        number = number * 10 + u64::from(digit);
        end += 1;
    }
    let leading_zero = end > 1 && bytes[0] == b'0';
    (end > 0 && !leading_zero).then(|| (number, &bytes[end..]))
}

/// Reads a whole number, however it is written: an encoder whose numbers are all floating may say `17.0` or `1.5e15`.
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = Number::deserialize(deserializer)?;
    let floating = || {
        let number = number.as_f64().filter(|number| number.fract() == 0.0 && (0.0..u64::MAX as f64).contains(number));
        number.map(|number| number as u64)
    };
    number.as_u64().or_else(floating).ok_or_else(|| D::Error::custom(format!("{number} is no whole number from 0 up")))
}

/// A line that is no update.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an update such as {{\"seq\":17,\"due_ns\":123456789012345,\"data\":\"hello\"}} {0}")]
pub struct MalformedUpdate(String);

impl MalformedUpdate {
    fn new(line: &[u8], reason: impl std::fmt::Display) -> Self {
        Self(format!("({reason}): `{}`", String::from_utf8_lossy(&line[..line.len().min(80)])))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIGITS_19: u64 = 9_999_999_999_999_999_999;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seq in 1..=DIGITS_19, due_ns in 0..=DIGITS_19, data in "[^\n\r]{1,40}") {
            let update = Update { seq, due_ns, data: data.as_bytes() };
            let mut line = Vec::new();
            update.encode_into(&mut line);
            prop_assert_eq!(Update::parse(&line), Ok(update));
        }

        #[test]
        fn both_ways_read_the_same(seq in 1..=DIGITS_19, due_ns in 0..=DIGITS_19, data in "[^\n\r]{0,40}") {
            let data = serde_json::to_vec(&data).unwrap();
            let mut line = Vec::new();
            Update { seq, due_ns, data: &data }.encode_into(&mut line);
            let quick = Update::parse_envelope(&line);
            prop_assert!(quick.is_some());
            prop_assert_eq!(Update::parse_json(&line).ok(), quick);
        }

        #[test]
        fn a_padded_line_is_as_long_as_asked(
            seq in 1..10_u64.pow(17),
            due_ns in 0..=DIGITS_19,
            line_bytes in PAYLOAD_BYTES_MIN as usize..5_000,
        ) {
            let mut line = Vec::new();
            encode_padded_into(seq, due_ns, line_bytes, &mut line);
            prop_assert_eq!(line.len(), line_bytes);
            prop_assert_eq!(Update::parse(&line).unwrap().seq, seq);
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&line).is_ok());
        }

        #[test]
        fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Update::parse(&line);
        }
    }

    #[test]
    fn an_update_is_read_from_any_encoder_of_json() {
        for line in [
            r#"{"seq": 17, "due_ns": 1500000000000000, "data": [1, {"a": 2}]}"#,
            r#"  {"data":[1, {"a": 2}] , "due_ns":1500000000000000,"seq":17} "#,
            r#"{"seq":17,"due_ns":1500000000000000,"ts":1.5,"data":[1, {"a": 2}]}"#,
            r#"{"v":{"seq":9},"data":[1, {"a": 2}],"seq":17,"due_ns":1500000000000000,"z":null}"#,
            "{\"seq\":17,\"due_ns\":1500000000000000,\"data\":[1, {\"a\": 2}]}\r",
            "{\t\"seq\":17,\r\n\"due_ns\":1500000000000000,\"data\":[1, {\"a\": 2}]}",
            r#"{"seq":17.0,"due_ns":1.5e15,"data":[1, {"a": 2}]}"#,
            r#"{"s\u0065q":17,"due_ns":1500000000000000.0,"data":[1, {"a": 2}]}"#,
        ] {
            let update = Update { seq: 17, due_ns: 1_500_000_000_000_000, data: br#"[1, {"a": 2}]"# };
            assert_eq!(Update::parse(line.as_bytes()), Ok(update), "{line}");
        }
    }

    #[test]
    fn what_is_not_an_update_is_refused_with_the_reason() {
        for (line, reason) in [
            ("", "EOF while parsing a value"),
            ("{}", "missing field `seq`"),
            (r#"{"seq":0,"due_ns":1,"data":1}"#, "seq counts from 1"),
            (r#"{"seq":01,"due_ns":1,"data":1}"#, "invalid number"),
            (r#"{"seq":1.5,"due_ns":1,"data":1}"#, "1.5 is no whole number from 0 up"),
            (r#"{"seq":-1,"due_ns":1,"data":1}"#, "-1 is no whole number from 0 up"),
            (r#"{"seq":"1","due_ns":1,"data":1}"#, "expected a JSON number"),
            (r#"{"seq":1,"due_ns":,"data":1}"#, "expected value"),
            (r#"{"seq":1,"due_ns":1,"data":}"#, "expected value"),
            (r#"{"seq":1,"due_ns":1}"#, "missing field `data`"),
            (r#"{"seq":1,"due_ns":1,"data":1"#, "EOF while parsing an object"),
            (r#"{"seq":123456789012345678901,"due_ns":1,"data":1}"#, "is no whole number from 0 up"),
            (r#"{"seq":1,"due_ns":1,"seq":1,"data":1}"#, "duplicate field `seq`"),
        ] {
            let error = Update::parse(line.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(reason) && error.ends_with(&format!(": `{line}`")), "{line}: {error}");
        }
    }
}
