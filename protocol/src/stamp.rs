//! The stamp: which update it is, and when it was due, as a token that survives whatever a server of others wraps it in.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::update::{PAYLOAD_BYTES_MIN, Update};

/// Bytes of a stamp: the mark, and two numbers with an end each.
pub const STAMP_BYTES: usize = MARK.len() + 2 * (DIGITS + 1);

/// What a stamp begins with. Like its ends it has letters that are no digits, so that no two stamps overlap.
const MARK: &[u8; 4] = b"zpbz";
const SEQ_END: u8 = b'y';
const DUE_END: u8 = b'x';

/// Digits of a number, each of five bits: as many as the largest takes.
const DIGITS: usize = 13;
const DIGIT: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
/// What each byte is worth as a digit.
const WORTH: [u8; 256] = {
    let mut worth = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < DIGIT.len() {
        worth[DIGIT[digit] as usize] = digit as u8;
        digit += 1;
    }
    worth
};
const NO_DIGIT: u8 = 0xff;

/// What stands around the stamp and the data in the line of an update: `["STAMP",DATA]`.
const ENVELOPE: [&[u8]; 3] = [b"[\"", b"\",", b"]"];
const _: () = assert!(STAMP_BYTES + 5 + 2 <= PAYLOAD_BYTES_MIN as usize, "the shortest update has room for a stamp");

/// Appends the stamp of an update: `zpbz`, its `seq`, `y`, its `due_ns`, `x`. Lower-case letters and digits, which no
/// encoding of text escapes.
pub fn encode_into(seq: u64, due_ns: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(MARK);
    for (number, end) in [(seq, SEQ_END), (due_ns, DUE_END)] {
        out.extend((0..DIGITS).rev().map(|place| DIGIT[(number >> (5 * place)) as usize & 31]));
        out.push(end);
    }
}

/// Appends the line of an update as servers of others are given it: `["STAMP",DATA]`, one JSON value without line breaks.
pub fn line_into(seq: u64, due_ns: u64, data: &[u8], out: &mut Vec<u8>) {
    let [before, between, after] = ENVELOPE;
    out.extend_from_slice(before);
    encode_into(seq, due_ns, out);
    out.extend_from_slice(between);
    out.extend_from_slice(data);
    out.extend_from_slice(after);
}

/// The same, its data a string of filler, so that the line is so long; [`PAYLOAD_BYTES_MIN`] at least.
pub fn padded_line_into(seq: u64, due_ns: u64, line_bytes: usize, out: &mut Vec<u8>) {
    let start = out.len();
    line_into(seq, due_ns, b"\"", out);
    let filler = (start + line_bytes).saturating_sub(out.len() + 1);
    let closing = out.len() - ENVELOPE[2].len();
    out.truncate(closing);
    out.resize(closing + filler, b'x');
    out.push(b'"');
    out.extend_from_slice(ENVELOPE[2]);
}

/// The updates whose stamps stand in a message, however it wraps them, in their order. What else is in it is not read.
pub fn updates(message: &[u8]) -> impl Iterator<Item = Update<'_>> {
    static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(MARK));
    let (finder, mut at) = (&*FINDER, 0);
    std::iter::from_fn(move || {
        loop {
            let begins = at + finder.find(message.get(at..)?)?;
            match message.get(begins..begins + STAMP_BYTES).and_then(parse) {
                Some(update) => {
                    at = begins + STAMP_BYTES;
                    return Some(update);
                }
                // A mark by chance: what follows may begin within it.
                None => at = begins + 1,
            }
        }
    })
}

fn parse(stamp: &[u8]) -> Option<Update<'_>> {
    let (seq, rest) = number(&stamp[MARK.len()..], SEQ_END)?;
    let (due_ns, _) = number(rest, DUE_END)?;
    (seq > 0).then_some(Update { seq, due_ns, data: stamp })
}

fn number(bytes: &[u8], end: u8) -> Option<(u64, &[u8])> {
    let (digits, rest) = bytes.split_first_chunk::<DIGITS>()?;
    let (mut number, mut all) = (0_u64, 0);
    for digit in digits {
        let worth = WORTH[usize::from(*digit)];
        number = number << 5 | u64::from(worth & 31);
        all |= worth;
    }
    // The first digit has four bits: all 64 are in it and in the twelve that follow.
    let fits = all != NO_DIGIT && WORTH[usize::from(digits[0])] < 16;
    rest.strip_prefix(&[end]).filter(|_| fits).map(|rest| (number, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stamp(seq: u64, due_ns: u64) -> Vec<u8> {
        let mut stamp = Vec::new();
        encode_into(seq, due_ns, &mut stamp);
        stamp
    }

    fn found(message: &[u8]) -> Vec<(u64, u64)> {
        updates(message).map(|update| (update.seq, update.due_ns)).collect()
    }

    #[test]
    fn a_stamp_is_of_one_length_and_of_letters_and_digits() {
        assert_eq!(stamp(17, 1 << 60), b"zpbz000000000000hy1000000000000x");
        assert_eq!(stamp(u64::MAX, u64::MAX), b"zpbzfvvvvvvvvvvvvyfvvvvvvvvvvvvx");
        assert_eq!(stamp(1, 0).len(), STAMP_BYTES);
    }

    #[test]
    fn what_is_no_stamp_is_passed_over_and_hides_none_that_follows() {
        let good = stamp(7, 9);
        for bad in [
            &b"zpbz"[..],
            b"zpb",
            b"zpbzzpbz",
            &stamp(0, 9),                        // seq counts from 1
            b"zpbz000000000000wy0000000000000x", // no digit
            b"zpbzg000000000000y0000000000000x", // more than 64 bits
            b"zpbz000000000000hx0000000000000x", // another end
            b"ZPBZ000000000000HY1000000000000X", // another case
            &good[..STAMP_BYTES - 1],            // cut off
            b"zpbz000000000000\xffy0000000000000x",
        ] {
            assert_eq!(found(bad), [], "{}", bad.escape_ascii());
            assert_eq!(found(&[bad, &good].concat()), [(7, 9)], "{}", bad.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn it_survives_every_wrapping(
            stamps in proptest::collection::vec((1..=u64::MAX, any::<u64>()), 1..5),
            around in proptest::collection::vec("\\PC{0,40}", 5),
        ) {
            let mut text = String::new();
            for ((seq, due_ns), before) in stamps.iter().zip(&around) {
                text += before;
                text += std::str::from_utf8(&stamp(*seq, *due_ns)).unwrap();
            }
            text += &around[4];
            let once = serde_json::to_string(&text).unwrap();
            let twice = serde_json::to_string(&[&once]).unwrap();
            let url: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
            let binary = [&[0, 0xff, b'z'], text.as_bytes(), &[0x80]].concat();
            for wrapped in [text.as_bytes(), once.as_bytes(), twice.as_bytes(), url.as_bytes(), &binary] {
                prop_assert_eq!(found(wrapped), stamps.clone(), "{}", wrapped.escape_ascii());
            }
        }

        #[test]
        fn a_line_is_json_as_long_as_asked_and_holds_its_stamp(
            seq in 1..=u64::MAX,
            due_ns in any::<u64>(),
            line_bytes in PAYLOAD_BYTES_MIN as usize..3_000,
        ) {
            let mut line = b"before".to_vec();
            padded_line_into(seq, due_ns, line_bytes, &mut line);
            let line = &line[6..];
            prop_assert_eq!((line.len(), found(line)), (line_bytes, vec![(seq, due_ns)]));
            let (stamp, _): (String, String) = serde_json::from_slice(line).unwrap();
            prop_assert_eq!(stamp.len(), STAMP_BYTES);
        }

        #[test]
        fn no_bytes_panic(
            parts in proptest::collection::vec(prop_oneof![Just(b"zpbz".to_vec()), Just(stamp(1, 1)), any::<Vec<u8>>()], 0..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let bytes = parts.concat();
            let _ = updates(&bytes[..cut.index(bytes.len() + 1)]).count();
        }
    }
}
